/* Windows of takes, on a real store; the test owns the clock. */
#include "fcgi/limits.h"
#include "lib/clock.h"
#include "store_dir.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIDNIGHT = 20000 * 86400 }; /* wall seconds */

struct fixture {
	char dir[STORE_DIR_SIZE];
	struct store *store;
	struct limits *limits;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	store_dir_make(f->dir);
	f->store = store_dir_open(f->dir);
	assert_int_equal(limits_new(f->store, &f->limits), KN_OK);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	limits_free(&f->limits);
	store_dir_remove(f->dir, &f->store);
	free(f);
	return 0;
}

static enum kn_err take_at(struct fixture *f, const struct limit_rule *rules, size_t n,
			   int64_t seconds, struct limit_state *state)
{
	return limits_take(f->limits, rules, n, seconds * USEC_PER_SEC, state);
}

/* How many of `tries` were granted. */
static int taken(struct fixture *f, const struct limit_rule *rule, int tries, int64_t seconds)
{
	int granted = 0;

	for (int i = 0; i < tries; i++)
		granted += take_at(f, rule, 1, seconds, NULL) == KN_OK;
	return granted;
}

static void test_window(void **state)
{
	const struct limit_rule rule = {.name = "w", .limit = 30, .window_s = 60};
	struct limit_state seen;
	struct fixture *f = *state;

	assert_int_equal(take_at(f, &rule, 1, 1000, &seen), KN_OK);
	assert_int_equal(seen.limit, 30);
	assert_int_equal(seen.remaining, 29);
	assert_int_equal(seen.reset_s, 60);
	assert_int_equal(taken(f, &rule, 50, 1059), 29);
	assert_int_equal(take_at(f, &rule, 1, 1059, &seen), KN_ERR_LIMIT);
	assert_int_equal(seen.remaining, 0);
	assert_int_equal(seen.reset_s, 1);
	assert_int_equal(taken(f, &rule, 50, 1060), 30);
}

static void test_none_may_be_taken(void **state)
{
	const struct limit_rule rule = {.name = "none", .window_s = 60};

	assert_int_equal(taken(*state, &rule, 5, 1000), 0);
}

static void test_days_begin_at_midnight(void **state)
{
	const struct limit_rule rule = {
		.name = "day", .limit = 2, .window_s = 86400, .utc_aligned = true};
	struct limit_state seen;
	struct fixture *f = *state;

	assert_int_equal(take_at(f, &rule, 1, MIDNIGHT - 10, &seen), KN_OK);
	assert_int_equal(seen.reset_s, 10);
	assert_int_equal(taken(f, &rule, 5, MIDNIGHT - 1), 1);
	assert_int_equal(taken(f, &rule, 5, MIDNIGHT), 2);
}

/* A refusal by one rule costs nothing of the others. */
static void test_all_rules_or_none(void **state)
{
	const struct limit_rule rules[] = {{.name = "wide", .limit = 10, .window_s = 60},
					   {.name = "narrow", .limit = 2, .window_s = 60}};
	struct limit_state seen;
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++)
		assert_int_equal(take_at(f, rules, 2, 1000, &seen), KN_OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(take_at(f, rules, 2, 1000, &seen), KN_ERR_LIMIT);
	assert_int_equal(seen.limit, 2);
	assert_int_equal(taken(f, &rules[0], 20, 1000), 8);
}

static void test_clean_restart_costs_nothing(void **state)
{
	const struct limit_rule rule = {.name = "r", .limit = 100, .window_s = 60};
	struct fixture *f = *state;

	assert_int_equal(taken(f, &rule, 33, 1000), 33);
	limits_free(&f->limits);
	assert_int_equal(limits_new(f->store, &f->limits), KN_OK);
	assert_int_equal(taken(f, &rule, 200, 1001), 67);
}

