#include "fcgi/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the parser said, as one line: "[name|filename:data]" per part. */
struct heard {
	char text[4096];
	size_t len;
	enum kn_err answer;
};

static void hear(struct heard *heard, const char *data, size_t len)
{
	if (len > sizeof(heard->text) - 1 - heard->len)
		len = sizeof(heard->text) - 1 - heard->len;
	memcpy(heard->text + heard->len, data, len);
	heard->len += len;
	heard->text[heard->len] = '\0';
}

static enum kn_err on_begin(void *arg, const struct multipart_part *part)
{
	struct heard *heard = arg;
	char head[256];

	snprintf(head, sizeof(head), "[%s%s%s:", part->name, part->filename != NULL ? "|" : "",
		 part->filename != NULL ? part->filename : "");
	hear(heard, head, strlen(head));
	return heard->answer;
}

static enum kn_err on_data(void *arg, const char *data, size_t len)
{
	hear(arg, data, len);
	return KN_OK;
}

static enum kn_err on_end(void *arg)
{
	hear(arg, "]", 1);
	return KN_OK;
}

static const struct multipart_calls calls = {on_begin, on_data, on_end};

/* Feeds the body in pieces of `step` bytes. */
static enum kn_err parse(const char *type, const char *body, size_t len, size_t step,
			 struct heard *heard)
{
	struct multipart *parser = NULL;
	enum kn_err err;

	heard->len = 0;
	heard->text[0] = '\0';
	err = multipart_new(type, &calls, heard, &parser);
	for (size_t at = 0; at < len && err == KN_OK; at += step)
		err = multipart_feed(parser, body + at, len - at < step ? len - at : step);
	if (err == KN_OK)
		err = multipart_end(parser);
	multipart_free(&parser);
	return err;
}

#define TYPE "multipart/form-data; boundary=B"
#define PART(name, data) \
	"--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" data "\r\n"
#define FILEPART(name, file, data)                                              \
	"--B\r\ncontent-disposition:form-data; name=" name "; filename=\"" file \
	"\"\r\nContent-Type: video/mp4\r\n\r\n" data "\r\n"

static const struct {
	const char *body;
	const char *heard; /* NULL: refused */
} cases[] = {
	{PART("a", "1") PART("b", "") "--B--", "[a:1][b:]"},
	{PART("a", "1") "--B--\r\nepilogue --B", "[a:1]"},
	{"preamble\r\n--x\r\n" PART("a", "1") "--B--\r\n", "[a:1]"},
	{FILEPART("v", "x.mp4", "da\r\nta") PART("a", "1") "--B--\r\n", "[v|x.mp4:da\r\nta][a:1]"},
	{FILEPART("v", "", "") "--B--\r\n", "[v|:]"},
	{PART("a", "\r\n--\r\n--A\r\n-") "--B--\r\n", "[a:\r\n--\r\n--A\r\n-]"},
	{PART("a", "1--B--") "--B--\r\n", "[a:1--B--]"},
	{"--B  \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--", "[a:1]"},
	{"--B\r\nX: y\r\nContent-Disposition: form-data; name=a; filename=p; "
	 "filename*=UTF-8''q\r\n\r\n1\r\n--B--",
	 "[a|q:1]"},
	{"--B--\r\n", ""},
	{"", NULL},
	{"--B", NULL},
	{PART("a", "1"), NULL},
	{PART("a", "1") "--B-", NULL},
	{PART("a", "1") "--Bx\r\n--B--", NULL},
	{"--B\n"
	 "Content-Disposition: form-data; name=a\n\n1\n--B--",
	 NULL},
	{"--B\r\n\r\n1\r\n--B--", NULL},
	{"--B\r\nContent-Type: text/plain\r\n\r\n1\r\n--B--", NULL},
	{"--B\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--B--", NULL},
	{"--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--", NULL},
	{"--B\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; "
	 "name=b\r\n\r\n1\r\n--B--",
	 NULL},
};

