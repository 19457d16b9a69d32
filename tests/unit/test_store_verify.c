/* Damage of every kind is planted in a store, and has to be found. */
#include "store_verify.h"

#include <glob.h>

static void test_a_sound_store(void **state)
{
	expect_sound(*state);
}

static void test_entries_that_are_missing(void **state)
{
	struct fixture *f = *state;
	const struct {
		const char *id;
		int table;
	} cases[] = {
		{f->queued, TABLE_LIST},
		{f->queued, TABLE_READY},
		{f->processing, TABLE_LEASE},
		{f->completed, TABLE_EXPIRY},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct key key = entry_of(f, cases[i].id, cases[i].table);
		struct store_read read;
		unsigned char *data;
		size_t len;

		assert_int_equal(
			store_read(f->store, NULL, cases[i].table, key.data, key.len, &read),
			KN_OK);
		data = malloc(read.len + 1);
		memcpy(data, read.data, read.len);
		len = read.len;
		store_read_free(&read);
		plant(f, cases[i].table, &key, NULL, 0);
		expect(f, "index", "lacks an entry of the job");
		open_store(f);
		plant(f, cases[i].table, &key, data, len);
		free(data);
		expect_sound(f);
		open_store(f);
	}
}

static void test_columns_that_differ(void **state)
{
	struct fixture *f = *state;
	struct key key = entry_of(f, f->queued, TABLE_LIST);

	plant(f, TABLE_LIST, &key, "x", 1);
	expect(f, "index", "differs from the record");
}

static void test_entries_too_many(void **state)
{
	struct fixture *f = *state;
	struct key list = list_prefix(NULL, JOB_GROK_IMAGINE, JOB_FAILED);
	struct key lease = {.len = 0}, expiry = {.len = 0}, ready = {.len = 0};

	key_put_time_desc(&list, 1);
	key_put_text(&list, f->queued);
	plant(f, TABLE_LIST, &list, "", 0);
	expect(f, "index", "list.db has an entry that the job should not have");
	open_store(f);
	plant(f, TABLE_LIST, &list, NULL, 0);

	key_put_time(&lease, 1);
	key_put_text(&lease, "job_000000000000");
	plant(f, TABLE_LEASE, &lease, "", 0);
	expect(f, "index", "lease.db has an entry of the job, which does not exist");
	open_store(f);
	plant(f, TABLE_LEASE, &lease, NULL, 0);

	key_put_u8(&expiry, JOB_GROK_IMAGINE);
	plant(f, TABLE_EXPIRY, &expiry, "", 0);
	expect(f, "index", "expiry.db has an entry of no job");
	open_store(f);
	plant(f, TABLE_EXPIRY, &expiry, NULL, 0);

	/* As many as there should be, but the wrong ones. */
	ready = entry_of(f, f->queued, TABLE_READY);
	plant(f, TABLE_READY, &ready, NULL, 0);
	ready.data[ready.len - 2] ^= 1;
	plant(f, TABLE_READY, &ready, "", 0);
	expect(f, "index", "ready.db lacks an entry of the job");
	assert_int_equal(f->faults, 2);
}

