/* Sessions, on a real store; the test owns the clock. */
#include "fcgi/account.h"
#include "fcgi/purge.h"
#include "lib/clock.h"
#include "store_dir.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	char dir[STORE_DIR_SIZE];
	struct store *store;
	struct accounts *accounts;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *why;

	assert_true(sodium_init() >= 0);
	store_dir_make(f->dir);
	f->store = store_dir_open(f->dir);
	assert_int_equal(accounts_open(f->store, &f->accounts), KN_OK);
	assert_int_equal(accounts_register(f->accounts, "ann", "a password", &why), KN_OK);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	accounts_close(&f->accounts);
	store_dir_remove(f->dir, &f->store);
	free(f);
	return 0;
}

static size_t sessions(struct fixture *f)
{
	return store_dir_count(f->store, STORE_SESSIONS, "");
}

static void test_a_session_lasts_30_days(void **state)
{
	struct fixture *f = *state;
	char token[SESSION_TOKEN_SIZE];
	struct session session;
	int64_t day = USEC_PER_DAY, now = clock_wall_us();

	assert_int_equal(accounts_login(f->accounts, "Ann", "a password", token), KN_OK);
	assert_int_equal(accounts_session(f->accounts, token, now + 29 * day, &session), KN_OK);
	assert_string_equal(session.name, "ann");
	assert_int_equal(accounts_session(f->accounts, token, now + 31 * day, &session),
			 KN_ERR_UNAUTHORIZED);
	assert_int_equal(accounts_forget(f->accounts, now + 29 * day), KN_OK);
	assert_int_equal(sessions(f), 1);
	assert_int_equal(accounts_forget(f->accounts, now + 31 * day), KN_OK);
	assert_int_equal(sessions(f), 0);
}

static enum kn_err put_session(struct store_txn *txn, void *arg)
{
	unsigned char key[32];
	const char *record = arg;

	randombytes_buf(key, sizeof(key));
	return store_txn_put(txn, STORE_SESSIONS, key, sizeof(key), record, strlen(record));
}

/* More than a call looks at: those that live stay, the others go in some calls, whatever lies
 * between them. */
static void test_all_that_are_over_go(void **state)
{
	enum { LIVE = 2 * PURGE_BATCH, OVER = PURGE_BATCH, CALLS = 5 };
	struct fixture *f = *state;
	size_t before = LIVE + OVER;
	int round;

	for (int i = 0; i < LIVE + OVER; i++)
		assert_int_equal(
			store_write(f->store, put_session,
				    i < LIVE ? "{\"v\":1,\"name\":\"ann\",\"expires\":2000}"
					     : "{\"v\":1,\"name\":\"ann\",\"expires\":1000}",
				    STORE_LAZY),
			KN_OK);
	for (round = 0; sessions(f) > LIVE && round < CALLS; round++) {
		assert_int_equal(accounts_forget(f->accounts, 1000), KN_OK);
		assert_true(before - sessions(f) <= PURGE_BATCH);
		before = sessions(f);
	}
	assert_int_equal(sessions(f), LIVE);
	for (round = 0; round < CALLS; round++)
		assert_int_equal(accounts_forget(f->accounts, 2000), KN_OK);
	assert_int_equal(sessions(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_session_lasts_30_days, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_that_are_over_go, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
