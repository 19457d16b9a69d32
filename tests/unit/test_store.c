/* The store as one thread sees it. */
#include "lib/clock.h"
#include "store_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	char dir[STORE_DIR_SIZE];
	struct store *store;
	int created, changed, deleted; /* what on_change was told */
};

static void on_change(void *arg, const struct job *old, const struct job *new)
{
	struct fixture *f = arg;

	f->created += old == NULL;
	f->deleted += new == NULL;
	f->changed += old != NULL && new != NULL;
}

static void reopen(struct fixture *f)
{
	struct store_options options = {.dir = f->dir, .on_change = on_change, .on_change_arg = f};

	store_close(&f->store);
	assert_int_equal(store_open(&options, &f->store), KN_OK);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	store_dir_make(f->dir);
	reopen(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_dir_remove(f->dir, &f->store);
	free(f);
	return 0;
}

/* Creates a job, and returns its id in out. */
static void create(struct fixture *f, enum job_api api, const char *model, const char *owner,
		   char out[ID_SIZE])
{
	struct job *job = job_new(api, model);

	job_set(&job->prompt, "a cat");
	job_set(&job->owner, owner);
	assert_int_equal(store_job_create(f->store, job), KN_OK);
	if (out != NULL)
		memcpy(out, job->id, ID_SIZE);
	job_free(&job);
}

static enum kn_err claim(struct fixture *f, const char *class_name, int64_t lease_us,
			 struct job **out)
{
	struct store_claim claim = {&class_name, 1, "test", lease_us};

	return store_job_claim(f->store, &claim, out);
}

static uint64_t count(struct fixture *f, int api, int state, const char *owner)
{
	uint64_t n;

	assert_int_equal(store_job_count(f->store, api, state, owner, &n), KN_OK);
	return n;
}

static uint64_t queue_length(struct fixture *f, const char *class_name)
{
	uint64_t n;

	assert_int_equal(store_queue_length(f->store, class_name, &n), KN_OK);
	return n;
}

static enum kn_err complete(struct job *job, void *arg)
{
	struct job_file video = {
		.name = arg, .mime = "video/mp4", .path = "videos/x.mp4", .bytes = 1};
	enum kn_err err = job_transition(job, JOB_COMPLETED, JOB_BY_RESULT, clock_wall_us());

	return err == KN_OK && arg != NULL ? job_files_put(&job->assets, &video) : err;
}

static enum kn_err cancel(struct job *job, void *arg)
{
	(void)arg;
	return job_transition(job, JOB_CANCELLED, JOB_BY_CANCEL, clock_wall_us());
}

static void test_create_and_get(void **state)
{
	struct fixture *f = *state;
	struct job *job;
	char id[ID_SIZE];

	create(f, JOB_GROK_IMAGINE, "grok", NULL, id);
	assert_int_equal(strncmp(id, "job_", 4), 0);
	assert_int_equal(store_job_get(f->store, id, &job), KN_OK);
	assert_string_equal(job->id, id);
	assert_string_equal(job->prompt, "a cat");
	assert_int_equal(job->state, JOB_QUEUED);
	assert_true(job->created > 0 && job->created == job->updated &&
		    job->created == job->run_at);
	job_free(&job);
	assert_int_equal(store_job_get(f->store, "job_nosuchjob000", &job), KN_ERR_NOT_FOUND);
	assert_int_equal(f->created, 1);
}

static void test_a_given_id_is_kept_once(void **state)
{
	struct fixture *f = *state;
	struct job *job = job_new(JOB_GROK_3D, "default");

	strcpy(job->id, "0123abcd");
	assert_int_equal(store_job_create(f->store, job), KN_OK);
	assert_string_equal(job->id, "0123abcd");
	assert_int_equal(store_job_create(f->store, job), KN_ERR_EXISTS);
	assert_string_equal(job->id, "0123abcd");
	assert_int_equal(count(f, JOB_GROK_3D, -1, NULL), 1);
	job_free(&job);
}

static void test_claim_goes_by_priority_then_age(void **state)
{
	struct fixture *f = *state;
	struct job *urgent = job_new(JOB_GROK_IMAGINE, "grok"), *job;
	char first[ID_SIZE], second[ID_SIZE];

	create(f, JOB_GROK_IMAGINE, "grok", NULL, first);
	create(f, JOB_GROK_IMAGINE, "grok", NULL, second);
	create(f, JOB_VIVID_FLOW, "wan2.1", NULL, NULL);
	urgent->priority = 1;
	assert_int_equal(store_job_create(f->store, urgent), KN_OK);
	assert_int_equal(queue_length(f, "grok_imagine/grok"), 3);

	assert_int_equal(claim(f, "grok_imagine/grok", USEC_PER_SEC, &job), KN_OK);
	assert_string_equal(job->id, urgent->id);
	assert_int_equal(job->state, JOB_PROCESSING);
	assert_int_equal(job->attempt, 1);
	assert_int_equal(strlen(job->lease.token), TOKEN_SIZE - 1);
	assert_string_equal(job->lease.worker, "test");
	assert_int_equal(job->lease.until, job->started + USEC_PER_SEC);
	job_free(&job);
	assert_int_equal(claim(f, "grok_imagine/grok", 0, &job), KN_OK);
	assert_string_equal(job->id, first);
	job_free(&job);
	assert_int_equal(claim(f, "grok_imagine/grok", 0, &job), KN_OK);
	assert_string_equal(job->id, second);
	job_free(&job);
	assert_int_equal(claim(f, "grok_imagine/grok", 0, &job), KN_ERR_NOT_FOUND);
	assert_int_equal(queue_length(f, "grok_imagine/grok"), 0);
	assert_int_equal(queue_length(f, "vivid_flow/wan2.1"), 1);
	job_free(&urgent);
}

static void test_claim_of_several_classes_takes_the_oldest(void **state)
{
	struct fixture *f = *state;
	const char *classes[] = {"vivid_flow/wan2.1", "grok_imagine/grok"};
	struct store_claim both = {classes, 2, "test", 0};
	char first[ID_SIZE];
	struct job *job;

	create(f, JOB_GROK_IMAGINE, "grok", NULL, first);
	create(f, JOB_VIVID_FLOW, "wan2.1", NULL, NULL);
	assert_int_equal(store_job_claim(f->store, &both, &job), KN_OK);
	assert_string_equal(job->id, first);
	job_free(&job);
}

static enum kn_err release_later(struct job *job, void *arg)
{
	enum kn_err err = job_transition(job, JOB_QUEUED, JOB_BY_RELEASE, clock_wall_us());

	(void)arg;
	job->run_at += 3600 * USEC_PER_SEC;
	return err;
}

static void test_a_job_that_must_wait_hides_no_other(void **state)
{
	struct fixture *f = *state;
	struct job *job, *low = job_new(JOB_GROK_IMAGINE, "grok");

	create(f, JOB_GROK_IMAGINE, "grok", NULL, NULL);
	assert_int_equal(claim(f, "grok_imagine/grok", 0, &job), KN_OK);
	assert_int_equal(
		store_job_change(f->store, job->id, release_later, NULL, STORE_FLUSHED, NULL),
		KN_OK);
	job_free(&job);
	assert_int_equal(claim(f, "grok_imagine/grok", 0, &job), KN_ERR_NOT_FOUND);
	low->priority = 255;
	assert_int_equal(store_job_create(f->store, low), KN_OK);
	assert_int_equal(queue_length(f, "grok_imagine/grok"), 2);
	assert_int_equal(claim(f, "grok_imagine/grok", 0, &job), KN_OK);
	assert_string_equal(job->id, low->id);
	job_free(&job);
	job_free(&low);
}

static enum kn_err refuse(struct job *job, void *arg)
{
	(void)arg;
	job->progress = 50;
	return KN_ERR_STALE;
}

static enum kn_err advance(struct job *job, void *arg)
{
	job->progress = *(int *)arg;
	return KN_OK;
}

static void test_change(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE];
	struct job *job;
	int progress = 40;

	create(f, JOB_GROK_IMAGINE, "grok", NULL, id);
	assert_int_equal(store_job_change(f->store, id, refuse, NULL, STORE_FLUSHED, NULL),
			 KN_ERR_STALE);
	assert_int_equal(store_job_get(f->store, id, &job), KN_OK);
	assert_int_equal(job->progress, 0);
	job_free(&job);
	assert_int_equal(store_job_change(f->store, id, advance, &progress, STORE_LAZY, &job),
			 KN_OK);
	assert_int_equal(job->progress, 40);
	job_free(&job);
	assert_int_equal(store_job_change(f->store, "none", advance, &progress, STORE_LAZY, &job),
			 KN_ERR_NOT_FOUND);
	assert_int_equal(store_ping(f->store), KN_OK);
	assert_int_equal(f->changed, 1);
}

