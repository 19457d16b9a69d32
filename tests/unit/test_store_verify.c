/* Damage of every kind is planted in a store, and has to be found. */
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/idempotency.h"
#include "lib/job_codec.h"
#include "lib/store/store_priv.h"
#include "lib/usage.h"
#include "store_dir.h"

#include <fcntl.h>
#include <glob.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JOBS = 40 };

struct fixture {
	char dir[STORE_DIR_SIZE], copy[PATH_MAX];
	struct store *store;
	char queued[ID_SIZE], processing[ID_SIZE], completed[ID_SIZE];
	int faults;
	char kind[32], text[600]; /* of the first */
	uint64_t jobs;
	atomic_bool enough; /* of compactions */
};

static void open_store(struct fixture *f)
{
	f->store = store_dir_open(f->dir);
}

static enum kn_err complete(struct job *job, void *arg)
{
	struct job_file video = {
		.name = arg, .mime = "video/mp4", .path = "videos/x.mp4", .bytes = 1};
	enum kn_err err = job_transition(job, JOB_COMPLETED, JOB_BY_RESULT, clock_wall_us());

	return err == KN_OK ? job_files_put(&job->assets, &video) : err;
}

static void claim(struct fixture *f, char id[ID_SIZE])
{
	const char *class_name = "grok_imagine/grok";
	struct store_claim claim = {&class_name, 1, "test", 60 * USEC_PER_SEC};
	struct job *job;

	assert_int_equal(store_job_claim(f->store, &claim, &job), KN_OK);
	memcpy(id, job->id, ID_SIZE);
	job_free(&job);
}

