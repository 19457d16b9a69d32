#include "lib/motion_terms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void test_camera(void **state)
{
	enum camera move = CAMERA_ROLL_LEFT;

	(void)state;
	assert_true(camera_parse("Pan (right)", &move));
	assert_int_equal(move, CAMERA_PAN_RIGHT);
	assert_true(camera_parse("ZOOM-in", &move));
	assert_int_equal(move, CAMERA_ZOOM_IN);
	assert_true(camera_parse("static", &move));
	assert_int_equal(move, CAMERA_STATIC);
	assert_true(camera_parse("", &move));
	assert_int_equal(move, CAMERA_NONE);
	assert_false(camera_parse("Pan", &move));
	assert_false(camera_parse("Pan (right) x", &move));
	assert_false(camera_parse("\xf0\x9f\x8e\xa5", &move));
	assert_false(camera_parse("a text that is far too long to be any of the terms", &move));
	assert_int_equal(move, CAMERA_NONE);
}

static void test_others(void **state)
{
	enum environment effect = ENVIRONMENT_NONE;
	enum subject animation = SUBJECT_NONE;

	(void)state;
	assert_true(environment_parse("Light Rays", &effect));
	assert_int_equal(effect, ENVIRONMENT_LIGHT_RAYS);
	assert_false(environment_parse("frogs", &effect));
	assert_true(subject_parse("sway", &animation));
	assert_int_equal(animation, SUBJECT_SWAY);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(environment_names(), "None, Rain, Snow, Fog, Dust, Light rays");
	assert_string_equal(subject_names(), "None, Sway, Breathe, Bounce, Float");
	assert_memory_equal(camera_names(), "None, Static, Pan (left), ", 26);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_camera),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