static void test_counters(void **state)
{
	struct fixture *f = *state;
	struct key prefix = list_prefix("ann", JOB_GROK_IMAGINE, ANY_STATE);
	struct key key = count_key(TABLE_LIST, &prefix), none;
	uint64_t wrong = htole64(7), right = htole64(JOBS / 2);

	plant(f, TABLE_COUNTERS, &key, &wrong, sizeof(wrong));
	expect(f, "counter", "list.db ann/grok_imagine/any says 7, there are 20");
	open_store(f);
	plant(f, TABLE_COUNTERS, &key, NULL, 0);
	expect(f, "counter", "says 0, there are 20");
	open_store(f);
	plant(f, TABLE_COUNTERS, &key, &right, 4);
	expect(f, "counter", "is no number");
	open_store(f);
	plant(f, TABLE_COUNTERS, &key, &right, sizeof(right));

	prefix = ready_prefix("grok_imagine/other");
	none = count_key(TABLE_READY, &prefix);
	plant(f, TABLE_COUNTERS, &none, &wrong, sizeof(wrong));
	expect(f, "counter", "ready.db grok_imagine/other says 7, there are 0");
	open_store(f);
	plant(f, TABLE_COUNTERS, &none, NULL, 0);

	none = (struct key){.data = {TABLE_LIST, 'b', 0, 200, 200}, .len = 5};
	plant(f, TABLE_COUNTERS, &none, &wrong, sizeof(wrong));
	expect(f, "counter", "list.db b/unknown/unknown says 7, there are 0");
	open_store(f);
	plant(f, TABLE_COUNTERS, &none, NULL, 0);
	none = (struct key){.data = {TABLE_LEASE, 'b'}, .len = 2};
	plant(f, TABLE_COUNTERS, &none, &wrong, sizeof(wrong));
	expect(f, "counter", "a counter counts nothing");
	open_store(f);
	plant(f, TABLE_COUNTERS, &none, NULL, 0);
	expect_sound(f);
}

static void test_records(void **state)
{
	struct fixture *f = *state;
	char rooms[2][ID_SIZE];
	struct key key = id_key(job_key(f->store, f->queued, rooms[0]));
	const char *completed = job_key(f->store, f->completed, rooms[1]);
	struct store_read read;

	assert_int_equal(
		store_read(f->store, NULL, TABLE_JOBS, completed, strlen(completed), &read), KN_OK);
	plant(f, TABLE_JOBS, &key, read.data, read.len);
	store_read_free(&read);
	expect(f, "record", "the record is of the job");
	open_store(f);
	plant(f, TABLE_JOBS, &key, "\1garbage", 8);
	expect(f, "record", "cannot be read");
	open_store(f);
	plant(f, TABLE_JOBS, &key, NULL, 0);
	expect(f, "index", "which does not exist");
}

static void never_finish(struct job *job)
{
	job->finished = 0;
}

/* One of job_fault()'s. */
static void test_a_faulty_job(void **state)
{
	struct fixture *f = *state;

	change_job(f, f->completed, never_finish);
	expect(f, "state", "has ended, at no time");
}

/* --- files --- */

static void damage(struct fixture *f, const char *file, off_t at, off_t truncate_to)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->dir, file);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	if (truncate_to > 0)
		assert_int_equal(ftruncate(fd, truncate_to), 0);
	else
		assert_int_equal(pwrite(fd, "garbage", 7, at), 7);
	close(fd);
}

static void test_damaged_pages(void **state)
{
	struct fixture *f = *state;

	store_close(&f->store);
	open_store(f); /* a checkpoint, so that no recovery comes by the page */
	store_close(&f->store);
	damage(f, "list.db", STORE_PAGE_SIZE + 100, 0);
	expect(f, "structure", "list.db");
	fs_remove_tree(f->dir);
	open_store(f);
	store_close(&f->store);
	open_store(f);
	store_close(&f->store);
	damage(f, "private.db", STORE_PAGE_SIZE + 100, 0);
	expect(f, "structure", "private.db");
	fs_remove_tree(f->dir);
	open_store(f);
	fill(f);
	store_close(&f->store);
	damage(f, "jobs.db", 0, STORE_PAGE_SIZE + 512);
	expect(f, "structure", "cannot be recovered");
	assert_true(f->faults > 1); /* and where the damage is */
}

static void test_a_lost_table(void **state)
{
	struct fixture *f = *state;
	char path[128];

	store_close(&f->store);
	snprintf(path, sizeof(path), "%s/ready.db", f->dir);
	unlink(path);
	expect(f, "index", "ready.db lacks an entry of the job");
	snprintf(path, sizeof(path), "%s/jobs.db", f->dir);
	unlink(path);
	assert_int_equal(verify(f, f->dir, false), KN_ERR_NOT_FOUND);
}

static void test_an_unfinished_store(void **state)
{
	struct fixture *f = *state;
	struct store_options options = {.dir = f->dir};

	store_close(&f->store);
	assert_int_equal(store_set_unfinished(f->dir, true), KN_OK);
	assert_int_equal(store_open(&options, &f->store), KN_ERR_CORRUPT);
	expect(f, "structure", "is unfinished");
	assert_int_equal(store_set_unfinished(f->dir, false), KN_OK);
	expect_sound(f);
}

