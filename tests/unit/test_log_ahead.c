/* The next log file, made before it is needed: a crash, a copy and the log itself take it for what
 * it is. */
#include "store_fixture.h"

#include "lib/store/store_priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ENOUGH batches fill a part of a log file, and BATCHES_MAX more than one. */
enum { PROMPT_BYTES = 4000, BATCH = 50, ENOUGH = 8, BATCHES_MAX = 100, WAITS_MAX = 3000 };

static enum kn_err create_some(struct store_txn *txn, void *arg)
{
	enum kn_err err = KN_OK;

	(void)arg;
	for (int i = 0; i < BATCH && err == KN_OK; i++) {
		struct job *job = job_new(JOB_GROK_IMAGINE, "default");
		char prompt[PROMPT_BYTES + 1];

		memset(prompt, 'x', PROMPT_BYTES);
		prompt[PROMPT_BYTES] = '\0';
		job_set(&job->prompt, prompt);
		err = store_txn_job_create(txn, job);
		job_free(&job);
	}
	return err;
}

static bool look_at_log(const struct fixture *f, unsigned file, struct stat *st)
{
	char path[STORE_DIR_SIZE + 16];

	snprintf(path, sizeof(path), "%s/log.%010u", f->dir, file);
	return stat(path, st) == 0;
}

static u_int32_t current_log(const struct fixture *f)
{
	DB_LOG_STAT *stat;
	u_int32_t file;

	assert_int_equal(f->store->env->log_stat(f->store->env, &stat, 0), 0);
	file = stat->st_cur_file;
	free(stat);
	return file;
}

/* Writes until that log file is the one that is written to; returns how many jobs that made. */
static uint64_t write_until_in(struct fixture *f, u_int32_t file)
{
	uint64_t jobs = 0;

	for (int i = 0; i < BATCHES_MAX && current_log(f) < file; i++, jobs += BATCH)
		assert_int_equal(store_write(f->store, create_some, NULL, STORE_FLUSHED), KN_OK);
	assert_int_equal(current_log(f), file);
	return jobs;
}

/* Writes until the file after the current one is there. */
static uint64_t write_until_next_is_made(struct fixture *f, struct stat *next)
{
	const struct timespec a_while = {.tv_nsec = 10000000};
	u_int32_t file = current_log(f);
	uint64_t jobs = 0;

	for (int i = 0; i < ENOUGH; i++, jobs += BATCH)
		assert_int_equal(store_write(f->store, create_some, NULL, STORE_FLUSHED), KN_OK);
	for (int i = 0; i < WAITS_MAX && !look_at_log(f, file + 1, next); i++)
		nanosleep(&a_while, NULL);
	assert_int_equal(current_log(f), file);
	assert_true(look_at_log(f, file + 1, next));
	assert_int_equal(next->st_size, LOG_FILE_BYTES);
	assert_true(next->st_blocks * 512 >= LOG_FILE_BYTES);
	return jobs;
}

static uint64_t count(struct fixture *f)
{
	uint64_t n;

	assert_int_equal(store_job_count(f->store, -1, -1, NULL, &n), KN_OK);
	return n;
}

static void test_it_is_written_to(void **state)
{
	struct fixture *f = *state;
	struct stat made, used;
	uint64_t jobs = write_until_next_is_made(f, &made);
	u_int32_t next = current_log(f) + 1;

	jobs += write_until_in(f, next);
	assert_true(look_at_log(f, next, &used));
	assert_int_equal(used.st_ino, made.st_ino);
	store_close(&f->store);
	f->store = store_dir_open(f->dir);
	assert_int_equal(count(f), jobs);
}

static void fill_and_die(struct fixture *f)
{
	struct stat next;

	store_close(&f->store);
	if (fork() == 0) {
		f->store = store_dir_open(f->dir);
		_exit(write_until_next_is_made(f, &next) == ENOUGH * BATCH ? 0 : 1);
	}
}

/* Recovery removes what the log had not come to. */
static void test_a_crash_before_it_is_used(void **state)
{
	struct fixture *f = *state;
	uint64_t jobs = ENOUGH * BATCH;
	int status;

	fill_and_die(f);
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
	f->store = store_dir_open(f->dir);
	assert_int_equal(count(f), jobs);
	jobs += write_until_in(f, current_log(f) + 1);
	store_close(&f->store);
	f->store = store_dir_open(f->dir);
	assert_int_equal(count(f), jobs);
}

static void no_fault(void *arg, const char *kind, const char *id, const char *text)
{
	(void)arg;
	fail_msg("%s %s: %s", kind, id != NULL ? id : "", text);
}

static void test_a_copy(void **state)
{
	const struct store_verify verify = {.fault = no_fault, .is_copy = true};
	struct fixture *f = *state;
	struct stat next;
	char copy[PATH_MAX];
	uint64_t jobs, found;

	jobs = write_until_next_is_made(f, &next);
	assert_int_equal(store_copy(f->store, copy), KN_OK);
	assert_int_equal(store_verify(copy, &verify, &found), KN_OK);
	assert_int_equal(found, jobs);
	assert_int_equal(fs_remove_tree(copy), KN_OK);
}

static void test_a_log_in_use_stays(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;
	u_int32_t file = current_log(f);
	char left[STORE_DIR_SIZE + 16];

	assert_true(look_at_log(f, file, &before));
	log_ahead_make(f->store, file);
	assert_true(look_at_log(f, file, &after));
	assert_int_equal(before.st_ino, after.st_ino);
	snprintf(left, sizeof(left), "%s/next-log", f->dir);
	assert_int_equal(access(left, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_it_is_written_to, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_crash_before_it_is_used, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_copy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_log_in_use_stays, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
