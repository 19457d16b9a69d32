#include "fcgi/urlencoded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void test_pairs(void **state)
{
	static const struct {
		const char *name, *value;
	} want[] = {{"a", "1"}, {"b", ""}, {"c", ""}, {"", "x"}, {"d", "e=f"}};
	const char *at = "&a=1&&b&c=&=x&d=e=f&";
	struct urlencoded_pair pair;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(urlencoded_next(&at, &pair));
		assert_int_equal(pair.name_len, strlen(want[i].name));
		assert_memory_equal(pair.name, want[i].name, pair.name_len);
		assert_int_equal(pair.value_len, strlen(want[i].value));
		assert_memory_equal(pair.value, want[i].value, pair.value_len);
	}
	assert_false(urlencoded_next(&at, &pair));
	assert_false(urlencoded_next(&at, &pair));
}

static void test_names(void **state)
{
	const char *at = "li%6dit=1";
	struct urlencoded_pair pair;

	(void)state;
	assert_true(urlencoded_next(&at, &pair));
	assert_true(urlencoded_is(&pair, "limit"));
	assert_false(urlencoded_is(&pair, "limi"));
	assert_false(urlencoded_is(&pair, "limits"));
	assert_false(urlencoded_is(&pair, ""));
}

static void test_decode(void **state)
{
	static const struct {
		const char *text;
		const char *value; /* NULL: refused */
	} cases[] = {
		{"", ""},      {"a+b%20c", "a b c"}, {"%C3%a9", "\xc3\xa9"}, {"%2B", "+"},
		{"%", NULL},   {"%2", NULL},         {"%zz", NULL},          {"%00", NULL},
		{"%ff", NULL}, {"a%C3", NULL},       {"%ed%a0%80", NULL},    {"%F0%9F%8E%A5", "🎥"},
		{"%%3", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64];
		size_t len = 0;
		enum kn_err err;

		snprintf(text, sizeof(text), "%s", cases[i].text);
		err = urlencoded_decode(text, strlen(text), &len);
		assert_int_equal(err, cases[i].value != NULL ? KN_OK : KN_ERR_INVALID);
		if (cases[i].value == NULL)
			continue;
		assert_string_equal(text, cases[i].value);
		assert_int_equal(len, strlen(text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_decode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
