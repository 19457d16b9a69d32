#include "lib/job_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A job with every field set: what tests/unit/fixtures/job_v1.bin holds. */
static struct job *full_job(void)
{
	struct job *job = job_new(JOB_VIVID_FLOW, "wan2.1");
	struct job_file image = {.name = "image",
				 .mime = "image/png",
				 .path = "jobs/x/input-image.png",
				 .bytes = 70};
	struct job_file video = {
		.name = "video", .mime = "video/mp4", .path = "jobs/x/video.mp4", .bytes = 1234567};

	memset(image.sha256, 0xaa, sizeof(image.sha256));
	for (size_t i = 0; i < sizeof(video.sha256); i++)
		video.sha256[i] = (unsigned char)i;
	strcpy(job->id, "2f0c9d9e-6f0b-4d51-9d62-000000000001");
	job->state = JOB_PROCESSING;
	job->priority = 7;
	job->attempt = 2;
	job->max_attempts = 300;
	job->progress = 42;
	job_set(&job->owner, "ann");
	job_set(&job->stage, "rendering");
	job_set(&job->message, "Frame 42");
	job_set(&job->prompt, "Ein Käfer überquert die Straße");
	job_set(&job->params, "{\"prompt\":\"Ein Käfer überquert die Straße\"}");
	job_set(&job->error_code, "worker");
	job_set(&job->error_text, "");
	job_set(&job->log, "one\ntwo\n");
	job_files_put(&job->inputs, &image);
	job_files_put(&job->assets, &image);
	job_files_put(&job->assets, &video);
	job_set(&job->lease.worker, "kinorad/motion");
	strcpy(job->lease.token, "0123456789abcdef0123456789abcdef");
	job->lease.until = INT64_MAX;
	job->lease.seconds = 300;
	job->created = 1700000000000000;
	job->updated = 1700000000000001;
	job->run_at = 1700000000000002;
	job->started = 1700000000000003;
	job->began = 1700000000000004;
	job->finished = 1700000000000005;
	job->expired = 1700000000000006;
	return job;
}

static void assert_same_files(const struct job_files *a, const struct job_files *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_string_equal(a->v[i].name, b->v[i].name);
		assert_string_equal(a->v[i].mime, b->v[i].mime);
		assert_string_equal(a->v[i].path, b->v[i].path);
		assert_int_equal(a->v[i].bytes, b->v[i].bytes);
		assert_memory_equal(a->v[i].sha256, b->v[i].sha256, sizeof(a->v[i].sha256));
	}
}

static void assert_same(const struct job *a, const struct job *b)
{
	assert_string_equal(a->id, b->id);
	assert_int_equal(a->api, b->api);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->attempt, b->attempt);
	assert_int_equal(a->max_attempts, b->max_attempts);
	assert_int_equal(a->progress, b->progress);
	assert_string_equal(a->model, b->model);
	assert_string_equal(a->owner, b->owner);
	assert_string_equal(a->stage, b->stage);
	assert_string_equal(a->message, b->message);
	assert_string_equal(a->prompt, b->prompt);
	assert_string_equal(a->params, b->params);
	assert_string_equal(a->error_code, b->error_code);
	assert_string_equal(a->error_text, b->error_text);
	assert_string_equal(a->log, b->log);
	assert_same_files(&a->inputs, &b->inputs);
	assert_same_files(&a->assets, &b->assets);
	assert_string_equal(a->lease.worker, b->lease.worker);
	assert_string_equal(a->lease.token, b->lease.token);
	assert_int_equal(a->lease.until, b->lease.until);
	assert_int_equal(a->lease.seconds, b->lease.seconds);
	assert_int_equal(a->created, b->created);
	assert_int_equal(a->updated, b->updated);
	assert_int_equal(a->run_at, b->run_at);
	assert_int_equal(a->started, b->started);
	assert_int_equal(a->began, b->began);
	assert_int_equal(a->finished, b->finished);
	assert_int_equal(a->expired, b->expired);
}

/* Decodes from memory of exactly that length, so that a sanitizer sees a read past it. */
static enum kn_err decode_exactly(const unsigned char *data, size_t len, struct job **out)
{
	unsigned char *copy = malloc(len > 0 ? len : 1);
	enum kn_err err;

	memcpy(copy, data, len);
	err = job_decode(copy, len, out);
	free(copy);
	return err;
}

static void test_round_trip(void **state)
{
	struct job *job = full_job(), *back = NULL;
	unsigned char *data;
	size_t len;

	(void)state;
	assert_int_equal(job_encode(job, &data, &len), KN_OK);
	assert_int_equal(decode_exactly(data, len, &back), KN_OK);
	assert_same(job, back);
	free(data);
	job_free(&job);
	job_free(&back);
}

