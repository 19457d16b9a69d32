/*
 * The store alone: creates, claims with completions, gets and lists.
 *
 *   tests/bench/store DIR [JOBS [THREADS [CACHE_MIB]]]
 *
 * DIR must not exist; it is left behind, so that it can be looked at. For a
 * slower disk: SLOW_SYNC_US=2000 LD_PRELOAD=tests/bench/slow_sync.so.
 */
#include "lib/clock.h"
#include "lib/store/store.h"

#include <err.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 256, CLAIMS = 50000, GETS = 1000000, LISTS = 100000, PAGE = 50 };

static const char *const classes[] = {"grok_imagine/grok", "text_to_video/default",
				      "grok_3d/default", "vivid_flow/wan2.1"};

static struct store *store;
static char (*ids)[ID_SIZE];
static int jobs = 100000, threads = 32;
static atomic_int next; /* number of the operation to do next */

static void check(enum kn_err err, const char *what)
{
	if (err != KN_OK)
		errx(1, "%s: %s", what, kn_err_text(err));
}

static void create(int i)
{
	int api = i % JOB_API_COUNT;
	struct job *job = job_new((enum job_api)api, strchr(classes[api], '/') + 1);

	job_set(&job->prompt,
		"A red fox runs through fresh snow at dawn, close to the camera, slow motion");
	job_set(&job->params,
		"{\"model\":\"grok\",\"duration\":5,\"resolution\":\"720p\",\"camera\":\"dolly\"}");
	if (api == JOB_VIVID_FLOW)
		job_set(&job->owner, i % 8 == 3 ? "ann" : "bob");
	check(store_job_create(store, job), "create");
	memcpy(ids[i], job->id, ID_SIZE);
	job_free(&job);
}

static enum kn_err complete(struct job *job, void *arg)
{
	(void)arg;
	return job_transition(job, JOB_COMPLETED, JOB_BY_RESULT, clock_wall_us());
}

static void claim_and_complete(int i)
{
	struct store_claim claim = {classes, JOB_API_COUNT, "bench", 60 * USEC_PER_SEC};
	struct job *job;

	(void)i;
	check(store_job_claim(store, &claim, &job), "claim");
	check(store_job_change(store, job->id, complete, NULL, STORE_FLUSHED, NULL), "complete");
	job_free(&job);
}

static void get(int i)
{
	struct job *job;

	check(store_job_get(store, ids[(unsigned)i * 2654435761U % (unsigned)jobs], &job), "get");
	job_free(&job);
}

static void list(int i)
{
	struct store_query query = {.api = i % JOB_API_COUNT, .state = i % 2 ? JOB_QUEUED : -1, .limit = PAGE};
	struct store_page page;

	query.after = ids[(unsigned)i * 2654435761U % (unsigned)jobs];
	check(store_job_list(store, &query, &page), "list");
	store_page_free(&page);
}

struct round {
	void (*run)(int i);
	int n;
};

static void *round_main(void *arg)
{
	const struct round *round = arg;
	int i;

	while ((i = next++) < round->n)
		round->run(i);
	return NULL;
}

/* Of the whole process: what counts on a machine that is busy with other things too. */
static int64_t cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

static void measure(const char *what, void (*run)(int), int n, int with_threads)
{
	struct round round = {run, n};
	pthread_t ids_of_threads[THREADS_MAX];
	int64_t begin = clock_mono_us(), cpu = cpu_us(), took;

	next = 0;
	for (int i = 0; i < with_threads; i++)
		if (pthread_create(&ids_of_threads[i], NULL, round_main, &round) != 0)
			errx(1, "a thread cannot be started");
	for (int i = 0; i < with_threads; i++)
		pthread_join(ids_of_threads[i], NULL);
	took = clock_mono_us() - begin;
	cpu = cpu_us() - cpu;
	printf("%-22s %8d in %6.2f s, %3d threads: %7.0f/s, %6.2f us of CPU each\n", what, n,
	       (double)took / 1e6, with_threads, n * 1e6 / (double)took, (double)cpu / n);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct store_options options = {.dir = argv[1]};

	if (argc < 2 || access(argv[1], F_OK) == 0)
		errx(1, "usage: store DIR [JOBS [THREADS [CACHE_MIB]]]; DIR must not exist");
	if (argc > 2)
		jobs = atoi(argv[2]);
	if (argc > 3)
		threads = atoi(argv[3]);
	if (argc > 4)
		options.cache_bytes = (uint64_t)atoi(argv[4]) << 20;
	if (jobs < CLAIMS || threads < 1 || threads > THREADS_MAX || sodium_init() < 0)
		errx(1, "JOBS from %d, THREADS up to %d", CLAIMS, THREADS_MAX);
	ids = calloc((size_t)jobs, sizeof(*ids));
	if (ids == NULL)
		err(1, NULL);
	check(store_open(&options, &store), "open");
	measure("durable creates", create, jobs, threads);
	measure("claims and completions", claim_and_complete, CLAIMS, threads);
	measure("gets", get, GETS, 1);
	measure("gets", get, GETS, 2);
	measure("lists of 50 rows", list, LISTS, 1);
	store_close(&store);
	free(ids);
	return 0;
}
