/* Records of Idempotency-Keys and of usage: they read back as written, and nothing else is taken
 * for one. */
#include "lib/clock.h"
#include "lib/idempotency.h"
#include "lib/usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const unsigned char digest[IDEMPOTENCY_DIGEST_SIZE] = "what the request was";

static void test_key(void **state)
{
	struct idempotency_entry entry, time, again;
	struct idempotency_key key;
	int64_t created;

	(void)state;
	assert_int_equal(idempotency_key_make(JOB_VIVID_FLOW, "ann", "K", &entry), KN_OK);
	assert_true(idempotency_key_read(entry.data, entry.len, &key));
	assert_int_equal(key.api, JOB_VIVID_FLOW);
	assert_string_equal(key.owner, "ann");
	assert_int_equal(key.key_len, 1);
	assert_int_equal(key.key[0], 'K');
	idempotency_time_make(&entry, 1800000000000000, &time);
	assert_true(idempotency_time_read(time.data, time.len, &created, &again));
	assert_int_equal(created, 1800000000000000);
	assert_int_equal(again.len, entry.len);
	assert_memory_equal(again.data, entry.data, entry.len);
	/* No owner is the empty one; it is not the key's first letters. */
	assert_int_equal(idempotency_key_make(JOB_GROK_3D, NULL, "annK", &entry), KN_OK);
	assert_true(idempotency_key_read(entry.data, entry.len, &key));
	assert_string_equal(key.owner, "");
	assert_int_equal(key.key_len, 4);
}

static void test_bounds_of_keys(void **state)
{
	char text[IDEMPOTENCY_KEY_MAX + 2], owner[IDEMPOTENCY_ENTRY_MAX];
	struct idempotency_entry entry, time;
	unsigned char longer[2 * IDEMPOTENCY_ENTRY_MAX];
	struct idempotency_key key;

	(void)state;
	memset(text, 'k', sizeof(text));
	memset(owner, 'o', sizeof(owner));
	text[IDEMPOTENCY_KEY_MAX + 1] = '\0';
	assert_int_equal(idempotency_key_make(JOB_GROK_3D, NULL, text, &entry), KN_ERR_INVALID);
	assert_int_equal(idempotency_key_make(JOB_GROK_3D, NULL, "", &entry), KN_ERR_INVALID);
	text[IDEMPOTENCY_KEY_MAX] = '\0';
	/* The longest for which the order of forgetting has room, too. */
	for (size_t len = sizeof(owner) - 1; len > 0; len--) {
		owner[len] = '\0';
		if (idempotency_key_make(JOB_GROK_3D, owner, text, &entry) == KN_OK)
			break;
	}
	idempotency_time_make(&entry, 1, &time);
	assert_int_equal(time.len, IDEMPOTENCY_ENTRY_MAX);
	/* Read, too, and none longer. */
	assert_true(idempotency_key_read(entry.data, entry.len, &key));
	entry.data[entry.len] = 'k';
	entry.data[2] = '\0'; /* no owner: the rest is the key */
	assert_false(idempotency_key_read(entry.data, entry.len + 1, &key));
	memset(longer, 'o', sizeof(longer));
	memcpy(longer, "k\2", 2);
	longer[sizeof(longer) - 2] = '\0';
	assert_false(idempotency_key_read(longer, sizeof(longer), &key));
}

/* In memory of just that size, so that a sanitizer sees a step too far. */
static void *just(const void *data, size_t len)
{
	void *copy = malloc(len > 0 ? len : 1);

	memcpy(copy, data, len);
	return copy;
}

static void test_cut_off(void **state)
{
	struct idempotency_record record = {.created = 7, .digest = digest, .id = "job_1"}, found;
	struct idempotency_entry entry, time, again;
	struct idempotency_key key;
	struct bytes value = {0};
	int64_t created;

	(void)state;
	idempotency_key_make(JOB_GROK_IMAGINE, "ann", "K", &entry);
	idempotency_time_make(&entry, 7, &time);
	idempotency_record_put(&record, &value);
	assert_true(idempotency_record_read(value.data, value.len, &found));
	assert_string_equal(found.id, "job_1");
	assert_int_equal(found.created, 7);
	assert_memory_equal(found.digest, digest, sizeof(digest));
	for (size_t len = 0; len < entry.len; len++) {
		void *cut = just(entry.data, len);

		assert_false(idempotency_key_read(cut, len, &key));
		free(cut);
	}
	for (size_t len = 0; len < time.len; len++) {
		void *cut = just(time.data, len);

		assert_false(idempotency_time_read(cut, len, &created, &again));
		free(cut);
	}
	for (size_t len = 0; len <= value.len - strlen("job_1"); len++) {
		void *cut = just(value.data, len);

		assert_false(idempotency_record_read(cut, len, &found));
		free(cut);
	}
	bytes_put(&value, entry.data, ID_SIZE);
	assert_false(idempotency_record_read(value.data, value.len, &found)); /* no id is so long */
	free(value.data);
	entry.data[1] = JOB_API_COUNT;
	assert_false(idempotency_key_read(entry.data, entry.len, &key));
}

static void test_days(void **state)
{
	const char *wrong[] = {"",          "jobs/",      "jobs/1",    "jobs/1/",
			       "jobs//ann", "jobs/x/ann", "job/1/ann", "jobs/12345678901/ann"};
	char name[64];
	const char *owner;
	size_t len;
	int64_t day;

	(void)state;
	usage_day_counter(name, sizeof(name), "ann/2", 20500 * USEC_PER_DAY + 5);
	assert_string_equal(name, "jobs/20500/ann/2");
	assert_true(usage_day_counter_read(name, strlen(name), &day, &owner, &len));
	assert_int_equal(day, 20500);
	assert_int_equal(len, 5);
	assert_memory_equal(owner, "ann/2", len);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *text = just(wrong[i], strlen(wrong[i]));

		assert_false(usage_day_counter_read(text, strlen(wrong[i]), &day, &owner, &len));
		free(text);
	}
}

static void test_windows(void **state)
{
	const struct usage_window window = {1800000000, 50};
	unsigned char record[USAGE_WINDOW_SIZE];
	struct usage_window found;

	(void)state;
	usage_window_write(&window, record);
	assert_true(usage_window_read(record, sizeof(record), &found));
	assert_int_equal(found.start, window.start);
	assert_int_equal(found.reserved, window.reserved);
	assert_false(usage_window_read(record, sizeof(record) - 1, &found));
	record[USAGE_WINDOW_SIZE - 1] = 0x80;
	assert_false(usage_window_read(record, sizeof(record), &found)); /* negative */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key),     cmocka_unit_test(test_bounds_of_keys),
		cmocka_unit_test(test_cut_off), cmocka_unit_test(test_days),
		cmocka_unit_test(test_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