static void test_bodies(void **state)
{
	static const size_t steps[] = {1, 2, 3, 7, 4096};
	struct heard heard = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
			enum kn_err err =
				parse(TYPE, cases[i].body, strlen(cases[i].body), steps[s], &heard);

			assert_int_equal(err, cases[i].heard != NULL ? KN_OK : KN_ERR_INVALID);
			if (cases[i].heard != NULL)
				assert_string_equal(heard.text, cases[i].heard);
		}
	}
}

static void test_boundaries(void **state)
{
	static const struct {
		const char *type;
		enum kn_err err;
	} types[] = {
		{"multipart/form-data; boundary=\"a b\"", KN_OK},
		{"multipart/form-data; charset=x; Boundary=a", KN_OK},
		{"multipart/form-data", KN_ERR_INVALID},
		{"multipart/form-data; boundary=", KN_ERR_INVALID},
		{"multipart/form-data; boundary=\"a \"", KN_ERR_INVALID},
		{"multipart/form-data; boundary=\"a\tb\"", KN_ERR_INVALID},
		{"multipart/form-data; boundary=a; boundary=a", KN_ERR_INVALID},
		{"multipart/form-data; boundary="
		 "0123456789012345678901234567890123456789012345678901234567890123456789",
		 KN_OK},
		{"multipart/form-data; boundary="
		 "01234567890123456789012345678901234567890123456789012345678901234567890",
		 KN_ERR_INVALID},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct multipart *parser = NULL;

		assert_int_equal(multipart_new(types[i].type, &calls, NULL, &parser), types[i].err);
		multipart_free(&parser);
	}
}

static void test_nul_in_headers(void **state)
{
	static const char body[] =
		"--B\r\nContent-Disposition: form-data; name=a\0b\r\n\r\n1\r\n--B--";
	struct heard heard = {0};

	(void)state;
	assert_int_equal(parse(TYPE, body, sizeof(body) - 1, 5, &heard), KN_ERR_INVALID);
}

static void test_limits(void **state)
{
	struct heard heard = {0};
	char many[8192] = "", *long_headers = calloc(1, 100000);

	(void)state;
	for (int i = 0; i < MULTIPART_PARTS_MAX; i++)
		strcat(many, PART("a", ""));
	strcat(many, "--B--");
	assert_int_equal(parse(TYPE, many, strlen(many), 100, &heard), KN_OK);
	strcpy(many + strlen(many) - 5, PART("a", "") "--B--");
	assert_int_equal(parse(TYPE, many, strlen(many), 100, &heard), KN_ERR_INVALID);

	assert_non_null(long_headers);
	strcpy(long_headers, "--B\r\nX: ");
	memset(long_headers + strlen(long_headers), 'x', 90000);
	strcat(long_headers, "\r\n\r\n");
	assert_int_equal(parse(TYPE, long_headers, strlen(long_headers), 100000, &heard),
			 KN_ERR_INVALID);
	free(long_headers);
}

static void test_large_data(void **state)
{
	static const char head[] = "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n";
	static char block[1 << 20];
	struct heard heard = {0};
	struct multipart *parser = NULL;

	(void)state;
	memset(block, '-', sizeof(block));
	assert_int_equal(multipart_new(TYPE, &calls, &heard, &parser), KN_OK);
	assert_int_equal(multipart_feed(parser, head, sizeof(head) - 1), KN_OK);
	for (int i = 0; i < 8; i++)
		assert_int_equal(multipart_feed(parser, block, sizeof(block)), KN_OK);
	assert_int_equal(multipart_feed(parser, "\r\n--B--", 7), KN_OK);
	assert_int_equal(multipart_end(parser), KN_OK);
	multipart_free(&parser);
}

static void test_calls_end_it(void **state)
{
	struct heard heard = {.answer = KN_ERR_FULL};
	static const char body[] = PART("a", "1") "--B--";

	(void)state;
	assert_int_equal(parse(TYPE, body, sizeof(body) - 1, 10, &heard), KN_ERR_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),         cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_nul_in_headers), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_large_data),     cmocka_unit_test(test_calls_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