static void test_counts_follow_every_change(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE];
	struct job *job;

	create(f, JOB_VIVID_FLOW, "wan2.1", "ann", id);
	create(f, JOB_VIVID_FLOW, "wan2.1", "bob", NULL);
	create(f, JOB_GROK_IMAGINE, "grok", NULL, NULL);
	assert_int_equal(count(f, -1, -1, NULL), 3);
	assert_int_equal(count(f, -1, JOB_QUEUED, NULL), 3);
	assert_int_equal(count(f, JOB_VIVID_FLOW, -1, NULL), 2);
	assert_int_equal(count(f, -1, -1, "ann"), 1);
	assert_int_equal(claim(f, "vivid_flow/wan2.1", 0, &job), KN_OK);
	assert_string_equal(job->id, id);
	job_free(&job);
	assert_int_equal(count(f, JOB_VIVID_FLOW, JOB_QUEUED, NULL), 1);
	assert_int_equal(count(f, JOB_VIVID_FLOW, JOB_PROCESSING, "ann"), 1);
	assert_int_equal(count(f, JOB_VIVID_FLOW, JOB_QUEUED, "ann"), 0);
	assert_int_equal(store_job_delete(f->store, id, &job), KN_OK);
	assert_string_equal(job->owner, "ann");
	job_free(&job);
	assert_int_equal(store_job_delete(f->store, id, NULL), KN_ERR_NOT_FOUND);
	assert_int_equal(count(f, -1, -1, NULL), 2);
	assert_int_equal(count(f, -1, -1, "ann"), 0);
	assert_int_equal(f->created, 3);
	assert_int_equal(f->changed, 1);
	assert_int_equal(f->deleted, 1);
}

