/* The store under many threads, and after a kill in the middle of it. */
#include "lib/clock.h"
#include "store_dir.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 16, JOBS = 1000 };

struct fixture {
	char dir[STORE_DIR_SIZE];
	struct store *store;
	atomic_int claimed, failed;
	char seen[JOBS]; /* how often the job of that number was claimed */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	store_dir_make(f->dir);
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

static enum kn_err create(struct store *store, int number, char id[ID_SIZE])
{
	struct job *job = job_new(number % 2 ? JOB_GROK_3D : JOB_TEXT_TO_VIDEO, "default");
	char prompt[16];
	enum kn_err err;

	snprintf(prompt, sizeof(prompt), "%d", number);
	job_set(&job->prompt, prompt);
	err = store_job_create(store, job);
	memcpy(id, job->id, ID_SIZE);
	job_free(&job);
	return err;
}

static void run_threads(void *(*main)(void *), void *arg)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, main, arg), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static enum kn_err complete(struct job *job, void *arg)
{
	const char *token = arg;

	if (strcmp(job->lease.token, token) != 0)
		return KN_ERR_STALE;
	return job_transition(job, JOB_COMPLETED, JOB_BY_RESULT, clock_wall_us());
}

/* Claims, looks around as the dialects do, and completes, until nothing is left. */
static void *claim_all(void *arg)
{
	const char *classes[] = {"grok_3d/default", "text_to_video/default"};
	struct store_claim claim = {classes, 2, "test", USEC_PER_SEC};
	struct fixture *f = arg;
	struct job *job;
	enum kn_err err;

	while ((err = store_job_claim(f->store, &claim, &job)) == KN_OK) {
		struct store_query query = {.api = -1, .state = JOB_PROCESSING, .limit = 20};
		struct store_page page;

		f->seen[atoi(job->prompt)]++;
		f->claimed++;
		if (store_job_list(f->store, &query, &page) != KN_OK)
			f->failed++;
		store_page_free(&page);
		if (store_job_change(f->store, job->id, complete, job->lease.token, STORE_FLUSHED,
				     NULL) != KN_OK)
			f->failed++;
		job_free(&job);
	}
	if (err != KN_ERR_NOT_FOUND)
		f->failed++;
	return NULL;
}

static void test_each_job_is_claimed_once(void **state)
{
	struct fixture *f = *state;
	uint64_t n;
	char id[ID_SIZE];

	f->store = store_dir_open(f->dir);
	for (int i = 0; i < JOBS; i++)
		assert_int_equal(create(f->store, i, id), KN_OK);
	run_threads(claim_all, f);
	assert_int_equal(f->failed, 0);
	assert_int_equal(f->claimed, JOBS);
	for (int i = 0; i < JOBS; i++)
		assert_int_equal(f->seen[i], 1);
	assert_int_equal(store_job_count(f->store, -1, JOB_COMPLETED, NULL, &n), KN_OK);
	assert_int_equal(n, JOBS);
	assert_int_equal(store_queue_length(f->store, "grok_3d/default", &n), KN_OK);
	assert_int_equal(n, 0);
}

/* --- a kill --- */

struct child {
	struct store *store;
	int acknowledged; /* a pipe: the ids of jobs whose creation was answered */
	atomic_int number;
};

static void *create_forever(void *arg)
{
	struct child *child = arg;
	char id[ID_SIZE] = "";

	while (create(child->store, child->number++, id) == KN_OK)
		if (write(child->acknowledged, id, sizeof(id)) != sizeof(id))
			break;
	return NULL;
}

static void run_child(const char *dir, int acknowledged)
{
	struct child child = {store_dir_open(dir), acknowledged, 0};

	run_threads(create_forever, &child);
	_exit(0);
}

struct acknowledged {
	char (*ids)[ID_SIZE];
	size_t n;
};

/* Reads ids from the child until there are `max`, or no more. */
static void read_ids(int from, struct acknowledged *a, size_t max)
{
	char id[ID_SIZE];

	while (a->n < max && read(from, id, sizeof(id)) == sizeof(id)) {
		a->ids = realloc(a->ids, (a->n + 1) * sizeof(*a->ids));
		memcpy(a->ids[a->n++], id, sizeof(id));
	}
}

static void test_what_was_acknowledged_survives_a_kill(void **state)
{
	struct fixture *f = *state;
	struct acknowledged a = {0};
	struct job *job;
	uint64_t total;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		run_child(f->dir, fds[1]);
	close(fds[1]);
	read_ids(fds[0], &a, JOBS);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	read_ids(fds[0], &a, SIZE_MAX);
	close(fds[0]);
	f->store = store_dir_open(f->dir);
	for (size_t i = 0; i < a.n; i++) {
		assert_int_equal(store_job_get(f->store, a.ids[i], &job), KN_OK);
		job_free(&job);
	}
	assert_int_equal(store_job_count(f->store, -1, -1, NULL, &total), KN_OK);
	assert_in_range(total, a.n, a.n + THREADS); /* and those that nobody was told of */
	free(a.ids);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_each_job_is_claimed_once),
		TEST(test_what_was_acknowledged_survives_a_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
