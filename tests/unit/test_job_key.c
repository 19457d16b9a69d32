/* Where jobs lie in their table: in the order in which their ids were drawn, which the ids do not
 * show. */
#include "store_fixture.h"

#include "lib/clock.h"
#include "lib/id.h"
#include "lib/store/store_priv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS = 200 };

static void reopen(struct fixture *f)
{
	store_close(&f->store);
	f->store = store_dir_open(f->dir);
}

/* id: "" to have one drawn, which is copied there. */
static void create(struct fixture *f, enum job_api api, char id[ID_SIZE])
{
	struct job *job = job_new(api, "default");

	memcpy(job->id, id, ID_SIZE);
	assert_int_equal(store_job_create(f->store, job), KN_OK);
	memcpy(id, job->id, ID_SIZE);
	job_free(&job);
}

static void expect(struct fixture *f, const char *id)
{
	struct job *job;

	assert_int_equal(store_job_get(f->store, id, &job), KN_OK);
	assert_string_equal(job->id, id);
	job_free(&job);
}

struct order {
	char (*ids)[ID_SIZE];
	size_t n;
};

static enum kn_err compare(void *arg, const struct job *job)
{
	struct order *order = arg;

	assert_string_equal(job->id, order->ids[order->n++]);
	return KN_OK;
}

static void draw_some(struct fixture *f, enum job_api api, char ids[JOBS][ID_SIZE])
{
	char key[ID_SIZE], before[ID_SIZE] = "";
	size_t rising = 0;

	for (size_t i = 0; i < JOBS; i++) {
		ids[i][0] = '\0';
		create(f, api, ids[i]);
		job_key(f->store, ids[i], key);
		assert_int_equal(strlen(key), strlen(ids[i]));
		assert_true(strcmp(key, before) > 0);
		memcpy(before, key, ID_SIZE);
		rising += i > 0 && strcmp(ids[i], ids[i - 1]) > 0;
		assert_string_equal(job_key_id(f->store, key, before), ids[i]);
		memcpy(before, key, ID_SIZE);
	}
	/* As by chance: a hundred rise, give or take 35, which is five times as far as is usual. */
	assert_in_range(rising, 65, 135);
}

static void test_drawn_ids_lie_in_order(void **state)
{
	struct fixture *f = *state;
	char ids[JOBS][ID_SIZE];
	struct order order = {ids, 0};

	draw_some(f, JOB_GROK_IMAGINE, ids);
	assert_int_equal(store_each_job(f->store, compare, &order), KN_OK);
	assert_int_equal(order.n, JOBS);
	reopen(f);
	for (size_t i = 0; i < JOBS; i++)
		expect(f, ids[i]);
}

static void test_uuids_stay_uuids(void **state)
{
	struct fixture *f = *state;
	char ids[JOBS][ID_SIZE];

	draw_some(f, JOB_VIVID_FLOW, ids);
	for (size_t i = 0; i < JOBS; i++) {
		assert_int_equal(strlen(ids[i]), 36);
		assert_int_equal(ids[i][14], '4');
		assert_non_null(strchr("89ab", ids[i][19]));
		for (size_t at = 0; at < 36; at++)
			assert_true(at == 8 || at == 13 || at == 18 || at == 23
					    ? ids[i][at] == '-'
					    : isdigit((unsigned char)ids[i][at]) ||
						      strchr("abcdef", ids[i][at]) != NULL);
	}
}

/* What other stores drew, and what nobody draws. */
static void test_ids_of_another_origin(void **state)
{
	static const char *const ids[] = {
		"job_000000000000",
		"job_zzzzzzzzzzzz",
		"job_abc123",
		"job_ABCDEFGHIJKL",
		"00000000-0000-4000-8000-000000000000",
		"ffffffff-ffff-4fff-bfff-ffffffffffff",
		"ffffffff-ffff-4fff-cfff-ffffffffffff",
		"FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF",
		"ffffffff-ffff-1fff-bfff-ffffffffffff",
		"0123abcd",
		"job_00000000000",
		"job_0000000000000",
		"x",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char id[ID_SIZE] = "", key[ID_SIZE], back[ID_SIZE];

		memcpy(id, ids[i], strlen(ids[i]));
		create(f, JOB_GROK_IMAGINE, id);
		assert_string_equal(job_key_id(f->store, job_key(f->store, id, key), back), id);
	}
	reopen(f);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		expect(f, ids[i]);
}

static void test_each_store_has_its_own_key(void **state)
{
	struct fixture *f = *state, *other;
	char a[ID_SIZE], b[ID_SIZE];

	assert_int_equal(setup((void **)&other), 0);
	job_key(f->store, "job_0123456789ab", a);
	job_key(other->store, "job_0123456789ab", b);
	assert_string_not_equal(a, b);
	reopen(f);
	job_key(f->store, "job_0123456789ab", b);
	assert_string_equal(a, b);
	teardown((void **)&other);
}

static enum kn_err forget_key(struct store_txn *txn, void *arg)
{
	(void)arg;
	return txn_delete(txn, TABLE_PRIVATE, "id_key", 6);
}

