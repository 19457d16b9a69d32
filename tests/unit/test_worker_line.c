/* Lines of workers: those of the contract, and those that are not. */
#include "daemon/output.h"
#include "daemon/worker_line.h"
#include "lib/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void lines_of_the_contract(void **state)
{
	struct worker_line line;
	const char *text = "{\"type\":\"progress\",\"progress\":140,\"stage\":\"captions\"}";

	(void)state;
	assert_int_equal(worker_line_parse(text, strlen(text), &line), KN_OK);
	assert_int_equal(line.kind, WORKER_PROGRESS);
	assert_int_equal(line.progress, 100);
	assert_string_equal(line.stage, "captions");
	assert_null(line.message);
	worker_line_free(&line);
	text = "{\"type\":\"progress\",\"progress\":41.9}";
	assert_int_equal(worker_line_parse(text, strlen(text), &line), KN_OK);
	assert_int_equal(line.progress, 41);
	worker_line_free(&line);
	text = "{\"version\":1}";
	assert_int_equal(worker_line_parse(text, strlen(text), &line), KN_OK);
	assert_int_equal(line.kind, WORKER_VERSION);
	worker_line_free(&line);
	text = "{\"type\":\"asset\",\"name\":\"video\",\"file\":\"out.mp4\"}";
	assert_int_equal(worker_line_parse(text, strlen(text), &line), KN_OK);
	assert_string_equal(line.file, "out.mp4");
	worker_line_free(&line);
}

static void others(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"7",
		"\"x\"",
		"null",
		"{\"version\":0}",
		"{\"type\":\"dance\"}",
		"{\"type\":7}",
		"{\"type\":\"log\"}",
		"{\"type\":\"log\",\"line\":7}",
		"{\"type\":\"asset\",\"name\":\"video\"}",
		"{\"type\":\"error\"}",
		"\xff\xfe",
	};
	struct worker_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(worker_line_parse(bad[i], strlen(bad[i]), &line), KN_ERR_INVALID);
}

/* Everything a worker may write ends up as something that the control socket takes. */
static void what_comes_of_output(void **state)
{
	static const char text[] = "{\"version\":1}\nrubbish\n"
				   "{\"type\":\"progress\",\"progress\":10}\n"
				   "{\"type\":\"progress\",\"progress\":20,\"message\":\"half\"}\n"
				   "{\"type\":\"log\",\"line\":\"one\"}\n"
				   "{\"type\":\"error\",\"message\":\"first\"}\n"
				   "{\"type\":\"error\",\"code\":\"c\",\"message\":\"last\"}";
	static const char errors[] = "caf\xe9 \0 ok\nlast words";
	struct output output;
	json_object *report;
	int out[2], err[2];

	(void)state;
	output_init(&output, "job_x");
	assert_int_equal(pipe(out) | pipe(err), 0);
	assert_int_equal(write(out[1], text, sizeof(text) - 1), sizeof(text) - 1);
	assert_int_equal(write(err[1], errors, sizeof(errors) - 1), sizeof(errors) - 1);
	close(out[1]);
	close(err[1]);
	assert_false(output_read_stdout(&output, out[0], true));
	assert_false(output_read_stderr(&output, err[0], true));
	output_end(&output);
	assert_int_equal(output.bad_lines, 1);
	assert_false(output.is_unusable);
	assert_string_equal(output.error_text, "last");
	output_report_tail(&output);
	report = output_take_report(&output);
	assert_int_equal(json_get_int(report, "progress", 0), 20);
	assert_string_equal(json_object_to_json_string_ext(json_get_array(report, "log"),
							   JSON_C_TO_STRING_PLAIN),
			    "[\"one\",\"caf? ? ok\",\"last words\"]");
	json_object_put(report);
	assert_null(output_take_report(&output));
	output_clear(&output);
	close(out[0]);
	close(err[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_the_contract),
		cmocka_unit_test(others),
		cmocka_unit_test(what_comes_of_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
