#include "fcgi/header_params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_value(void **state)
{
	(void)state;
	assert_true(header_is("application/json", "application/json"));
	assert_true(header_is(" Application/JSON ; charset=utf-8", "application/json"));
	assert_false(header_is("application/jsonx", "application/json"));
	assert_false(header_is("", "application/json"));
}

static void test_params(void **state)
{
	static const struct {
		const char *header, *name;
		enum kn_err err;
		const char *value;
	} cases[] = {
		{"form-data; name=a", "name", KN_OK, "a"},
		{"form-data;name=\"a b\" ; filename=c", "name", KN_OK, "a b"},
		{"form-data; NAME=\"a;b=c\"", "name", KN_OK, "a;b=c"},
		{"form-data; name=\"a\\\"b\\\\c\\d\"", "name", KN_OK, "a\"b\\c\\d"},
		{"form-data; filename=\"C:\\dir\\f.mp4\"", "filename", KN_OK, "C:\\dir\\f.mp4"},
		{"form-data; name=\"\"", "name", KN_OK, ""},
		{"form-data; name=a;", "name", KN_OK, "a"},
		{"form-data; filename*=UTF-8''caf%c3%A9", "filename*", KN_OK, "caf\xc3\xa9"},
		{"form-data; filename*=utf-8'en'a%20b; filename=x", "filename*", KN_OK, "a b"},
		{"form-data; filename*=iso-8859-1''a", "filename*", KN_ERR_INVALID, NULL},
		{"form-data; filename*=UTF-8''a%00b", "filename*", KN_ERR_INVALID, NULL},
		{"form-data; filename*=UTF-8'a", "filename*", KN_ERR_INVALID, NULL},
		{"form-data", "name", KN_ERR_NOT_FOUND, NULL},
		{"form-data; filename=name", "name", KN_ERR_NOT_FOUND, NULL},
		{"form-data; name=a; name=b", "name", KN_ERR_INVALID, NULL},
		{"form-data; name=\"a", "name", KN_ERR_INVALID, NULL},
		{"form-data; name=\"a\"b", "name", KN_ERR_INVALID, NULL},
		{"form-data; name", "name", KN_ERR_INVALID, NULL},
		{"form-data; name=\"\xff\"", "name", KN_ERR_INVALID, NULL},
		{"form-data; name=12345678901234567890", "name", KN_ERR_INVALID, NULL},
	};
	char out[20];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(header_param(cases[i].header, cases[i].name, out, sizeof(out)),
				 cases[i].err);
		if (cases[i].value != NULL)
			assert_string_equal(out, cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_params),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
