/* What bytes are, whatever else they look like. */
#include "lib/mime.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
	const char *head;
	size_t len;
	const char *mime;
} kinds[] = {
	{"\0\0\0\030ftypmp42\0\0\0\0mp42isom", 24, "video/mp4"},
	{"\0\0\0\030ftypisom\0\0\0\0mp42isom", 24, "video/mp4"},
	{"RIFF\x24\x40\0\0WEBPVP8 ", 16, "image/webp"},
	{"RIFF\x24\x40\0\0WAVEfmt \x10\0\0\0\1\0\1\0", 24, "audio/x-wav"},
	{"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0", 29, "image/png"},
	{"glTF\2\0\0\0\0\0\0\0", 12, "model/gltf-binary"},
};

static void test_a_boot_sectors_mark(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		unsigned char data[4096];
		char mime[MIME_SIZE];

		memset(data, 0x77, sizeof(data));
		memcpy(data, kinds[i].head, kinds[i].len);
		assert_int_equal(mime_of_buffer(data, sizeof(data), mime), KN_OK);
		assert_string_equal(mime, kinds[i].mime);
		data[510] = 0x55;
		data[511] = 0xaa;
		assert_int_equal(mime_of_buffer(data, sizeof(data), mime), KN_OK);
		assert_string_equal(mime, kinds[i].mime);
	}
}

/* At the end of a sector, whose length is where these have something else. */
static void test_a_boot_sectors_mark_elsewhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		static unsigned char data[65536];
		char mime[MIME_SIZE];
		size_t end;

		memset(data, 0x77, sizeof(data));
		memcpy(data, kinds[i].head, kinds[i].len);
		end = (size_t)(data[11] | data[12] << 8);
		if (end < kinds[i].len + 2)
			continue;
		data[end - 2] = data[510] = 0x55;
		data[end - 1] = data[511] = 0xaa;
		assert_int_equal(mime_of_buffer(data, sizeof(data), mime), KN_OK);
		assert_string_equal(mime, kinds[i].mime);
	}
}

static void test_what_libmagic_has_no_type_for(void **state)
{
	static const unsigned char data[] = {0, 0, 0xfe, 0xff, 0xd8, 0, 0, 0, 0xfe};
	char mime[MIME_SIZE];

	(void)state;
	assert_int_equal(mime_of_buffer(data, sizeof(data), mime), KN_OK);
	assert_string_equal(mime, "application/octet-stream");
}

static void *look(void *path)
{
	static char mime[MIME_SIZE];

	return mime_of_file(path, mime) == KN_OK ? mime : NULL;
}

/* What threads that look at files may count on: sanitizers take a part of 256 KiB. */
static void test_a_small_stack(void **state)
{
	char path[] = "/tmp/kinora-mime-XXXXXX";
	int fd = mkstemp(path);
	unsigned char data[4096];
	pthread_attr_t attr;
	pthread_t thread;
	void *mime;

	(void)state;
	memset(data, 0x77, sizeof(data));
	memcpy(data, kinds[0].head, kinds[0].len);
	data[510] = 0x55;
	data[511] = 0xaa;
	assert_int_equal(write(fd, data, sizeof(data)), sizeof(data));
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	close(fd);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 * 1024);
	assert_int_equal(pthread_create(&thread, &attr, look, path), 0);
	pthread_attr_destroy(&attr);
	pthread_join(thread, &mime);
	unlink(path);
	assert_non_null(mime);
	assert_string_equal(mime, kinds[0].mime);
}

static pthread_barrier_t all_have_looked, measured;

/* Noise of no type makes libmagic look into all of its tables. */
static void *look_at_noise(void *seed)
{
	uint32_t state = (uint32_t)(uintptr_t)seed;
	unsigned char data[4096];
	char mime[MIME_SIZE];
	bool good;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)((state = state * 1664525U + 1013904223U) >> 24);
	good = mime_of_buffer(data, sizeof(data), mime) == KN_OK;
	pthread_barrier_wait(&all_have_looked);
	pthread_barrier_wait(&measured);
	return good ? seed : NULL;
}

static long mapped_kib(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	while (status != NULL && fgets(line, sizeof(line), status) != NULL)
		sscanf(line, "RssFile: %ld", &kib);
	if (status != NULL)
		fclose(status);
	return kib;
}

static void test_memory_does_not_grow_with_threads(void **state)
{
	enum { THREADS = 32 };
	pthread_t threads[THREADS];
	long before = mapped_kib(), after;

	(void)state;
	pthread_barrier_init(&all_have_looked, NULL, THREADS + 1);
	pthread_barrier_init(&measured, NULL, THREADS + 1);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look_at_noise, (void *)(i + 1)),
				 0);
	pthread_barrier_wait(&all_have_looked);
	after = mapped_kib();
	pthread_barrier_wait(&measured);
	for (uintptr_t i = 0; i < THREADS; i++) {
		void *good;

		pthread_join(threads[i], &good);
		assert_non_null(good);
	}
	pthread_barrier_destroy(&all_have_looked);
	pthread_barrier_destroy(&measured);
	assert_true(before > 0 && after - before < 24 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_boot_sectors_mark),
		cmocka_unit_test(test_a_boot_sectors_mark_elsewhere),
		cmocka_unit_test(test_what_libmagic_has_no_type_for),
		cmocka_unit_test(test_a_small_stack),
		cmocka_unit_test(test_memory_does_not_grow_with_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