static void fill(struct fixture *f)
{
	for (int i = 0; i < JOBS; i++) {
		struct job *job = job_new(JOB_GROK_IMAGINE, "grok");

		job_set(&job->prompt, "a cat");
		job_set(&job->owner, i % 2 ? "ann" : NULL);
		assert_int_equal(store_job_create(f->store, job), KN_OK);
		memcpy(f->queued, job->id, ID_SIZE);
		job_free(&job);
	}
	claim(f, f->processing);
	claim(f, f->completed);
	assert_int_equal(
		store_job_change(f->store, f->completed, complete, "video", STORE_FLUSHED, NULL),
		KN_OK);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	store_dir_make(f->dir);
	open_store(f);
	fill(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_dir_remove(f->dir, &f->store);
	if (f->copy[0] != '\0')
		fs_remove_tree(f->copy);
	free(f);
	return 0;
}

/* --- looking --- */

static void on_fault(void *arg, const char *kind, const char *id, const char *text)
{
	struct fixture *f = arg;

	if (f->faults++ > 0)
		return;
	snprintf(f->kind, sizeof(f->kind), "%s", kind);
	snprintf(f->text, sizeof(f->text), "%s %s", id != NULL ? id : "", text);
}

static enum kn_err verify(struct fixture *f, const char *dir, bool is_copy)
{
	const struct store_verify options = {.fault = on_fault, .arg = f, .is_copy = is_copy};

	f->faults = 0;
	f->kind[0] = f->text[0] = '\0';
	return store_verify(dir, &options, &f->jobs);
}

static void expect_sound_of(struct fixture *f, uint64_t jobs)
{
	store_close(&f->store);
	assert_int_equal(verify(f, f->dir, false), KN_OK);
	assert_string_equal(f->text, "");
	assert_int_equal(f->jobs, jobs);
}

static void expect_sound(struct fixture *f)
{
	expect_sound_of(f, JOBS);
}

static void expect(struct fixture *f, const char *kind, const char *words)
{
	store_close(&f->store);
	assert_int_equal(verify(f, f->dir, false), KN_OK);
	assert_string_equal(f->kind, kind);
	if (strstr(f->text, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, f->text);
}

/* --- planting --- */

struct plant {
	int table;
	struct key key;
	const void *data; /* NULL: delete it */
	size_t len;
};

static enum kn_err run_plant(struct store_txn *txn, void *arg)
{
	const struct plant *p = arg;

	if (p->data == NULL)
		return txn_delete(txn, p->table, p->key.data, p->key.len);
	return txn_put(txn, p->table, p->key.data, p->key.len, p->data, p->len, 0);
}

static void plant(struct fixture *f, int table, const struct key *key, const void *data, size_t len)
{
	struct plant p = {table, *key, data, len};

	assert_int_equal(store_write(f->store, run_plant, &p, STORE_FLUSHED), KN_OK);
}

/* Key and columns of the job's first entry in the table. */
static struct key entry_of(struct fixture *f, const char *id, int table)
{
	struct key key = {.len = 0};
	struct index_entries entries;
	struct job *job;

	assert_int_equal(store_job_get(f->store, id, &job), KN_OK);
	index_entries(job, &entries);
	for (size_t i = 0; i < entries.n && key.len == 0; i++)
		if (entries.v[i].table == table)
			key = entries.v[i].key;
	assert_true(key.len > 0);
	free(entries.columns.data);
	job_free(&job);
	return key;
}

static struct key id_key(const char *id)
{
	struct key key = {.len = 0};

	key_put(&key, id, strlen(id));
	return key;
}

static enum kn_err run_put_job(struct store_txn *txn, void *arg)
{
	struct job **jobs = arg;

	return store_txn_job_put(txn, jobs[0], jobs[1]);
}

/* Writes the job as change() leaves it, indices and all: only its state is wrong then. */
static void change_job(struct fixture *f, const char *id, void (*change)(struct job *job))
{
	struct job *jobs[2];

	assert_int_equal(store_job_get(f->store, id, &jobs[0]), KN_OK);
	jobs[1] = job_copy(jobs[0]);
	change(jobs[1]);
	assert_int_equal(store_write(f->store, run_put_job, jobs, STORE_FLUSHED), KN_OK);
	job_free(&jobs[0]);
	job_free(&jobs[1]);
}

/* --- the tests --- */

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
	struct key key = id_key(f->queued);
	struct store_read read;

	assert_int_equal(
		store_read(f->store, NULL, TABLE_JOBS, f->completed, strlen(f->completed), &read),
		KN_OK);
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

/* --- what clients used --- */

static enum kn_err create_counted(struct store_txn *txn, void *arg)
{
	struct job *job = arg;
	char counter[64];
	int64_t now;
	enum kn_err err = store_txn_job_create(txn, job);

	usage_day_counter(counter, sizeof(counter), job->owner, job->created);
	return err == KN_OK ? store_txn_counter_add(txn, counter, 1, &now) : err;
}

/* The key of the counter of jobs that bob creates on that day. */
static struct key day_key(int64_t time)
{
	struct key key = {.len = 0};
	char counter[64];

	usage_day_counter(counter, sizeof(counter), "bob", time);
	key_put_u8(&key, COUNTER_NAMED);
	key_put(&key, counter, strlen(counter));
	return key;
}

static void test_days(void **state)
{
	struct fixture *f = *state;
	struct key today, another_day = day_key(20000 * USEC_PER_DAY);
	uint64_t two = htole64(2), three = htole64(3), nine = htole64(9), less = htole64(-1);

	for (int i = 0; i < 3; i++) {
		struct job *job = job_new(JOB_VIVID_FLOW, "wan2.1");

		job_set(&job->owner, "bob");
		assert_int_equal(store_write(f->store, create_counted, job, STORE_FLUSHED), KN_OK);
		today = day_key(job->created);
		job_free(&job);
	}
	expect_sound_of(f, JOBS + 3);
	open_store(f);
	plant(f, TABLE_COUNTERS, &today, &two, sizeof(two));
	expect(f, "usage", "the days of bob count 2 jobs in all, there are 3");
	open_store(f);
	plant(f, TABLE_COUNTERS, &today, NULL, 0);
	expect(f, "usage", "the days of bob count 0 jobs in all, there are 3");
	open_store(f);
	plant(f, TABLE_COUNTERS, &another_day, &three, sizeof(three)); /* a clock was set back */
	expect_sound_of(f, JOBS + 3);
	open_store(f);
	plant(f, TABLE_COUNTERS, &today, &nine, sizeof(nine)); /* of deleted jobs */
	expect_sound_of(f, JOBS + 3);
	open_store(f);
	plant(f, TABLE_COUNTERS, &another_day, &less, sizeof(less));
	expect(f, "usage", "the counter jobs/20000/bob says -1");
}

static void test_windows(void **state)
{
	struct fixture *f = *state;
	struct key key = id_key(USAGE_WINDOW_PREFIX "key/7/hour");
	const struct usage_window window = {1800000000, 50};
	unsigned char record[USAGE_WINDOW_SIZE];

	usage_window_write(&window, record);
	plant(f, STORE_META, &key, record, sizeof(record));
	expect_sound(f);
	open_store(f);
	record[0]++;
	plant(f, STORE_META, &key, record, sizeof(record));
	expect(f, "usage", "the window limit/key/7/hour cannot be read");
}

static struct key key_of(const struct idempotency_entry *entry)
{
	struct key key = {.len = 0};

	key_put(&key, entry->data, entry->len);
	return key;
}

/* Plants what a use of the Idempotency-Key "K x" left. */
static void plant_key(struct fixture *f, const char *id, int64_t created, struct key *key,
		      struct key *by_time)
{
	static const unsigned char digest[IDEMPOTENCY_DIGEST_SIZE];
	struct idempotency_record record = {.created = created, .digest = digest};
	struct idempotency_entry entry, time;
	struct bytes value = {0};

	snprintf(record.id, sizeof(record.id), "%s", id);
	idempotency_record_put(&record, &value);
	assert_int_equal(idempotency_key_make(JOB_GROK_IMAGINE, "ann", "K x", &entry), KN_OK);
	idempotency_time_make(&entry, created, &time);
	*key = key_of(&entry);
	*by_time = key_of(&time);
	plant(f, STORE_IDEMPOTENCY, key, value.data, value.len);
	plant(f, STORE_IDEMPOTENCY, by_time, "", 0);
	free(value.data);
}

static void test_idempotency_keys(void **state)
{
	struct fixture *f = *state;
	struct key key, by_time, later, none = id_key("k");
	struct job *job;
	int64_t created;

	assert_int_equal(store_job_get(f->store, f->queued, &job), KN_OK);
	assert_string_equal(job->owner, "ann");
	created = job->created;
	job_free(&job);
	plant_key(f, f->queued, created, &key, &by_time);
	expect_sound(f);
	open_store(f);
	plant_key(f, f->queued, created + 1, &key, &later);
	expect(f, "idempotency", "the key K?x (grok_imagine, ann) did not make this job");
	open_store(f);
	plant_key(f, "job_deleted00000", created + 1, &key, &later); /* used again */
	expect_sound(f);
	open_store(f);
	plant(f, STORE_IDEMPOTENCY, &later, NULL, 0);
	expect(f, "idempotency", "would never be forgotten");
	open_store(f);
	plant_key(f, f->queued, created, &key, &by_time);
	plant(f, STORE_IDEMPOTENCY, &later, "", 0);
	expect(f, "idempotency", "is lost: its time is there");
	open_store(f);
	plant(f, STORE_IDEMPOTENCY, &later, NULL, 0);
	plant(f, STORE_IDEMPOTENCY, &key, "short", 5);
	expect(f, "idempotency", "names no job");
	open_store(f);
	plant(f, STORE_IDEMPOTENCY, &key, NULL, 0);
	expect(f, "idempotency", "is lost: its time is there");
	open_store(f);
	plant(f, STORE_IDEMPOTENCY, &by_time, NULL, 0);
	plant(f, STORE_IDEMPOTENCY, &none, "", 0);
	expect(f, "idempotency", "a key cannot be read");
	open_store(f);
	plant(f, STORE_IDEMPOTENCY, &none, NULL, 0);
	none.data[0] = 't';
	plant(f, STORE_IDEMPOTENCY, &none, "", 0);
	expect(f, "idempotency", "a key's time cannot be read");
}

/* --- states --- */

static void drop_token(struct job *job)
{
	job->lease.token[0] = '\0';
}

static void give_lease(struct job *job)
{
	job->lease.until = 1;
}

static void never_start(struct job *job)
{
	job->started = 0;
}

static void never_finish(struct job *job)
{
	job->finished = 0;
}

static void finish(struct job *job)
{
	job->finished = 1;
}

static void expire(struct job *job)
{
	job->expired = 1;
}

static void lose_progress(struct job *job)
{
	job->progress = 99;
}

static void gain_progress(struct job *job)
{
	job->progress = 1;
}

static void update_early(struct job *job)
{
	job->updated = 1;
}

static void test_states(void **state)
{
	struct fixture *f = *state;
	const struct {
		const char *id;
		void (*change)(struct job *job);
		const char *words;
	} cases[] = {
		{f->processing, drop_token, "is processing without a lease"},
		{f->queued, give_lease, "has a lease, and is not processing"},
		{f->processing, never_start, "is processing, never started"},
		{f->completed, never_finish, "has ended, at no time"},
		{f->queued, finish, "has a time of its end, and goes on"},
		{f->processing, expire, "has lost its files before its end"},
		{f->completed, lose_progress, "is completed by less than 100%"},
		{f->queued, gain_progress, "is queued, with progress"},
		{f->queued, update_early, "was updated before its creation"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		change_job(f, cases[i].id, cases[i].change);
		expect(f, "state", cases[i].words);
		fs_remove_tree(f->dir);
		open_store(f);
		fill(f);
	}
}

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
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_sound_store),
		TEST(test_entries_that_are_missing),
		TEST(test_columns_that_differ),
		TEST(test_entries_too_many),
		TEST(test_counters),
		TEST(test_records),
		TEST(test_days),
		TEST(test_windows),
		TEST(test_idempotency_keys),
		TEST(test_states),
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
