/* The JSON lines log: whole lines in the specified shape, in the day's file, and cheap for the
 * caller. */
#include "fcgi/request_log.h"
#include "fcgi/connection.h"
#include "fcgi/request.h"
#include "fcgi/router.h"
#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/fs.h"
#include "lib/job.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	char dir[64];
	struct conf conf;
	struct request_log *log;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->dir, "/tmp/kinora-log-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	fixture->conf.log_path = fixture->dir;
	fixture->conf.request_log = "all";
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	fs_remove_tree(fixture->dir);
	free(fixture);
	return 0;
}

static void log_request(struct fixture *fixture, const char *method, const char *body)
{
	struct response response = {.status = 201};
	struct request req = {
		.method = method,
		.path = "/v1/video/generations",
		.dialect = &dialect_grok_imagine,
		.json = body != NULL ? json_tokener_parse(body) : NULL,
		.res = &response,
		.job_id = "job_123abc",
	};

	request_log_request(fixture->log, &req);
	json_object_put(req.json);
}

static const char *text_of(json_object *object, const char *name)
{
	return json_object_get_string(json_object_object_get(object, name));
}

/* Ends the log and reads line n of it, from the file of its day; the caller's to put. NULL: no such
 * line. */
static json_object *line_of(struct fixture *fixture, int n)
{
	char pattern[128], line[65536] = "";
	json_object *parsed = NULL;
	glob_t files = {0};

	request_log_close(&fixture->log);
	snprintf(pattern, sizeof(pattern), "%s/requests_*.jsonl", fixture->dir);
	glob(pattern, 0, NULL, &files);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		FILE *file = fopen(files.gl_pathv[i], "r");

		assert_non_null(file);
		while (n >= 0 && fgets(line, sizeof(line), file) != NULL)
			if (n-- == 0)
				parsed = json_tokener_parse(line);
		fclose(file);
		if (parsed != NULL && n == -1)
			assert_memory_equal(strrchr(files.gl_pathv[i], '_') + 1,
					    text_of(parsed, "timestamp"), strlen("2024-01-01"));
	}
	globfree(&files);
	return parsed;
}

static void test_request_line(void **state)
{
	struct fixture *fixture = *state;
	json_object *line, *payload, *image;

	assert_int_equal(request_log_open(&fixture->conf, &fixture->log), KN_OK);
	log_request(fixture, "POST",
		    "{\"prompt\":\"a \\\"cat\\\"\",\"image\":\"data:image/png;base64,AAAA\"}");
	line = line_of(fixture, 0);
	assert_string_equal(text_of(line, "type"), "request");
	assert_string_equal(text_of(line, "method"), "POST");
	assert_string_equal(text_of(line, "path"), "/v1/video/generations");
	assert_string_equal(text_of(line, "job_id"), "job_123abc");
	assert_int_equal(strlen(text_of(line, "timestamp")), strlen("2024-01-01T12:00:00Z"));
	payload = json_object_object_get(line, "payload");
	image = json_object_object_get(payload, "image");
	assert_string_equal(text_of(payload, "prompt"), "a \"cat\"");
	assert_string_equal(text_of(image, "type"), "image/png");
	assert_int_equal(json_object_get_int(json_object_object_get(image, "size")), 26);
	json_object_put(line);
}

static void test_a_path_that_is_no_text(void **state)
{
	struct fixture *fixture = *state;
	struct response response = {.status = 400};
	struct request req = {.method = "GET",
			      .path = "/\xc0\xae"
				      "x\xff",
			      .res = &response};
	json_object *line;

	assert_int_equal(request_log_open(&fixture->conf, &fixture->log), KN_OK);
	request_log_request(fixture->log, &req);
	line = line_of(fixture, 0);
	assert_string_equal(text_of(line, "path"), "/??x?");
	json_object_put(line);
}

static void test_result_line(void **state)
{
	struct fixture *fixture = *state;
	struct job *job = job_new(JOB_GROK_IMAGINE, "grok");
	struct job_file video = {.name = "video", .mime = "video/mp4", .path = "videos/x.mp4"};
	json_object *line;

	video.bytes = 2048576;
	job_files_put(&job->assets, &video);
	strcpy(job->id, "job_123abc");
	job->state = JOB_COMPLETED;
	job->created = USEC_PER_SEC;
	job->finished = job->created + 150500000;
	assert_int_equal(request_log_open(&fixture->conf, &fixture->log), KN_OK);
	request_log_on_change(fixture->log, NULL, job);
	request_log_on_change(fixture->log, job, job); /* no change of state */
	job->api = JOB_GROK_3D;
	request_log_on_change(fixture->log, NULL, job); /* not of this dialect */
	line = line_of(fixture, 0);
	assert_string_equal(text_of(line, "type"), "response");
	assert_string_equal(text_of(line, "status"), "completed");
	assert_true(json_object_get_double(json_object_object_get(line, "duration")) == 150.5);
	assert_int_equal(json_object_get_int(json_object_object_get(line, "video_size")), 2048576);
	json_object_put(line);
	assert_null(line_of(fixture, 1));
	job_free(&job);
}

static void test_changes_only(void **state)
{
	struct fixture *fixture = *state;

	fixture->conf.request_log = "changes";
	assert_int_equal(request_log_open(&fixture->conf, &fixture->log), KN_OK);
	log_request(fixture, "GET", NULL);
	assert_null(line_of(fixture, 0));
}

static void test_off(void **state)
{
	struct fixture *fixture = *state;

	fixture->conf.request_log = "off";
	assert_int_equal(request_log_open(&fixture->conf, &fixture->log), KN_OK);
	assert_null(fixture->log);
	log_request(fixture, "POST", "{}");
	request_log_on_change(fixture->log, NULL, NULL);
}

/* Far more than may wait: every request is either a line, or counted in one. */
static void test_overload_is_counted(void **state)
{
	enum { REQUESTS = 200000 };
	struct fixture *fixture = *state;
	int64_t lines = 0, dropped = 0, begun;
	json_object *line = NULL;
	char command[160], text[32];
	FILE *pipe;

	assert_int_equal(request_log_open(&fixture->conf, &fixture->log), KN_OK);
	begun = clock_mono_us();
	for (int i = 0; i < REQUESTS; i++)
		log_request(fixture, "GET", NULL);
	print_message("%.2f us a request\n", (double)(clock_mono_us() - begun) / REQUESTS);
	request_log_close(&fixture->log);
	snprintf(command, sizeof(command), "cat %s/requests_*.jsonl", fixture->dir);
	pipe = popen(command, "r");
	for (char buffer[4096]; fgets(buffer, sizeof(buffer), pipe) != NULL;) {
		line = json_tokener_parse(buffer);
		assert_non_null(line);
		snprintf(text, sizeof(text), "%s", text_of(line, "type"));
		if (strcmp(text, "dropped") == 0)
			dropped += json_object_get_int64(json_object_object_get(line, "lines"));
		else
			lines++;
		json_object_put(line);
	}
	pclose(pipe);
	assert_true(lines > 0);
	assert_int_equal(lines + dropped, REQUESTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_request_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_path_that_is_no_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_result_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overload_is_counted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
