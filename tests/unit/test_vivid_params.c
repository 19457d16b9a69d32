/* Every parameter of both models: type, range, default, and what is wrong with what is not one. */
#include "fcgi/api/vivid_params.h"
#include "fcgi/form_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define URL "https://storage.googleapis.com/bucket/picture.png"

static void add(struct form *form, const char *name, const char *value)
{
	struct form_field *field = form_add(form, name);

	field->value = strdup(value);
	field->len = strlen(value);
}

/* What a client sends at least, for that model; NULL: for none. */
static struct form *form_for(const char *model)
{
	struct form *form = form_new();

	add(form, "prompt", "a cat");
	add(form, "image_url", URL);
	if (model != NULL)
		add(form, "model", model);
	return form;
}

/* Checks the form and frees it. Returns the faults as a JSON array, "[]" for none; *params the
 * parameters as text. The caller frees both. */
static char *check(struct form *form, char **params)
{
	struct vivid_request request;
	json_object *details = NULL;
	enum kn_err err = vivid_params_check(form, &request, &details);
	char *faults = strdup(json_object_to_json_string_ext(
		details, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));

	assert_int_equal(err, strcmp(faults, "[]") == 0 ? KN_OK : KN_ERR_INVALID);
	if (params != NULL)
		*params = strdup(json_object_to_json_string_ext(
			request.params, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(details);
	json_object_put(request.params);
	form_free(&form);
	return faults;
}

static void assert_faults(struct form *form, const char *wanted)
{
	char *faults = check(form, NULL);

	assert_string_equal(faults, wanted);
	free(faults);
}

/* One parameter given: the fault (NULL for none), and `"name":json` among the parameters. */
static void assert_one(const char *model, const char *name, const char *value, const char *fault,
		       const char *json)
{
	struct form *form = form_for(model);
	char *params = NULL, *faults, wanted[512] = "[]";

	add(form, name, value);
	faults = check(form, &params);
	if (fault != NULL)
		snprintf(wanted, sizeof(wanted), "[\"%s\"]", fault);
	if (strcmp(faults, wanted) != 0)
		fail_msg("%s=\"%s\": %s, not %s", name, value, faults, wanted);
	snprintf(wanted, sizeof(wanted), "\"%s\":%s", name, json != NULL ? json : "");
	if (json != NULL && strstr(params, wanted) == NULL)
		fail_msg("%s=\"%s\": no %s in %s", name, value, wanted, params);
	free(params);
	free(faults);
}

static void test_defaults(void **state)
{
	static const struct {
		const char *model, *params;
	} cases[] = {
		{NULL, "{\"negative_prompt\":\"blurry, low quality, distorted\",\"cfg\":7.5,"
		       "\"width\":1280,\"height\":720,\"length\":81,\"steps\":30,\"seed\":42,"
		       "\"image_url\":\"" URL "\"}"},
		{"veo3.1",
		 "{\"duration_seconds\":4,\"resolution\":\"720p\",\"camera_motion\":\"None\","
		 "\"subject_animation\":\"None\",\"environmental_animation\":\"None\","
		 "\"enhance_prompt\":false,\"image_url\":\"" URL "\"}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *params, *faults = check(form_for(cases[i].model), &params);

		assert_string_equal(faults, "[]");
		assert_string_equal(params, cases[i].params);
		free(faults);
		free(params);
	}
}

/* The ends of each range, just beyond them, and the forms of a value that are none. */
static const struct {
	const char *model, *name;
	const char *fault; /* what every bad value is told */
	const char *good[12];
	const char *bad[20];
} numbers[] = {
	{"wan2.1",
	 "cfg",
	 "cfg must be a number between 1.0 and 20.0",
	 {"1", "1.0", "20", "20.0", "7.25", "19.999999"},
	 {"0.999", "0", "-1", "20.01", "21", "1e1", "1E1", "1e99", "nan", "inf", "0x5", " 5", "5 ",
	  "+5", "", "5.", ".5", "5,5", "5.5.5"}},
	{"wan2.1",
	 "width",
	 "width must be an even integer between 64 and 1920",
	 {"64", "66", "1920"},
	 {"62", "63", "65", "1921", "1922", "0", "-64", "64.0", "1e3", "0x80", "", " 64", "064",
	  "99999999999999999999", "nan"}},
	{"wan2.1",
	 "height",
	 "height must be an even integer between 64 and 1920",
	 {"64", "1080", "1920"},
	 {"62", "65", "1922", "", "six", "64px"}},
	{"wan2.1",
	 "length",
	 "length must be an integer between 1 and 321",
	 {"1", "81", "321"},
	 {"0", "322", "-1", "1.5", "", "1e2", "0x10", "9999999999999999"}},
	{"wan2.1",
	 "steps",
	 "steps must be an integer between 1 and 100",
	 {"1", "30", "100"},
	 {"0", "101", "-30", "30.0", "", "3e1"}},
	{"wan2.1",
	 "seed",
	 "seed must be an integer between 0 and 4294967295",
	 {"0", "42", "4294967295"},
	 {"-1", "4294967296", "-0x1", "0x10", "", "1.0", "007", "1e9", "18446744073709551616"}},
	{"veo3.1",
	 "duration_seconds",
	 "duration_seconds must be 4, 6, or 8",
	 {"4", "6", "8"},
	 {"5", "0", "-4", "4.0", "04", " 4", "", "10", "four"}},
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		for (size_t j = 0; numbers[i].good[j] != NULL; j++)
			assert_one(numbers[i].model, numbers[i].name, numbers[i].good[j], NULL,
				   strcmp(numbers[i].name, "cfg") == 0 ? NULL : numbers[i].good[j]);
		for (size_t j = 0; numbers[i].bad[j] != NULL; j++)
			assert_one(numbers[i].model, numbers[i].name, numbers[i].bad[j],
				   numbers[i].fault, NULL);
	}
	assert_one("wan2.1", "cfg", "7.25", NULL, "7.25");
}

static void test_words(void **state)
{
	static const char *const bad_booleans[] = {"yes", "no", "on", "2", "-1", "", " true", "t"};

	(void)state;
	assert_one("veo3.1", "resolution", "1080p", NULL, "\"1080p\"");
	assert_one("veo3.1", "resolution", "1080", "resolution must be 720p or 1080p", NULL);
	assert_one("veo3.1", "resolution", "", "resolution must be 720p or 1080p", NULL);
	assert_one("veo3.1", "enhance_prompt", "true", NULL, "true");
	assert_one("veo3.1", "enhance_prompt", "True", NULL, "true"); /* as Python writes it */
	assert_one("veo3.1", "enhance_prompt", "1", NULL, "true");
	assert_one("veo3.1", "enhance_prompt", "FALSE", NULL, "false");
	assert_one("veo3.1", "enhance_prompt", "0", NULL, "false");
	for (size_t i = 0; i < sizeof(bad_booleans) / sizeof(bad_booleans[0]); i++)
		assert_one("veo3.1", "enhance_prompt", bad_booleans[i],
			   "enhance_prompt must be true or false", NULL);
	assert_one("veo3.1", "camera_motion", "Pan (right)", NULL, "\"Pan (right)\"");
	assert_one("veo3.1", "camera_motion", "PAN RIGHT", NULL, "\"PAN RIGHT\"");
	assert_one("veo3.1", "camera_motion", "Sideways",
		   "camera_motion must be one of: None, Static, Pan (left), Pan (right), "
		   "Tilt (up), Tilt (down), Zoom (in), Zoom (out), Dolly (in), Dolly (out), "
		   "Orbit (left), Orbit (right), Roll (left), Roll (right)",
		   NULL);
	assert_one("veo3.1", "subject_animation", "Explode",
		   "subject_animation must be one of: None, Sway, Breathe, Bounce, Float", NULL);
	assert_one("veo3.1", "environmental_animation", "Frogs",
		   "environmental_animation must be one of: None, Rain, Snow, Fog, Dust, "
		   "Light rays",
		   NULL);
}

/* n times the text, in a buffer of the caller's. */
static const char *repeat(const char *text, size_t n, char *out)
{
	char *at = out;

	while (n-- > 0)
		at = stpcpy(at, text);
	return out;
}

/* Lengths are of code points, not bytes. */
static void test_texts(void **state)
{
	char text[2 * VIVID_PROMPT_MAX + 16];
	struct form *form;

	(void)state;
	assert_one("wan2.1", "negative_prompt", "", NULL, "\"\"");
	assert_one("wan2.1", "negative_prompt", repeat("ö", VIVID_PROMPT_MAX, text), NULL, NULL);
	assert_one("wan2.1", "negative_prompt", repeat("ö", VIVID_PROMPT_MAX + 1, text),
		   "negative_prompt must be at most 2000 characters", NULL);
	assert_one(NULL, "prompt", repeat("ö", VIVID_PROMPT_MAX, text), NULL, NULL);
	assert_one(NULL, "prompt", repeat("ö", VIVID_PROMPT_MAX + 1, text),
		   "prompt must be at most 2000 characters", NULL);
	assert_one(NULL, "prompt", "", "prompt is required", NULL);
	assert_one(NULL, "prompt", " \t\xe2\x80\x83", "prompt is required", NULL);
	form = form_new();
	add(form, "image_url", URL);
	assert_faults(form, "[\"prompt is required\"]");
}

static void test_models(void **state)
{
	static const char *const not_wan[] = {"duration_seconds",        "resolution",
					      "camera_motion",           "subject_animation",
					      "environmental_animation", "enhance_prompt"};
	static const char *const not_veo[] = {"negative_prompt", "cfg",   "width", "height",
					      "length",          "steps", "seed"};
	char fault[128];

	(void)state;
	for (size_t i = 0; i < sizeof(not_wan) / sizeof(not_wan[0]); i++) {
		snprintf(fault, sizeof(fault), "%s is not a parameter of wan2.1", not_wan[i]);
		assert_one("wan2.1", not_wan[i], "4", fault, NULL);
	}
	for (size_t i = 0; i < sizeof(not_veo) / sizeof(not_veo[0]); i++) {
		snprintf(fault, sizeof(fault), "%s is not a parameter of veo3.1", not_veo[i]);
		assert_one("veo3.1", not_veo[i], "4", fault, NULL);
	}
	assert_one(NULL, "model", "sora", "model must be wan2.1 or veo3.1", NULL);
	assert_one(NULL, "model", "WAN2.1", "model must be wan2.1 or veo3.1", NULL);
	assert_one(NULL, "model", "", "model must be wan2.1 or veo3.1", NULL);
	assert_one(NULL, "fps", "24", "unknown parameter: fps", NULL);
	assert_one(NULL, "Seed", "24", "unknown parameter: Seed", NULL);
	assert_one(NULL, "", "24", "unknown parameter: ", NULL);
}

static void test_image_urls(void **state)
{
	static const char *const bad[] = {"http://example.org/a.png",
					  "ftp://example.org/a.png",
					  "file:///etc/passwd",
					  "https://",
					  "https:///a.png",
					  "https:example.org",
					  "gs://",
					  "gs://bucket",
					  "gs:///path",
					  "//example.org/a.png",
					  "a.png",
					  " https://example.org/a.png",
					  "data:image/png;base64,AA",
					  "javascript:alert(1)",
					  "https"};
	char url[2100] = "https://example.org/";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_one(NULL, "image_url", bad[i],
			   "image_url must be a gs://bucket/path or https:// URL", NULL);
	assert_one(NULL, "image_url", "", "image or image_url is required", NULL);
	assert_one(NULL, "image_url", "gs://b/p", NULL, "\"gs://b/p\"");
	assert_one(NULL, "image_url", "gs://b/my picture.png", NULL, "\"gs://b/my picture.png\"");
	assert_one(NULL, "image_url", "HTTPS://example.org/a.png", NULL, NULL);
	assert_one(NULL, "image_url", "https://[2001:db8::1]:443?a", NULL, NULL);
	memset(url + strlen(url), 'a', 2048 - strlen(url));
	assert_one(NULL, "image_url", url, NULL, NULL);
	strcat(url, "a");
	assert_one(NULL, "image_url", url, "image_url must be a gs://bucket/path or https:// URL",
		   NULL);
}

static struct form_field *add_file(struct form *form, const char *name)
{
	struct form_field *field = form_add(form, name);

	field->path = strdup("/nowhere/at/all");
	return field;
}

static void test_images(void **state)
{
	struct form *form = form_for(NULL);

	(void)state;
	add_file(form, "image");
	assert_faults(form, "[\"give either image or image_url, not both\"]");
	form = form_new();
	add(form, "prompt", "a cat");
	add_file(form, "image");
	assert_faults(form, "[]");
	form = form_new();
	add(form, "prompt", "a cat");
	assert_faults(form, "[\"image or image_url is required\"]");
	form = form_new();
	add(form, "prompt", "a cat");
	add(form, "image", "bytes");
	assert_faults(form, "[\"image must be a file; send a URL as image_url\"]");
	form = form_for(NULL);
	add_file(form, "seed");
	assert_faults(form, "[\"seed must not be a file\"]");
}

/* As JSON has it: null is absent, the last of two counts. */
static void test_null_and_twice(void **state)
{
	struct form *form = form_for(NULL);
	char *params, *faults;

	(void)state;
	form_add(form, "seed")->is_null = true;
	form_add(form, "image")->is_null = true;
	form_add(form, "model")->is_null = true;
	add(form, "steps", "wrong");
	add(form, "steps", "7");
	faults = check(form, &params);
	assert_string_equal(faults, "[]");
	assert_non_null(strstr(params, "\"seed\":42"));
	assert_non_null(strstr(params, "\"steps\":7"));
	free(params);
	free(faults);
}

static void test_all_faults_at_once(void **state)
{
	struct form *form = form_new();

	(void)state;
	add(form, "model", "veo3.1");
	add(form, "duration_seconds", "5");
	add(form, "resolution", "8k");
	add(form, "enhance_prompt", "maybe");
	add(form, "cfg", "7");
	add(form, "fps", "24");
	assert_faults(form, "[\"prompt is required\",\"image or image_url is required\","
			    "\"cfg is not a parameter of veo3.1\",\"unknown parameter: fps\","
			    "\"duration_seconds must be 4, 6, or 8\","
			    "\"resolution must be 720p or 1080p\","
			    "\"enhance_prompt must be true or false\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_models),
		cmocka_unit_test(test_image_urls),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_null_and_twice),
		cmocka_unit_test(test_all_faults_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