static void test_leases_come_due(void **state)
{
	struct fixture *f = *state;
	struct store_ids ids;
	struct job *first, *second;
	int64_t next;

	create(f, JOB_GROK_3D, "default", NULL, NULL);
	create(f, JOB_GROK_3D, "default", NULL, NULL);
	assert_int_equal(claim(f, "grok_3d/default", 10 * USEC_PER_SEC, &first), KN_OK);
	assert_int_equal(claim(f, "grok_3d/default", 20 * USEC_PER_SEC, &second), KN_OK);
	assert_int_equal(store_lease_due(f->store, clock_wall_us(), 10, &ids, &next), KN_OK);
	assert_int_equal(ids.n, 0);
	assert_int_equal(next, first->lease.until);
	store_ids_free(&ids);
	assert_int_equal(store_lease_due(f->store, first->lease.until + 1, 10, &ids, &next), KN_OK);
	assert_int_equal(ids.n, 1);
	assert_string_equal(ids.v[0], first->id);
	assert_int_equal(next, second->lease.until);
	store_ids_free(&ids);
	assert_int_equal(store_job_change(f->store, first->id, complete, NULL, STORE_FLUSHED, NULL),
			 KN_OK);
	assert_int_equal(store_lease_due(f->store, INT64_MAX, 10, &ids, &next), KN_OK);
	assert_int_equal(ids.n, 1);
	assert_string_equal(ids.v[0], second->id);
	assert_int_equal(next, INT64_MAX);
	store_ids_free(&ids);
	job_free(&first);
	job_free(&second);
}

