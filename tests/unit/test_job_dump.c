/* A job goes out as JSON and comes back the same; anything else is refused. */
#include "lib/job_codec.h"
#include "lib/job_dump.h"
#include "lib/job_fields.h"
#include "lib/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Every field set, whatever fields there are: a new one is covered by being in the table. */
static struct job *full_job(void)
{
	struct job *job = calloc(1, sizeof(*job));
	struct job_file file = {
		.name = "video", .mime = "video/mp4", .path = "videos/a.mp4", .bytes = 1LL << 40};

	memset(file.sha256, 0xa5, sizeof(file.sha256));
	for (size_t i = 0; i < JOB_FIELDS; i++) {
		const struct job_field *f = &job_fields[i];
		char *at = (char *)job + f->offset;

		switch (f->kind) {
		case FIELD_NUMBER:
		case FIELD_API:
		case FIELD_STATE:
			job_field_store(at, f->size, 2 + i % 2);
			break;
		case FIELD_STRING:
			job_set((char **)(void *)at, "text \"\\\n/ \xe2\x98\x83");
			break;
		case FIELD_TEXT:
			strcpy(at, "job_0");
			break;
		case FIELD_RAW:
			memset(at, 0x5a, f->size);
			break;
		case FIELD_FILES:
			job_files_put((struct job_files *)(void *)at, &file);
			break;
		}
	}
	return job;
}

static void assert_same(const struct job *a, const struct job *b)
{
	unsigned char *x, *y;
	size_t x_len, y_len;

	assert_int_equal(job_encode(a, &x, &x_len), KN_OK);
	assert_int_equal(job_encode(b, &y, &y_len), KN_OK);
	assert_int_equal(x_len, y_len);
	assert_memory_equal(x, y, x_len);
	free(x);
	free(y);
}

static void go_and_return(const struct job *job)
{
	json_object *json = job_dump(job), *parsed;
	const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN), *why;
	struct job *back = NULL;

	assert_int_equal(json_parse_strict(text, strlen(text), &parsed), KN_OK);
	assert_int_equal(job_undump(parsed, &back, &why), KN_OK);
	assert_same(job, back);
	job_free(&back);
	json_object_put(parsed);
	json_object_put(json);
}

static void test_a_full_job(void **state)
{
	struct job *job = full_job();
	json_object *json = job_dump(job);

	(void)state;
	assert_int_equal(json_object_object_length(json), JOB_FIELDS);
	json_object_put(json);
	go_and_return(job);
	job_free(&job);
}

static void test_a_bare_job(void **state)
{
	struct job *job = job_new(JOB_GROK_IMAGINE, "grok");

	(void)state;
	strcpy(job->id, "job_1");
	go_and_return(job);
	job_free(&job);
}

static void test_what_is_not_utf8(void **state)
{
	struct job *job = job_new(JOB_GROK_3D, "default");

	(void)state;
	strcpy(job->id, "0123abcd");
	job_set(&job->log, "caf\xe9\n\xff\n");
	job_set(&job->message, "");
	go_and_return(job);
	job_free(&job);
}

static void test_bytes(void **state)
{
	static const char data[] = "a\0b\xff";
	json_object *json;
	void *back;
	size_t len;

	(void)state;
	for (size_t n = 0; n <= sizeof(data); n++) {
		json = dump_bytes(data, n);
		assert_int_equal(undump_bytes(json, &back, &len), KN_OK);
		assert_int_equal(len, n);
		assert_memory_equal(back, data, n);
		free(back);
		json_object_put(json);
	}
}

static void test_what_is_refused(void **state)
{
	static const char *const texts[] = {
		"5",
		"[]",
		"{}",
		"{\"id\":\"a\",\"api\":\"grok_imagine\",\"state\":\"queued\"}",
		"{\"id\":\"a\",\"model\":\"grok\",\"state\":\"queued\"}",
		"{\"id\":\"a\",\"api\":\"grok_imagine\",\"model\":\"grok\"}",
		"{\"id\":\"../"
		"a\",\"api\":\"grok_imagine\",\"model\":\"grok\",\"state\":\"queued\"}",
#define SOUND "{\"id\":\"a\",\"api\":\"grok_imagine\",\"model\":\"grok\",\"state\":\"queued\","
		SOUND "\"dance\":1}",
		SOUND "\"progress\":101}",
		SOUND "\"progress\":-1}",
		SOUND "\"progress\":\"1\"}",
		SOUND "\"progress\":4294967297}",
		SOUND "\"priority\":256}",
		SOUND "\"attempt\":65536}",
		SOUND "\"prompt\":null}",
		SOUND "\"prompt\":{\"base64\":\"!\"}}",
		SOUND "\"prompt\":{\"base64\":\"AAA=\"}}",
		SOUND "\"prompt\":{\"base64\":\"YQ==\",\"b\":1}}",
		SOUND
		"\"lease.token\":\"0123456789012345678901234567890123456789012345678901234567890"
		"1234567890123456789012345678901234567890\"}",
		SOUND "\"assets\":{}}",
		SOUND "\"assets\":[5]}",
		SOUND "\"assets\":[{\"name\":\"video\"}]}",
		SOUND "\"assets\":[{\"name\":\"v\",\"path\":\"p\",\"sha256\":\"00\"}]}",
		SOUND
		"\"assets\":[{\"name\":\"v\",\"path\":\"p\"},{\"name\":\"v\",\"path\":\"q\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct job *job = NULL;
		json_object *json;
		const char *why = NULL;

		assert_int_equal(json_parse_strict(texts[i], strlen(texts[i]), &json), KN_OK);
		if (job_undump(json, &job, &why) != KN_ERR_INVALID)
			fail_msg("%s was taken", texts[i]);
		assert_non_null(why);
		json_object_put(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_full_job),       cmocka_unit_test(test_a_bare_job),
		cmocka_unit_test(test_what_is_not_utf8), cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