/* As stores were before there were keys: it has jobs, and none. */
static void test_a_store_without_a_key(void **state)
{
	struct fixture *f = *state;
	char first[ID_SIZE] = "", later[ID_SIZE] = "", room[ID_SIZE];

	create(f, JOB_GROK_3D, first);
	assert_int_equal(store_write(f->store, forget_key, NULL, STORE_FLUSHED), KN_OK);
	for (int i = 0; i < 2; i++) {
		reopen(f);
		later[0] = '\0';
		create(f, JOB_GROK_IMAGINE, later);
		assert_ptr_equal(job_key(f->store, later, room), later);
		expect(f, first);
		expect(f, later);
	}
}

/* Else its jobs would not be found, and their files be swept. */
static void test_a_store_that_lost_its_key(void **state)
{
	struct fixture *f = *state;
	struct store_options options = {.dir = f->dir};
	char ids[2][ID_SIZE] = {"", ""};

	create(f, JOB_VIVID_FLOW, ids[0]);
	create(f, JOB_GROK_3D, ids[1]);
	assert_int_equal(store_write(f->store, forget_key, NULL, STORE_FLUSHED), KN_OK);
	store_close(&f->store);
	assert_int_equal(store_open(&options, &f->store), KN_ERR_CORRUPT);
	assert_null(f->store);
}

static enum kn_err remove_record(struct store_txn *txn, void *arg)
{
	char room[ID_SIZE];
	const char *key = job_key(txn->store, arg, room);

	return txn_delete(txn, TABLE_JOBS, key, strlen(key));
}

/* Puts the key of a new store into the place of this one's. */
static void take_anothers_key(struct fixture *f)
{
	char from[STORE_DIR_SIZE + 16], to[STORE_DIR_SIZE + 16];
	struct fixture *other;

	assert_int_equal(setup((void **)&other), 0);
	store_close(&f->store);
	store_close(&other->store);
	snprintf(from, sizeof(from), "%s/private.db", other->dir);
	snprintf(to, sizeof(to), "%s/private.db", f->dir);
	assert_int_equal(fs_remove(to), KN_OK);
	assert_int_equal(fs_copy(from, to), KN_OK);
	teardown((void **)&other);
}

static void test_the_key_of_another_store(void **state)
{
	struct fixture *f = *state;
	struct store_options options = {.dir = f->dir};
	char plain[ID_SIZE] = "", id[ID_SIZE] = "";

	create(f, JOB_GROK_3D, plain);
	take_anothers_key(f);
	f->store = store_dir_open(f->dir); /* nothing depends on it yet */
	expect(f, plain);
	create(f, JOB_TEXT_TO_VIDEO, id);
	take_anothers_key(f);
	assert_int_equal(store_open(&options, &f->store), KN_ERR_CORRUPT);
	assert_null(f->store);
}

/* It can be dumped, and so mended. */
static void test_a_lost_record_is_not_a_wrong_key(void **state)
{
	struct fixture *f = *state;
	char ids[2][ID_SIZE] = {"", ""};

	for (int i = 0; i < 2; i++)
		create(f, JOB_GROK_IMAGINE, ids[i]);
	assert_int_equal(store_write(f->store, remove_record, ids[1], STORE_FLUSHED), KN_OK);
	reopen(f);
	expect(f, ids[0]);
}

/* The time in an id is later than all before, whatever the clock did meanwhile. */
static void test_draws_go_on_after_the_newest_job(void **state)
{
	struct fixture *f = *state;
	struct job *job = job_new(JOB_GROK_3D, "default");
	char room[ID_SIZE], id[ID_SIZE];
	int64_t drawn;

	create(f, JOB_GROK_3D, job->id);
	reopen(f);
	f->store->last_created += USEC_PER_DAY;
	job->id[0] = '\0';
	assert_int_equal(store_job_create(f->store, job), KN_OK);
	reopen(f);
	store_draw_id(f->store, JOB_GROK_IMAGINE, id);
	drawn = (int64_t)strtoull(job_key(f->store, id, room) + strlen("job_"), NULL, 36) / 36;
	assert_true(drawn > job->created);
	job_free(&job);
}

static enum kn_err damage_key(struct store_txn *txn, void *arg)
{
	(void)arg;
	return txn_put(txn, TABLE_PRIVATE, "id_key", 6, "short", 5, 0);
}

static void test_a_damaged_key_is_told_of(void **state)
{
	struct fixture *f = *state;
	struct store_options options = {.dir = f->dir};

	assert_int_equal(store_write(f->store, damage_key, NULL, STORE_FLUSHED), KN_OK);
	store_close(&f->store);
	assert_int_equal(store_open(&options, &f->store), KN_ERR_CORRUPT);
	assert_null(f->store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_drawn_ids_lie_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_uuids_stay_uuids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ids_of_another_origin, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_store_has_its_own_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_store_without_a_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_store_that_lost_its_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_key_of_another_store, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_lost_record_is_not_a_wrong_key, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_draws_go_on_after_the_newest_job, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_damaged_key_is_told_of, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
