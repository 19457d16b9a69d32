#include "fcgi/form_priv.h"
#include "lib/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void test_last_counts(void **state)
{
	struct form *form = form_new();
	const char *names[] = {"a", "b", "a"}, *values[] = {"1", "2", "3"};

	(void)state;
	for (int i = 0; i < 3; i++)
		form_add(form, names[i])->value = strdup(values[i]);
	assert_string_equal(form_text(form, "a"), "3");
	assert_string_equal(form_text(form, "b"), "2");
	assert_null(form_text(form, "c"));
	assert_null(form_find(form, "c"));
	form_free(&form);
	assert_null(form);
	form_free(&form);
}

/* A file that nobody took goes with its form. */
static void test_files(void **state)
{
	char kept[] = "/tmp/kinora-form-XXXXXX", dropped[] = "/tmp/kinora-form-XXXXXX";
	struct form *form = form_new();
	char *taken;

	(void)state;
	close(mkstemp(kept));
	close(mkstemp(dropped));
	form_add(form, "kept")->path = strdup(kept);
	form_add(form, "dropped")->path = strdup(dropped);
	taken = form_take_file(form, "kept");
	assert_string_equal(taken, kept);
	assert_null(form_take_file(form, "kept"));
	assert_null(form_take_file(form, "none"));
	form_free(&form);
	assert_int_equal(access(kept, F_OK), 0);
	assert_int_not_equal(access(dropped, F_OK), 0);
	unlink(taken);
	free(taken);
}

static enum kn_err from_json(const char *text, struct form *form)
{
	json_object *object = NULL;
	enum kn_err err = json_parse_strict(text, strlen(text), &object);

	assert_int_equal(err, KN_OK);
	err = form_from_json(object, form);
	json_object_put(object);
	return err;
}

static void test_json(void **state)
{
	struct form *form = form_new();

	(void)state;
	assert_int_equal(
		from_json("{\"s\":\"é\",\"n\":5,\"f\":2.5,\"t\":true,\"z\":null,\"e\":\"\"}", form),
		KN_OK);
	assert_string_equal(form_text(form, "s"), "é");
	assert_string_equal(form_text(form, "n"), "5");
	assert_string_equal(form_text(form, "f"), "2.5");
	assert_string_equal(form_text(form, "t"), "true");
	assert_string_equal(form_text(form, "e"), "");
	assert_null(form_text(form, "z"));
	assert_true(form_find(form, "z")->is_null);
	assert_true(form_find(form, "n")->is_json && form_find(form, "t")->is_json);
	assert_false(form_find(form, "s")->is_json || form_find(form, "z")->is_json);
	assert_int_equal(from_json("[1]", form), KN_ERR_INVALID);
	assert_int_equal(from_json("\"s\"", form), KN_ERR_INVALID);
	form_free(&form);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_counts),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
