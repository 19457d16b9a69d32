/* How many jobs may wait: exact, however many ask at once. */
#include "store_dir.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MAX = 100, MAX_PER_OWNER = 30, THREADS = 16, EACH = 20 };

struct fixture {
	char dir[STORE_DIR_SIZE];
	struct store *store;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct store_options options = {
		.dir = f->dir, .max_queued = MAX, .max_queued_per_owner = MAX_PER_OWNER};

	store_dir_make(f->dir);
	assert_int_equal(store_open(&options, &f->store), KN_OK);
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

static enum kn_err create(struct store *store, enum job_api api, const char *owner)
{
	struct job *job = job_new(api, "default");
	enum kn_err err;

	job_set(&job->owner, owner);
	err = store_job_create(store, job);
	job_free(&job);
	return err;
}

static void claim(struct store *store, const char *class_name, struct job **out)
{
	struct store_claim wanted = {&class_name, 1, "test", 0};

	assert_int_equal(store_job_claim(store, &wanted, out), KN_OK);
}

struct crowd {
	struct store *store;
	const char *owner;
	enum kn_err refusal;
	atomic_int created, refused;
};

static void *crowd_member(void *arg)
{
	struct crowd *crowd = arg;

	for (int i = 0; i < EACH; i++) {
		enum kn_err err =
			create(crowd->store, (enum job_api)(i % JOB_API_COUNT), crowd->owner);

		crowd->created += err == KN_OK;
		crowd->refused += err == crowd->refusal;
	}
	return NULL;
}

static void run_crowd(struct crowd *crowd)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, crowd_member, crowd), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static uint64_t queued(struct store *store, const char *owner)
{
	uint64_t n;

	assert_int_equal(store_job_count(store, -1, JOB_QUEUED, owner, &n), KN_OK);
	return n;
}

static void test_as_many_as_may_wait(void **state)
{
	struct fixture *f = *state;
	struct crowd crowd = {.store = f->store, .refusal = KN_ERR_QUEUE};
	struct job *job = NULL;

	run_crowd(&crowd);
	assert_int_equal(crowd.created, MAX);
	assert_int_equal(crowd.refused, THREADS * EACH - MAX);
	assert_int_equal(queued(f->store, NULL), MAX);

	claim(f->store, "grok_3d/default", &job);
	job_free(&job);
	assert_int_equal(create(f->store, JOB_GROK_3D, NULL), KN_OK);
	assert_int_equal(create(f->store, JOB_GROK_3D, NULL), KN_ERR_QUEUE);
}

static void test_as_many_of_an_owner(void **state)
{
	struct fixture *f = *state;
	struct crowd crowd = {.store = f->store, .owner = "key:a", .refusal = KN_ERR_OWNER_QUEUE};

	run_crowd(&crowd);
	assert_int_equal(crowd.created, MAX_PER_OWNER);
	assert_int_equal(crowd.refused, THREADS * EACH - MAX_PER_OWNER);
	assert_int_equal(queued(f->store, "key:a"), MAX_PER_OWNER);
	/* Others are not concerned, nor those who have no owner. */
	assert_int_equal(create(f->store, JOB_VIVID_FLOW, "key:b"), KN_OK);
	for (int i = 0; i < MAX_PER_OWNER; i++)
		assert_int_equal(create(f->store, JOB_GROK_3D, NULL), KN_OK);
}

static enum kn_err give_back(struct job *job, void *arg)
{
	return job_transition(job, JOB_QUEUED, JOB_BY_RELEASE, *(int64_t *)arg);
}

static void test_what_was_accepted_comes_back(void **state)
{
	struct fixture *f = *state;
	struct job *job = NULL;
	int64_t now = 1;

	for (int i = 0; i < MAX; i++)
		assert_int_equal(create(f->store, JOB_GROK_3D, NULL), KN_OK);
	claim(f->store, "grok_3d/default", &job);
	assert_int_equal(create(f->store, JOB_GROK_3D, NULL), KN_OK);
	assert_int_equal(store_job_change(f->store, job->id, give_back, &now, STORE_FLUSHED, NULL),
			 KN_OK);
	assert_int_equal(queued(f->store, NULL), MAX + 1);
	assert_int_equal(create(f->store, JOB_GROK_3D, NULL), KN_ERR_QUEUE);
	job_free(&job);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_as_many_as_may_wait),
		TEST(test_as_many_of_an_owner),
		TEST(test_what_was_accepted_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