static enum kn_err expire(struct job *job, void *arg)
{
	(void)arg;
	job->expired = clock_wall_us();
	return KN_OK;
}

static void test_retention_comes_due(void **state)
{
	struct fixture *f = *state;
	struct store_ids ids;
	struct job *job, *done;

	create(f, JOB_GROK_IMAGINE, "grok", NULL, NULL);
	create(f, JOB_GROK_IMAGINE, "grok", NULL, NULL);
	assert_int_equal(claim(f, "grok_imagine/grok", 0, &job), KN_OK);
	assert_int_equal(
		store_job_change(f->store, job->id, complete, "video", STORE_FLUSHED, &done),
		KN_OK);
	assert_int_equal(store_retention_due(f->store, JOB_GROK_IMAGINE, done->finished, 9, &ids),
			 KN_OK);
	assert_int_equal(ids.n, 0);
	store_ids_free(&ids);
	assert_int_equal(store_retention_due(f->store, JOB_GROK_IMAGINE, INT64_MAX, 9, &ids),
			 KN_OK);
	assert_int_equal(ids.n, 1);
	assert_string_equal(ids.v[0], job->id);
	store_ids_free(&ids);
	assert_int_equal(store_job_change(f->store, job->id, expire, NULL, STORE_FLUSHED, NULL),
			 KN_OK);
	assert_int_equal(store_retention_due(f->store, JOB_GROK_IMAGINE, INT64_MAX, 9, &ids),
			 KN_OK);
	assert_int_equal(ids.n, 0);
	store_ids_free(&ids);
	job_free(&job);
	job_free(&done);
}

static void test_waiting_too_long_comes_due(void **state)
{
	struct fixture *f = *state;
	char id[3][ID_SIZE];
	struct store_ids ids;
	struct job *job;

	for (int i = 0; i < 3; i++)
		create(f, JOB_VIVID_FLOW, "wan2.1", NULL, id[i]);
	create(f, JOB_GROK_3D, "default", NULL, NULL);
	assert_int_equal(store_job_get(f->store, id[2], &job), KN_OK);
	assert_int_equal(
		store_state_due(f->store, JOB_VIVID_FLOW, JOB_QUEUED, 0, job->created, 10, &ids),
		KN_OK);
	assert_int_equal(ids.n, 2);
	assert_string_equal(ids.v[0], id[0]);
	assert_string_equal(ids.v[1], id[1]);
	store_ids_free(&ids);
	assert_int_equal(
		store_state_due(f->store, JOB_VIVID_FLOW, JOB_QUEUED, 0, INT64_MAX, 1, &ids),
		KN_OK);
	assert_int_equal(ids.n, 1);
	store_ids_free(&ids);
	job_free(&job);
	assert_int_equal(store_job_get(f->store, id[0], &job), KN_OK);
	assert_int_equal(store_state_due(f->store, JOB_VIVID_FLOW, JOB_QUEUED, job->created,
					 INT64_MAX, 10, &ids),
			 KN_OK);
	assert_int_equal(ids.n, 2);
	assert_string_equal(ids.v[0], id[1]);
	store_ids_free(&ids);
	assert_int_equal(
		store_state_due(f->store, JOB_TEXT_TO_VIDEO, JOB_QUEUED, 0, INT64_MAX, 1, &ids),
		KN_OK);
	assert_int_equal(ids.n, 0);
	store_ids_free(&ids);
	job_free(&job);
}

static void test_everything_is_there_after_reopening(void **state)
{
	struct fixture *f = *state;
	struct store *second;
	struct store_options options = {.dir = f->dir};
	char id[ID_SIZE];
	struct job *job, *later;

	create(f, JOB_GROK_IMAGINE, "grok", NULL, id);
	assert_int_equal(store_open(&options, &second), KN_ERR_BUSY);
	assert_null(second);
	reopen(f);
	assert_int_equal(store_job_get(f->store, id, &job), KN_OK);
	assert_int_equal(count(f, -1, JOB_QUEUED, NULL), 1);
	create(f, JOB_GROK_3D, "default", NULL, id);
	assert_int_equal(store_job_get(f->store, id, &later), KN_OK);
	assert_true(later->created > job->created);
	job_free(&job);
	job_free(&later);
}

