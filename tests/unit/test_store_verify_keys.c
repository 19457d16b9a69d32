/* The same of what clients used: days, windows of limits, Idempotency-Keys. */
#include "lib/idempotency.h"
#include "lib/usage.h"
#include "store_verify.h"

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

static enum kn_err put_long_key(struct store_txn *txn, void *arg)
{
	unsigned char key[2000], value[100] = {0};

	(void)arg;
	memset(key, 'o', sizeof(key));
	key[0] = 'k';
	key[1] = JOB_GROK_IMAGINE;
	key[sizeof(key) - 2] = '\0';
	memset(value + 40, 'j', 10);
	return store_txn_put(txn, STORE_IDEMPOTENCY, key, sizeof(key), value, 50);
}

static void test_an_idempotency_key_longer_than_any(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(store_write(f->store, put_long_key, NULL, STORE_FLUSHED), KN_OK);
	expect(f, "idempotency", "a key cannot be read");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_days),
		TEST(test_windows),
		TEST(test_idempotency_keys),
		TEST(test_an_idempotency_key_longer_than_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