static void test_view(void **state)
{
	struct job *job = full_job(), view;
	unsigned char *data;
	size_t len;

	(void)state;
	assert_int_equal(job_encode(job, &data, &len), KN_OK);
	assert_int_equal(job_view(data, len, &view), KN_OK);
	assert_int_equal(view.inputs.n + view.assets.n, 0);
	job_files_clear(&job->inputs);
	job_files_clear(&job->assets);
	assert_same(job, &view);
	assert_in_range((uintptr_t)view.prompt, (uintptr_t)data, (uintptr_t)data + len);
	assert_int_equal(job_view(data, len - 1, &view), KN_ERR_CORRUPT);
	free(data);
	job_free(&job);
}

static void test_absent_stays_absent(void **state)
{
	struct job *job = job_new(JOB_GROK_3D, "default"), *back = NULL;
	unsigned char *data;
	size_t len;

	(void)state;
	strcpy(job->id, "0123abcd");
	assert_int_equal(job_encode(job, &data, &len), KN_OK);
	assert_int_equal(job_decode(data, len, &back), KN_OK);
	assert_null(back->owner);
	assert_null(back->error_text);
	assert_null(back->lease.worker);
	assert_int_equal(back->assets.n, 0);
	assert_int_equal(back->priority, JOB_PRIORITY_DEFAULT);
	free(data);
	job_free(&job);
	job_free(&back);
}

static size_t read_fixture(unsigned char *data, size_t size)
{
	const char *dir = getenv("KINORA_SRCDIR");
	char path[4096];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s/tests/unit/fixtures/job_v1.bin", dir != NULL ? dir : ".");
	file = fopen(path, "rb");
	assert_non_null(file);
	len = fread(data, 1, size, file);
	fclose(file);
	return len;
}

/* What version 1 wrote must be read for ever. */
static void test_version_1_is_read(void **state)
{
	struct job *job = full_job(), *back = NULL;
	unsigned char data[4096];
	size_t len = read_fixture(data, sizeof(data));

	(void)state;
	assert_int_equal(job_decode(data, len, &back), KN_OK);
	job->lease.seconds = 0; /* it came later */
	assert_same(job, back);
	job_free(&job);
	job_free(&back);
}

static void test_later_fields_are_skipped(void **state)
{
	static const unsigned char later[] = {200, 3, 'n', 'e', 'w'};
	struct job *job = full_job(), *back = NULL;
	unsigned char *data;
	size_t len;

	(void)state;
	assert_int_equal(job_encode(job, &data, &len), KN_OK);
	data = realloc(data, len + sizeof(later));
	memcpy(data + len, later, sizeof(later));
	assert_int_equal(decode_exactly(data, len + sizeof(later), &back), KN_OK);
	assert_same(job, back);
	free(data);
	job_free(&job);
	job_free(&back);
}

/* Cut anywhere, it is refused or still sound; never read past its end. */
static void test_truncations(void **state)
{
	struct job *job = full_job(), *back;
	unsigned char *data;
	size_t len, refused = 0;

	(void)state;
	assert_int_equal(job_encode(job, &data, &len), KN_OK);
	for (size_t n = 0; n < len; n++) {
		back = NULL;
		if (decode_exactly(data, n, &back) == KN_OK)
			job_free(&back);
		else
			refused++;
	}
	assert_true(refused > len * 9 / 10);
	free(data);
	job_free(&job);
}

static void test_damage(void **state)
{
	struct job *job = full_job(), *back;
	unsigned char *data;
	size_t len;

	(void)state;
	assert_int_equal(job_encode(job, &data, &len), KN_OK);
	for (size_t i = 0; i < len; i++)
		for (int bit = 0; bit < 8; bit++) {
			data[i] ^= (unsigned char)(1 << bit);
			back = NULL;
			if (decode_exactly(data, len, &back) == KN_OK) {
				assert_true(id_is_safe(back->id));
				assert_true(back->progress >= 0 && back->progress <= 100);
				job_free(&back);
			}
			data[i] ^= (unsigned char)(1 << bit);
		}
	free(data);
	job_free(&job);
}

static void test_what_could_not_be_read_is_not_written(void **state)
{
	struct job *job = full_job();
	unsigned char *data;
	size_t len;

	(void)state;
	job->progress = 101;
	assert_int_equal(job_encode(job, &data, &len), KN_ERR_INTERNAL);
	job->progress = 1;
	job->id[0] = '/';
	assert_int_equal(job_encode(job, &data, &len), KN_ERR_INTERNAL);
	job_free(&job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_absent_stays_absent),
		cmocka_unit_test(test_version_1_is_read),
		cmocka_unit_test(test_later_fields_are_skipped),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_what_could_not_be_read_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
