/* Lists, pages and the other tables of the store. */
#include "lib/clock.h"
#include "store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void create(struct fixture *f, enum job_api api, const char *owner, const char *prompt)
{
	struct job *job = job_new(api, "m");

	job_set(&job->prompt, prompt);
	job_set(&job->owner, owner);
	assert_int_equal(store_job_create(f->store, job), KN_OK);
	job_free(&job);
}

/* n jobs, "0" to "n-1", going round the dialects, every third of them Ann's. */
static void create_many(struct fixture *f, int n)
{
	char prompt[16];

	for (int i = 0; i < n; i++) {
		snprintf(prompt, sizeof(prompt), "%d", i);
		create(f, i % JOB_API_COUNT, i % 3 == 0 ? "ann" : NULL, prompt);
	}
}

/* Walks all pages; returns how many rows there were, all matching, newest first. */
static size_t walk(struct fixture *f, int api, int state, const char *owner, size_t limit,
		   uint64_t *total)
{
	struct store_query query = {.api = api, .state = state, .owner = owner, .limit = limit};
	char after[ID_SIZE];
	int64_t before = INT64_MAX;
	struct store_page page;
	size_t n = 0;

	do {
		assert_int_equal(store_job_list(f->store, &query, &page), KN_OK);
		assert_true(page.n <= limit);
		for (size_t i = 0; i < page.n; i++) {
			const struct store_row *row = &page.rows[i];

			assert_true(row->created < before);
			assert_true(api < 0 || (int)row->api == api);
			assert_true(state < 0 || (int)row->state == state);
			assert_true(owner == NULL || strcmp(row->owner, owner) == 0);
			before = row->created;
			memcpy(after, row->id, ID_SIZE);
		}
		n += page.n;
		*total = page.total;
		query.after = page.n == limit ? after : NULL;
		store_page_free(&page);
	} while (query.after != NULL);
	return n;
}

static void test_pages_are_complete(void **state)
{
	struct fixture *f = *state;
	uint64_t total;

	create_many(f, 120);
	for (size_t limit = 1; limit <= 200; limit = limit * 2 + 1) {
		assert_int_equal(walk(f, -1, -1, NULL, limit, &total), 120);
		assert_int_equal(total, 120);
		assert_int_equal(walk(f, JOB_GROK_3D, -1, NULL, limit, &total), 30);
		assert_int_equal(walk(f, JOB_GROK_3D, JOB_QUEUED, NULL, limit, &total), 30);
		assert_int_equal(total, 30);
		assert_int_equal(walk(f, -1, JOB_FAILED, NULL, limit, &total), 0);
		assert_int_equal(walk(f, -1, -1, "ann", limit, &total), 40);
		assert_int_equal(total, 40);
		assert_int_equal(walk(f, JOB_GROK_IMAGINE, JOB_QUEUED, "ann", limit, &total), 10);
		assert_int_equal(walk(f, -1, -1, "an", limit, &total), 0);
	}
}

static void test_rows_show_the_job(void **state)
{
	struct fixture *f = *state;
	struct store_query query = {.api = JOB_VIVID_FLOW, .state = -1, .limit = 10};
	char prompt[9001];
	struct store_page page;
	struct job *job;

	memset(prompt, 'x', sizeof(prompt));
	memcpy(prompt + 7999, "\xc3\xa9", 2); /* é across the limit */
	prompt[sizeof(prompt) - 1] = '\0';
	create(f, JOB_VIVID_FLOW, "ann", prompt);
	assert_int_equal(store_job_list(f->store, &query, &page), KN_OK);
	assert_int_equal(page.n, 1);
	assert_int_equal(strlen(page.rows[0].prompt), 7999);
	assert_string_equal(page.rows[0].owner, "ann");
	assert_string_equal(page.rows[0].model, "m");
	assert_string_equal(page.rows[0].error, "");
	assert_false(page.rows[0].has_assets);
	assert_int_equal(store_job_get(f->store, page.rows[0].id, &job), KN_OK);
	assert_int_equal(page.rows[0].created, job->created);
	assert_string_equal(job->prompt, prompt);
	job_free(&job);
	store_page_free(&page);
}

static void test_pages_go_on_where_a_job_was_deleted(void **state)
{
	struct fixture *f = *state;
	struct store_query query = {.api = -1, .state = -1, .limit = 3};
	struct store_page page;

	create_many(f, 6);
	assert_int_equal(store_job_list(f->store, &query, &page), KN_OK);
	query.before = page.rows[2].created;
	assert_int_equal(store_job_delete(f->store, page.rows[2].id, NULL), KN_OK);
	store_page_free(&page);
	assert_int_equal(store_job_list(f->store, &query, &page), KN_OK);
	assert_int_equal(page.n, 3);
	assert_string_equal(page.rows[0].prompt, "2");
	assert_string_equal(page.rows[2].prompt, "0");
	store_page_free(&page);
}

