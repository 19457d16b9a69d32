/* Lines out of a stream, however it is cut. */
#include "lib/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Puts text in pieces of `step` bytes; writes what comes out as "line|" or "!|" for a long one. */
static void run(const char *text, size_t len, size_t step, size_t max, char *out, size_t size)
{
	struct lines lines = {.max = max};
	size_t n = 0;

	out[0] = '\0';
	for (size_t at = 0; at <= len; at += step) {
		enum lines_got got;
		char *line;
		size_t line_len;

		if (at < len)
			assert_int_equal(
				lines_put(&lines, text + at, at + step < len ? step : len - at),
				KN_OK);
		else
			assert_int_equal(lines_end(&lines), KN_OK);
		while ((got = lines_next(&lines, &line, &line_len)) != LINES_NONE)
			n += (size_t)snprintf(out + n, size - n, "%s|",
					      got == LINES_ONE ? line : "!");
	}
	assert_int_equal(lines_end(&lines), KN_OK);
	lines_free(&lines);
}

static void cut_anywhere(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"", ""},
		{"\n", "|"},
		{"a\nbc\n", "a|bc|"},
		{"12345678\n123456789\nx\n", "12345678|!|x|"},
		{"123456789012345678901234567890\n\nx\n", "!||x|"},
		{"1234567890", "!|"},
	};
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t step = 1; step < 40; step++) {
			run(cases[i].in, strlen(cases[i].in), step, 8, out, sizeof(out));
			assert_string_equal(out, cases[i].out);
		}
}

static void last_line_without_end(void **state)
{
	char out[64];

	(void)state;
	run("a\nb", 3, 1, 8, out, sizeof(out));
	assert_string_equal(out, "a|b|");
}

/* A line that never ends must not grow in memory. */
static void memory_is_bounded(void **state)
{
	struct lines lines = {.max = 1000};
	char block[512], *line;
	size_t len;
	int too_long = 0;

	(void)state;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(lines_put(&lines, block, sizeof(block)), KN_OK);
		too_long += lines_next(&lines, &line, &len) == LINES_TOO_LONG;
	}
	assert_int_equal(too_long, 1);
	assert_true(lines.size < 100000);
	lines_free(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(last_line_without_end),
		cmocka_unit_test(memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
