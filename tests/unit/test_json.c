#include "lib/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

/* From memory of exactly that length. */
static enum kn_err parse(const char *text, size_t max)
{
	size_t len = strlen(text);
	char *copy = malloc(len > 0 ? len : 1);
	json_object *out = NULL;
	enum kn_err err;

	memcpy(copy, text, len);
	err = json_parse_bounded(copy, len, max, &out);
	json_object_put(out);
	free(copy);
	return err;
}

static void test_accepted(void **state)
{
	static const char *const texts[] = {
		"null",
		" true\n",
		"0",
		"-0",
		"10",
		"-1.5e+10",
		"1E5",
		"0.5",
		"\"\"",
		"\"\\u00e9\"",
		"[]",
		"[[1]]",
		"{\"a\":1,\"b\":[\"'NI01.\"]}",
		"[0,1]",
		"\"\\\\\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(parse(texts[i], SIZE_MAX), KN_OK);
}

/* json-c takes more than half of these, even when it is asked to be strict. */
static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",         "NaN",    "Infinity", "-Infinity", "nUll", "01",
		"00",       "-01",    "1.",       ".5",        "1e",   "1e+",
		"+1",       "-",      "'a'",      "{'a':1}",   "[1,]", "{,}",
		"[1 2]",    "\"\t\"", "\"\n\"",   "\"\\x\"",   "\"",   "\"\\u0000\"",
		"\"\xff\"", "1 2",    "/* */1",   "{\"a\"}",   "[",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(parse(texts[i], SIZE_MAX), KN_ERR_INVALID);
}

static void test_bounded(void **state)
{
	(void)state;
	assert_int_equal(parse("[1,2,3]", 4), KN_OK);
	assert_int_equal(parse("[1,2,3]", 3), KN_ERR_INVALID);
	/* An empty list counts for two. */
	assert_int_equal(parse("[[],{}]", 5), KN_OK);
	assert_int_equal(parse("[[],{}]", 4), KN_ERR_INVALID);
	assert_int_equal(parse("\",,,[[[\"", 1), KN_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