/* What a killed process leaves is what it wrote: never too little. */
static void test_kill_gives_nothing_back(void **state)
{
	const struct limit_rule rule = {.name = "k", .limit = 100, .window_s = 60};
	struct fixture *f = *state;
	struct limits *killed = f->limits;
	int granted = taken(f, &rule, 33, 1000);

	assert_int_equal(limits_new(f->store, &f->limits), KN_OK);
	granted += taken(f, &rule, 200, 1001);
	assert_in_range(granted, 95, 100);
	limits_free(&killed);
}

/* Thirty of them in an hour leave most of a large limit. */
static void test_kills_cost_little_of_a_large_limit(void **state)
{
	const struct limit_rule rule = {.name = "k", .limit = 1000000, .window_s = 3600};
	enum { KILLS = 30 };
	struct limits *killed[KILLS];
	struct limit_state seen = {0};
	struct fixture *f = *state;

	for (int i = 0; i < KILLS; i++) {
		killed[i] = f->limits;
		assert_int_equal(take_at(f, &rule, 1, 1000 + i, &seen), KN_OK);
		assert_int_equal(limits_new(f->store, &f->limits), KN_OK);
	}
	for (int i = 0; i < KILLS; i++)
		limits_free(&killed[i]);
	assert_in_range(seen.remaining, 1000000 - KILLS * 1000, 1000000);
}

static void test_clock_set_back(void **state)
{
	const struct limit_rule rule = {.name = "c", .limit = 3, .window_s = 60};

	assert_int_equal(taken(*state, &rule, 5, 5000), 3);
	assert_int_equal(taken(*state, &rule, 5, 1000), 3);
}

struct crowd {
	struct fixture *f;
	const struct limit_rule *rule;
	atomic_int granted;
};

static void *one_of_many(void *arg)
{
	struct crowd *crowd = arg;

	crowd->granted += taken(crowd->f, crowd->rule, 100, 1000);
	return NULL;
}

static void test_threads(void **state)
{
	const struct limit_rule rule = {.name = "t", .limit = 500, .window_s = 60};
	struct crowd crowd = {.f = *state, .rule = &rule};
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, one_of_many, &crowd);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(crowd.granted, 500);
}

static int64_t number_at(const unsigned char *at)
{
	int64_t number;

	memcpy(&number, at, sizeof(number));
	return number;
}

/* Whatever the thread that reserves ahead is at when a window ends: what was taken is on disk. */
static void test_new_windows_are_reserved_for(void **state)
{
	const struct limit_rule rule = {.name = "n", .limit = 300, .window_s = 10};
	struct fixture *f = *state;

	for (int i = 0; i < 400; i++) {
		int64_t now = 1000 + 10 * i;
		int wanted = 1 + i * 7 % 60;
		struct store_value value = {0};

		assert_int_equal(taken(f, &rule, wanted, now), wanted);
		assert_int_equal(store_get(f->store, STORE_META, "limit/n", 7, &value), KN_OK);
		assert_int_equal(number_at((unsigned char *)value.data + 1), now);
		assert_true(number_at((unsigned char *)value.data + 9) >= wanted);
		assert_true(number_at((unsigned char *)value.data + 9) <= wanted + 300 / 20);
		free(value.data);
	}
}

struct taker {
	pthread_t thread;
	struct fixture *f;
	char name[16];
	int64_t end;
	atomic_bool *stop;
};

/* Each take is the first of a window, so each waits for a flush. */
static void *take_on(void *arg)
{
	struct taker *taker = arg;
	const struct limit_rule rule = {.name = taker->name, .limit = 30, .window_s = 60};

	for (int64_t now = 1000; !atomic_load(taker->stop) && clock_mono_us() < taker->end;
	     now += 60)
		take_at(taker->f, &rule, 1, now, NULL);
	return NULL;
}