static void test_cancelled_jobs_leave_the_queue(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE];
	struct job *job;

	create(f, JOB_GROK_IMAGINE, "grok", NULL, id);
	assert_int_equal(store_job_change(f->store, id, cancel, NULL, STORE_FLUSHED, NULL), KN_OK);
	assert_int_equal(claim(f, "grok_imagine/grok", 0, &job), KN_ERR_NOT_FOUND);
	assert_int_equal(queue_length(f, "grok_imagine/grok"), 0);
	assert_int_equal(store_job_change(f->store, id, cancel, NULL, STORE_FLUSHED, NULL),
			 KN_ERR_CONFLICT);
}

/* Whoever asks for what is not there is not left with a pointer to anywhere. */
static void test_a_job_that_is_not_there_is_none(void **state)
{
	struct fixture *f = *state;
	struct job *job = (struct job *)(void *)f;

	assert_int_equal(store_job_get(f->store, "job_none00000000", &job), KN_ERR_NOT_FOUND);
	assert_null(job);
}

static enum kn_err put_as_it_is(struct store_txn *txn, void *arg)
{
	return store_txn_job_put(txn, NULL, arg);
}

/* A job of an hour ahead, as it was made before the clock was set back. */
static void put_from_ahead(struct fixture *f)
{
	struct job *job = job_new(JOB_GROK_IMAGINE, "grok");

	strcpy(job->id, "job_ahead0000000");
	job->created = job->updated = job->run_at = clock_wall_us() + 3600 * USEC_PER_SEC;
	assert_int_equal(store_write(f->store, put_as_it_is, job, STORE_FLUSHED), KN_OK);
	job_free(&job);
}

static void test_a_clock_that_was_set_back_stops_no_queue(void **state)
{
	const int64_t lease = 60 * USEC_PER_SEC;
	struct fixture *f = *state;
	struct job *job;

	create(f, JOB_GROK_IMAGINE, "grok", NULL, NULL);
	put_from_ahead(f);
	reopen(f);
	create(f, JOB_GROK_IMAGINE, "grok", NULL, NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(claim(f, "grok_imagine/grok", lease, &job), KN_OK);
		assert_null(job_fault(job));
		assert_in_range(job->lease.until, 1, clock_wall_us() + lease);
		job_free(&job);
	}
	assert_int_equal(
		store_job_change(f->store, "job_ahead0000000", cancel, NULL, STORE_FLUSHED, &job),
		KN_OK);
	assert_null(job_fault(job));
	job_free(&job);
}

static void test_a_path_with_special_characters(void **state)
{
	struct fixture *f = *state;
	char dir[128], copy[PATH_MAX];
	struct store_options options = {.dir = dir};
	struct store *store = NULL;

	snprintf(dir, sizeof(dir), "%s/[a-c]*?\\{~", f->dir);
	assert_int_equal(store_open(&options, &store), KN_OK);
	assert_int_equal(store_copy(store, copy), KN_OK);
	assert_true(store_exists(copy));
	store_close(&store);
	assert_int_equal(store_open(&options, &store), KN_OK);
	assert_false(store_exists(copy));
	store_close(&store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_create_and_get),
		TEST(test_a_given_id_is_kept_once),
		TEST(test_claim_goes_by_priority_then_age),
		TEST(test_claim_of_several_classes_takes_the_oldest),
		TEST(test_a_job_that_must_wait_hides_no_other),
		TEST(test_change),
		TEST(test_counts_follow_every_change),
		TEST(test_leases_come_due),
		TEST(test_retention_comes_due),
		TEST(test_waiting_too_long_comes_due),
		TEST(test_everything_is_there_after_reopening),
		TEST(test_cancelled_jobs_leave_the_queue),
		TEST(test_a_job_that_is_not_there_is_none),
		TEST(test_a_clock_that_was_set_back_stops_no_queue),
		TEST(test_a_path_with_special_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
