#include "lib/json.h"
#include "lib/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void assert_written(struct bytes *text, const char *wanted)
{
	bytes_put_u8(text, '\0');
	assert_false(text->failed);
	assert_string_equal((char *)text->data, wanted);
	free(text->data);
}

static void test_commas(void **state)
{
	struct bytes to = {0};

	(void)state;
	json_text_open(&to, NULL, '{');
	json_text_open(&to, "none", '[');
	json_text_close(&to, ']');
	json_text_open(&to, "list", '[');
	for (int i = -1; i < 2; i++) {
		json_text_open(&to, NULL, '{');
		json_text_int(&to, "n", i);
		json_text_close(&to, '}');
	}
	json_text_close(&to, ']');
	json_text_string(&to, "absent", NULL);
	/* Text that ends like what is open. */
	json_text_string(&to, "{", "[");
	json_text_string(&to, ":", ":");
	json_text_int(&to, "least", INT64_MIN);
	json_text_close(&to, '}');
	assert_written(&to,
		       "{\"none\":[],\"list\":[{\"n\":-1},{\"n\":0},{\"n\":1}],\"absent\":null,"
		       "\"{\":\"[\",\":\":\":\",\"least\":-9223372036854775808}");
}

/* The same bytes as json-c writes, for each character by itself and within others. */
static void test_escapes(void **state)
{
	(void)state;
	for (int c = 1; c < 128; c++) {
		char text[] = {(char)c, 'a', (char)c, (char)c, 'b', '\0'};
		json_object *tree = json_object_new_string(text);
		struct bytes to = {0};

		json_text_string(&to, NULL, text);
		assert_written(&to, json_object_to_json_string_ext(
					    tree, JSON_C_TO_STRING_PLAIN |
							  JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(tree);
	}
}

static void test_other_text(void **state)
{
	struct bytes to = {0};

	(void)state;
	json_text_string(&to, "Käfer", "\xf0\x9f\x98\x80");
	assert_written(&to, "\"Käfer\":\"\xf0\x9f\x98\x80\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commas),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_other_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
