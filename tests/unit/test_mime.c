/* What bytes are, whatever else they look like. */
#include "lib/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_boot_sectors_mark)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