static void test_an_unknown_after_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct store_query query = {.api = -1, .state = -1, .after = "nosuchjob", .limit = 10};
	struct store_page page;

	assert_int_equal(store_job_list(f->store, &query, &page), KN_ERR_NOT_FOUND);
	assert_null(page.rows);
	query.after = NULL;
	query.limit = 0;
	assert_int_equal(store_job_list(f->store, &query, &page), KN_OK);
	assert_int_equal(page.n, 0);
	store_page_free(&page);
}

/* --- other tables --- */

static enum kn_err put_five(struct store_txn *txn, void *arg)
{
	int64_t now = 0;
	enum kn_err err = KN_OK;

	for (int i = 0; i < 5 && err == KN_OK; i++) {
		char key[8], data[4000];

		snprintf(key, sizeof(key), "%s%d", i < 3 ? "a" : "b", i);
		memset(data, 'd', sizeof(data)); /* several of them are more than a chunk */
		err = store_txn_put(txn, STORE_KEYS, key, strlen(key), data, sizeof(data));
	}
	if (err == KN_OK)
		err = store_txn_counter_add(txn, "used", 5, &now);
	assert_int_equal(now % 5, 0);
	return err == KN_OK && arg != NULL ? *(enum kn_err *)arg : err;
}

static enum kn_err count_entries(void *arg, const void *key, size_t key_len, const void *data,
				 size_t data_len)
{
	assert_int_equal(key_len, 2);
	assert_int_equal(((const char *)key)[0], 'a');
	assert_int_equal(data_len, 4000);
	assert_int_equal(((const char *)data)[3999], 'd');
	return ++*(int *)arg == 100 ? KN_ERR_LIMIT : KN_OK;
}

static void test_tables(void **state)
{
	struct fixture *f = *state;
	enum kn_err refusal = KN_ERR_FORBIDDEN;
	struct store_value value;
	int64_t used;
	int n = 0;

	/* What an operation wrote before it failed does not stand. */
	assert_int_equal(store_write(f->store, put_five, &refusal, STORE_FLUSHED),
			 KN_ERR_FORBIDDEN);
	assert_int_equal(store_get(f->store, STORE_KEYS, "a0", 2, &value), KN_ERR_NOT_FOUND);
	assert_int_equal(store_counter_get(f->store, "used", &used), KN_OK);
	assert_int_equal(used, 0);
	assert_int_equal(store_write(f->store, put_five, NULL, STORE_FLUSHED), KN_OK);
	assert_int_equal(store_write(f->store, put_five, NULL, STORE_LAZY), KN_OK);
	assert_int_equal(store_counter_get(f->store, "used", &used), KN_OK);
	assert_int_equal(used, 10);
	assert_int_equal(store_get(f->store, STORE_KEYS, "a0", 2, &value), KN_OK);
	assert_int_equal(value.len, 4000);
	free(value.data);
	assert_int_equal(store_get(f->store, STORE_ACCOUNTS, "a0", 2, &value), KN_ERR_NOT_FOUND);
	assert_int_equal(store_each(f->store, STORE_KEYS, "a", 1, count_entries, &n), KN_OK);
	assert_int_equal(n, 3);
	n = 98;
	assert_int_equal(store_each(f->store, STORE_KEYS, "a", 1, count_entries, &n), KN_ERR_LIMIT);
}

static enum kn_err delete_twice(struct store_txn *txn, void *arg)
{
	assert_int_equal(store_txn_delete(txn, STORE_KEYS, "a0", 2), KN_OK);
	assert_int_equal(store_txn_delete(txn, STORE_KEYS, "a0", 2), KN_ERR_NOT_FOUND);
	(void)arg;
	return KN_OK;
}

static void test_delete(void **state)
{
	struct fixture *f = *state;
	struct store_value value;

	assert_int_equal(store_write(f->store, put_five, NULL, STORE_FLUSHED), KN_OK);
	assert_int_equal(store_write(f->store, delete_twice, NULL, STORE_FLUSHED), KN_OK);
	assert_int_equal(store_get(f->store, STORE_KEYS, "a0", 2, &value), KN_ERR_NOT_FOUND);
}

static enum kn_err create_within_limit(struct store_txn *txn, void *arg)
{
	uint64_t n;
	enum kn_err err = store_txn_count(txn, JOB_VIVID_FLOW, -1, "ann", &n);

	if (err == KN_OK && n >= 2)
		err = KN_ERR_LIMIT;
	return err == KN_OK ? store_txn_job_create(txn, arg) : err;
}

/* Counts inside an operation see what its own transaction did. */
static void test_counts_inside_an_operation(void **state)
{
	static const enum kn_err expected[] = {KN_OK, KN_OK, KN_ERR_LIMIT};
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++) {
		struct job *job = job_new(JOB_VIVID_FLOW, "m");

		job_set(&job->owner, "ann");
		assert_int_equal(store_write(f->store, create_within_limit, job, STORE_FLUSHED),
				 expected[i]);
		job_free(&job);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_pages_are_complete),
		TEST(test_rows_show_the_job),
		TEST(test_pages_go_on_where_a_job_was_deleted),
		TEST(test_an_unknown_after_is_an_error),
		TEST(test_tables),
		TEST(test_delete),
		TEST(test_counts_inside_an_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