static void test_a_lost_log(void **state)
{
	struct fixture *f = *state;
	struct store_options options = {.dir = f->dir};
	char pattern[128];
	glob_t logs;

	store_close(&f->store);
	snprintf(pattern, sizeof(pattern), "%s/log.*", f->dir);
	assert_int_equal(glob(pattern, 0, NULL, &logs), 0);
	for (size_t i = 0; i < logs.gl_pathc; i++)
		unlink(logs.gl_pathv[i]);
	globfree(&logs);
	assert_int_equal(store_open(&options, &f->store), KN_ERR_CORRUPT);
	expect(f, "structure", "cannot be recovered");
}

static void test_a_store_in_use(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(verify(f, f->dir, false), KN_ERR_BUSY);
	assert_int_equal(verify(f, "/nonexistent", false), KN_ERR_NOT_FOUND);
	assert_int_equal(f->faults, 0);
}

/* --- copies --- */

static void *write_much(void *arg)
{
	struct fixture *f = arg;

	for (int i = 0; i < 800; i++) {
		struct job *job = job_new(JOB_GROK_IMAGINE, "grok");
		char id[ID_SIZE];

		job_set(&job->owner, "ann");
		assert_int_equal(store_job_create(f->store, job), KN_OK);
		claim(f, id);
		if (i % 2)
			store_job_delete(f->store, id, NULL);
		job_free(&job);
	}
	return NULL;
}

static void test_a_copy_under_load_is_sound(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[4];
	int copies = 0;

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_much, f), 0);
	for (; copies < 3; copies++) {
		assert_int_equal(store_copy(f->store, f->copy), KN_OK);
		assert_int_equal(verify(f, f->copy, true), KN_OK);
		assert_string_equal(f->text, "");
		assert_true(f->jobs >= JOBS);
		fs_remove_tree(f->copy);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(store_copy(f->store, f->copy), KN_OK);
	assert_int_equal(verify(f, f->copy, true), KN_OK);
	assert_string_equal(f->text, "");
	assert_int_equal(f->jobs, JOBS + 1600);
	store_close(&f->store);
	open_store(f);
	assert_int_equal(access(f->copy, F_OK), -1);
}

static void *compact_over_and_over(void *arg)
{
	struct fixture *f = arg;
	struct store_compacted done;

	while (!atomic_load(&f->enough))
		for (int i = 0; i < TABLE_COUNT && !atomic_load(&f->enough); i++)
			assert_int_equal(store_compact(f->store, i, &done), KN_OK);
	return NULL;
}

/* The compaction cuts files that the copy is reading. */
static void test_a_copy_during_a_compaction_is_sound(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[2];

	assert_int_equal(pthread_create(&threads[0], NULL, compact_over_and_over, f), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, write_much, f), 0);
	for (int copies = 0; copies < 6; copies++) {
		assert_int_equal(store_copy(f->store, f->copy), KN_OK);
		assert_int_equal(verify(f, f->copy, true), KN_OK);
		assert_string_equal(f->text, "");
		fs_remove_tree(f->copy);
	}
	pthread_join(threads[1], NULL);
	atomic_store(&f->enough, true);
	pthread_join(threads[0], NULL);
	store_close(&f->store);
	assert_int_equal(verify(f, f->dir, false), KN_OK);
	assert_string_equal(f->text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_sound_store),
		TEST(test_entries_that_are_missing),
		TEST(test_columns_that_differ),
		TEST(test_entries_too_many),
		TEST(test_counters),
		TEST(test_records),
		TEST(test_a_faulty_job),
		TEST(test_damaged_pages),
		TEST(test_a_lost_table),
		TEST(test_an_unfinished_store),
		TEST(test_a_lost_log),
		TEST(test_a_store_in_use),
		TEST(test_a_copy_under_load_is_sound),
		TEST(test_a_copy_during_a_compaction_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