/* Its window is made at once, however busy the others are. */
static void test_a_newcomer(void **state)
{
	enum { TAKERS = 8, NEWCOMERS = 20 };
	struct taker takers[TAKERS];
	atomic_bool stop = false;
	int64_t took;

	for (int i = 0; i < TAKERS; i++) {
		takers[i].f = *state;
		takers[i].stop = &stop;
		takers[i].end = clock_mono_us() + 60 * USEC_PER_SEC;
		snprintf(takers[i].name, sizeof(takers[i].name), "old/%d", i);
		assert_int_equal(pthread_create(&takers[i].thread, NULL, take_on, &takers[i]), 0);
	}
	poll(NULL, 0, 100);
	took = clock_mono_us();
	for (int i = 0; i < NEWCOMERS; i++) {
		char name[16];
		const struct limit_rule rule = {.name = name, .limit = 30, .window_s = 60};

		snprintf(name, sizeof(name), "new/%d", i);
		assert_int_equal(take_at(*state, &rule, 1, 1000, NULL), KN_OK);
	}
	took = clock_mono_us() - took;
	atomic_store(&stop, true);
	for (int i = 0; i < TAKERS; i++)
		pthread_join(takers[i].thread, NULL);
	assert_in_range(took, 0, 30 * USEC_PER_SEC);
}

/* More windows than are held at once: closed ones go, open ones stay. */
static void test_sweep(void **state)
{
	const struct limit_rule kept = {.name = "kept", .limit = 1, .window_s = 86400};
	char name[LIMIT_NAME_MAX];
	const struct limit_rule passing = {.name = name, .limit = 1, .window_s = 1};
	struct fixture *f = *state;

	assert_int_equal(taken(f, &kept, 1, 1000), 1);
	for (int i = 0; i < 4200; i++) {
		snprintf(name, sizeof(name), "passing/%d", i);
		assert_int_equal(taken(f, &passing, 1, 1000 + i), 1);
	}
	assert_int_equal(taken(f, &kept, 1, 5300), 0);
}

static size_t kept(struct fixture *f)
{
	return store_dir_count(f->store, STORE_META, "limit/");
}

static enum kn_err put_another(struct store_txn *txn, void *arg)
{
	return store_txn_put(txn, STORE_META, "limits", 6, arg, 1);
}

/* After a day no window is open, whoever made it: the store keeps none of a key that is gone. */
static void test_closed_windows_are_forgotten(void **state)
{
	const struct limit_rule hour = {.name = "key/1/hour", .limit = 3, .window_s = 3600};
	const struct limit_rule day = {.name = "key/1/day", .limit = 3, .window_s = 86400};
	const struct limit_rule young = {.name = "key/2/day", .limit = 3, .window_s = 86400};
	const int64_t noon = MIDNIGHT + 43200;
	struct store_value value = {0};
	struct fixture *f = *state;

	assert_int_equal(store_write(f->store, put_another, "x", STORE_LAZY), KN_OK);
	taken(f, &hour, 1, noon);
	taken(f, &day, 1, noon);
	taken(f, &young, 2, noon + 1000);
	limits_free(&f->limits);
	assert_int_equal(limits_new(f->store, &f->limits), KN_OK);
	assert_int_equal(limits_forget(f->limits, (noon + 86399) * USEC_PER_SEC), KN_OK);
	assert_int_equal(kept(f), 3);
	assert_int_equal(limits_forget(f->limits, (noon + 86400) * USEC_PER_SEC), KN_OK);
	assert_int_equal(kept(f), 1);
	assert_int_equal(taken(f, &young, 3, noon + 1000 + 86399), 1);
	assert_int_equal(taken(f, &day, 4, noon + 86400), 3);
	assert_int_equal(store_get(f->store, STORE_META, "limits", 6, &value), KN_OK);
	free(value.data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_window),
		TEST(test_none_may_be_taken),
		TEST(test_days_begin_at_midnight),
		TEST(test_all_rules_or_none),
		TEST(test_clean_restart_costs_nothing),
		TEST(test_kill_gives_nothing_back),
		TEST(test_kills_cost_little_of_a_large_limit),
		TEST(test_clock_set_back),
		TEST(test_threads),
		TEST(test_new_windows_are_reserved_for),
		TEST(test_a_newcomer),
		TEST(test_sweep),
		TEST(test_closed_windows_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
