#include "lib/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { REASONS = JOB_BY_RETRY + 1 };

/* One line for each state to start from: reasons by column, states that the reason may lead to as
 * letters. */
static const char *const legal[JOB_STATE_COUNT][REASONS] = {
	[JOB_QUEUED] = {[JOB_BY_CLAIM] = "p", [JOB_BY_TIMEOUT] = "f", [JOB_BY_CANCEL] = "x"},
	[JOB_PROCESSING] = {[JOB_BY_RESULT] = "cf",
			    [JOB_BY_RELEASE] = "q",
			    [JOB_BY_TIMEOUT] = "f",
			    [JOB_BY_CANCEL] = "x"},
	[JOB_FAILED] = {[JOB_BY_RETRY] = "q"},
};
static const char letters[JOB_STATE_COUNT] = {'q', 'p', 'c', 'f', 'x'};

static bool expected(int from, int to, int why)
{
	const char *targets = legal[from][why];

	return targets != NULL && strchr(targets, letters[to]) != NULL;
}

static void check_refused(struct job *job, int from, int to, int why)
{
	assert_int_equal(job_transition(job, to, why, 1000), KN_ERR_CONFLICT);
	assert_int_equal(job->state, from);
	assert_int_equal(job->updated, 0);
}

static void check_made(struct job *job, int to, int why)
{
	assert_int_equal(job_transition(job, to, why, 1000), KN_OK);
	assert_int_equal(job->state, to);
	assert_int_equal(job->updated, 1000);
	assert_int_equal(job->finished, job_state_is_terminal(to) ? 1000 : 0);
	if (to != JOB_PROCESSING) {
		assert_null(job->lease.worker);
		assert_string_equal(job->lease.token, "");
		assert_int_equal(job->lease.until, 0);
	}
}

static void test_every_edge(void **state)
{
	(void)state;
	for (int from = 0; from < JOB_STATE_COUNT; from++)
		for (int to = 0; to < JOB_STATE_COUNT; to++)
			for (int why = 0; why < REASONS; why++) {
				struct job *job = job_new(JOB_GROK_IMAGINE, "grok");

				job->state = from;
				job_set(&job->lease.worker, "w");
				strcpy(job->lease.token, "t");
				job->lease.until = 5;
				assert_int_equal(job_edge_is_legal(from, to, why),
						 expected(from, to, why));
				if (expected(from, to, why))
					check_made(job, to, why);
				else
					check_refused(job, from, to, why);
				job_free(&job);
			}
}

static void test_an_attempt_begins_afresh(void **state)
{
	struct job *job = job_new(JOB_GROK_IMAGINE, "grok");

	(void)state;
	assert_int_equal(job_transition(job, JOB_PROCESSING, JOB_BY_CLAIM, 10), KN_OK);
	assert_int_equal(job->attempt, 1);
	assert_int_equal(job->started, 10);
	job->progress = 70;
	job->began = 11;
	job_set(&job->stage, "rendering");
	assert_int_equal(job_transition(job, JOB_QUEUED, JOB_BY_RELEASE, 20), KN_OK);
	assert_int_equal(job->run_at, 20);
	assert_int_equal(job->started, 0);
	assert_int_equal(job->began, 0);
	assert_int_equal(job->progress, 0);
	assert_null(job->stage);
	assert_int_equal(job_transition(job, JOB_PROCESSING, JOB_BY_CLAIM, 30), KN_OK);
	assert_int_equal(job->attempt, 2);
	job_set(&job->error_text, "broken");
	assert_int_equal(job_transition(job, JOB_FAILED, JOB_BY_RESULT, 40), KN_OK);
	assert_string_equal(job->error_text, "broken");
	assert_int_equal(job_transition(job, JOB_QUEUED, JOB_BY_RETRY, 50), KN_OK);
	assert_int_equal(job->attempt, 0);
	assert_null(job->error_text);
	job_free(&job);
}

static void test_completion_is_a_hundred_percent(void **state)
{
	struct job *job = job_new(JOB_GROK_IMAGINE, "grok");

	(void)state;
	job_transition(job, JOB_PROCESSING, JOB_BY_CLAIM, 1);
	assert_int_equal(job_transition(job, JOB_COMPLETED, JOB_BY_RESULT, 2), KN_OK);
	assert_int_equal(job->progress, 100);
	job_free(&job);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < JOB_API_COUNT; i++)
		assert_int_equal(job_api_from_name(job_api_name(i)), i);
	for (int i = 0; i < JOB_STATE_COUNT; i++)
		assert_int_equal(job_state_from_name(job_state_name(i)), i);
	assert_int_equal(job_api_from_name("dalle"), -1);
	assert_int_equal(job_state_from_name(""), -1);
}

static void test_log_keeps_the_newest_lines(void **state)
{
	struct job *job = job_new(JOB_TEXT_TO_VIDEO, "default");
	char line[32];
	int lines = 0;

	(void)state;
	for (int i = 1; i <= JOB_LOG_LINES_MAX + 5; i++) {
		snprintf(line, sizeof(line), "line %d", i);
		assert_int_equal(job_log(job, line), KN_OK);
	}
	for (const char *p = job->log; *p != '\0'; p++)
		lines += *p == '\n';
	assert_int_equal(lines, JOB_LOG_LINES_MAX);
	assert_int_equal(strncmp(job->log, "line 6\n", 7), 0);
	job_free(&job);
}

