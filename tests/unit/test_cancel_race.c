/* A cancellation against a claim, over and over: each job ends in exactly one of the two, and what
 * both were told is what the store says. KINORA_SLOW=1 runs it ten thousand times. */
#include "fcgi/events.h"
#include "fcgi/work.h"
#include "lib/asset.h"
#include "lib/conf.h"
#include "lib/fs.h"
#include "lib/store/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const wan[] = {"vivid_flow/wan2.1"};

struct race {
	struct server server;
	pthread_barrier_t start, end;
	int rounds;
	char id[ID_SIZE];          /* of this round's job */
	char claimed[ID_SIZE];     /* "" for none */
	enum kn_err claim, cancel; /* what each was told */
};

static void *claimer(void *arg)
{
	struct race *race = arg;
	struct job *job = NULL;

	for (int i = 0; i < race->rounds; i++) {
		pthread_barrier_wait(&race->start);
		race->claim = work_claim(&race->server, wan, 1, "tester", 60, &job);
		strcpy(race->claimed, race->claim == KN_OK ? job->id : "");
		job_free(&job);
		pthread_barrier_wait(&race->end);
	}
	return NULL;
}

static void *canceller(void *arg)
{
	struct race *race = arg;

	for (int i = 0; i < race->rounds; i++) {
		pthread_barrier_wait(&race->start);
		race->cancel = work_cancel(&race->server, race->id, false, NULL);
		pthread_barrier_wait(&race->end);
	}
	return NULL;
}

static void create(struct race *race)
{
	struct job *job = job_new(JOB_VIVID_FLOW, "wan2.1");
	bool replayed;

	job_set(&job->prompt, "a cat");
	assert_int_equal(work_create(&race->server, &job, NULL, &replayed), KN_OK);
	strcpy(race->id, job->id);
	job_free(&job);
}

/* Whether the claim won. */
static bool judge(struct race *race)
{
	bool claimed = race->claim == KN_OK;
	struct job *job = NULL;

	assert_int_equal(store_job_get(race->server.store, race->id, &job), KN_OK);
	assert_int_equal(job->state, claimed ? JOB_PROCESSING : JOB_CANCELLED);
	assert_int_equal(job->attempt, claimed);
	assert_int_equal(job->lease.token[0] != '\0', claimed);
	job_free(&job);
	assert_string_equal(race->claimed, claimed ? race->id : "");
	assert_int_equal(race->claim, claimed ? KN_OK : KN_ERR_NOT_FOUND);
	assert_int_equal(race->cancel, claimed ? KN_ERR_CONFLICT : KN_OK);
	return claimed;
}

static void run(struct race *race)
{
	pthread_t threads[2];
	int claimed = 0;

	pthread_barrier_init(&race->start, NULL, 3);
	pthread_barrier_init(&race->end, NULL, 3);
	pthread_create(&threads[0], NULL, claimer, race);
	pthread_create(&threads[1], NULL, canceller, race);
	for (int i = 0; i < race->rounds; i++) {
		create(race);
		pthread_barrier_wait(&race->start);
		pthread_barrier_wait(&race->end);
		claimed += judge(race);
	}
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	pthread_barrier_destroy(&race->start);
	pthread_barrier_destroy(&race->end);
	printf("%d races: %d claimed, %d cancelled\n", race->rounds, claimed,
	       race->rounds - claimed);
	assert_in_range(claimed, 1, race->rounds - 1);
}

static void test_races(void **state)
{
	char dir[] = "/tmp/kinora-race-XXXXXX", videos[80];
	struct conf conf = {.data_path = dir, .video_storage_path = videos};
	struct race race = {.rounds = getenv("KINORA_SLOW") != NULL ? 10000 : 1000};
	struct store_options options = {.dir = dir, .on_change = events_on_change};

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(videos, sizeof(videos), "%s/videos", dir);
	race.server.conf = &conf;
	race.server.events = options.on_change_arg = events_new();
	assert_int_equal(asset_prepare(&conf), KN_OK);
	assert_int_equal(store_open(&options, &race.server.store), KN_OK);
	run(&race);
	store_close(&race.server.store);
	events_free(&race.server.events);
	fs_remove_tree(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_races),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