static void test_log_lines_are_plain_and_short(void **state)
{
	struct job *job = job_new(JOB_TEXT_TO_VIDEO, "default");
	char line[2 * JOB_LOG_LINE_BYTES_MAX + 1];

	(void)state;
	assert_int_equal(job_log(job, "a\nb\tc\x1b[0m\x7f"), KN_OK);
	assert_string_equal(job->log, "a b c [0m \n");
	job_set(&job->log, NULL);
	memset(line, 'x', sizeof(line));
	memcpy(line + JOB_LOG_LINE_BYTES_MAX - 1, "\xc3\xa9", 2); /* é across the limit */
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(job_log(job, line), KN_OK);
	assert_int_equal(strlen(job->log), JOB_LOG_LINE_BYTES_MAX - 1 + 1);
	job_free(&job);
}

static void test_files_are_unique_by_name(void **state)
{
	struct job *job = job_new(JOB_GROK_3D, "default"), *copy;
	struct job_file a = {
		.name = "glb", .mime = "model/gltf-binary", .path = "jobs/1/a.glb", .bytes = 1};
	struct job_file b = {
		.name = "glb", .mime = "model/gltf-binary", .path = "jobs/1/b.glb", .bytes = 2};
	struct job_file c = {
		.name = "image", .mime = "image/png", .path = "jobs/1/c.png", .bytes = 3};

	(void)state;
	assert_int_equal(job_files_put(&job->assets, &a), KN_OK);
	assert_int_equal(job_files_put(&job->assets, &c), KN_OK);
	assert_int_equal(job_files_put(&job->assets, &b), KN_OK);
	assert_int_equal(job->assets.n, 2);
	copy = job_copy(job);
	job_free(&job);
	assert_string_equal(job_files_find(&copy->assets, "glb")->path, "jobs/1/b.glb");
	assert_int_equal(job_files_find(&copy->assets, "image")->bytes, 3);
	assert_null(job_files_find(&copy->assets, "usdz"));
	job_free(&copy);
	assert_null(copy);
}

/* As a job is that came to this state by its first attempt. */
static struct job *sound_job(enum job_state state)
{
	struct job *job = job_new(JOB_GROK_IMAGINE, "grok");

	assert_non_null(job);
	job->state = state;
	job->created = job->updated = 10;
	job->attempt = state != JOB_QUEUED;
	job->started = state != JOB_QUEUED ? 20 : 0;
	job->finished = job_state_is_terminal(state) ? 30 : 0;
	job->progress = state == JOB_COMPLETED ? 100 : 0;
	strcpy(job->lease.token, state == JOB_PROCESSING ? "a token" : "");
	return job;
}

static void test_faults(void **state)
{
	static const struct {
		enum job_state state;
		const char *words;
		size_t field; /* whose eight bytes are changed: a time, or the start of a text */
		int64_t to;
	} cases[] = {
#define SET(field, to) offsetof(struct job, field), to
		{JOB_PROCESSING, "is processing without a lease", SET(lease.token, 0)},
		{JOB_QUEUED, "has a lease, and is not processing", SET(lease.until, 1)},
		{JOB_PROCESSING, "is processing, never started", SET(started, 0)},
		{JOB_COMPLETED, "has ended, at no time", SET(finished, 0)},
		{JOB_QUEUED, "has a time of its end, and goes on", SET(finished, 1)},
		{JOB_PROCESSING, "has lost its files before its end", SET(expired, 1)},
		{JOB_QUEUED, "is queued, with progress", SET(started, 1)},
		{JOB_QUEUED, "was updated before its creation", SET(updated, 1)},
#undef SET
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct job *job = sound_job(cases[i].state);

		assert_null(job_fault(job));
		memcpy((char *)job + cases[i].field, &cases[i].to, sizeof(cases[i].to));
		assert_string_equal(job_fault(job), cases[i].words);
		job_free(&job);
	}
}

static void test_faults_of_progress(void **state)
{
	static const char *const words[JOB_STATE_COUNT] = {
		[JOB_QUEUED] = "is queued, with progress",
		[JOB_COMPLETED] = "is completed by less than 100%",
	};

	(void)state;
	for (int s = 0; s < JOB_STATE_COUNT; s++) {
		struct job *job = sound_job((enum job_state)s);

		assert_null(job_fault(job));
		job->progress = 50;
		if (words[s] != NULL)
			assert_string_equal(job_fault(job), words[s]);
		else
			assert_null(job_fault(job));
		job_free(&job);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_edge),
		cmocka_unit_test(test_an_attempt_begins_afresh),
		cmocka_unit_test(test_completion_is_a_hundred_percent),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_log_keeps_the_newest_lines),
		cmocka_unit_test(test_log_lines_are_plain_and_short),
		cmocka_unit_test(test_files_are_unique_by_name),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_faults_of_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
