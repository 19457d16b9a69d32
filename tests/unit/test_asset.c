/* Which relative paths are ours, and whose they are. */
#include "lib/asset.h"
#include "lib/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char data[] = "/data", videos[] = "/films";
static const struct conf conf = {.data_path = data, .video_storage_path = videos};

static void paths_of_ours(void **state)
{
	static const char *const pairs[][2] = {
		{"videos/job_x.mp4", "/films/job_x.mp4"},
		{"jobs/0a1b2c3d/glb.glb", "/data/jobs/0a1b2c3d/glb.glb"},
		{"output/video_1.mp4", "/data/output/video_1.mp4"},
		{"incoming/x", "/data/incoming/x"},
	};
	char out[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_int_equal(asset_path(&conf, pairs[i][0], out), KN_OK);
		assert_string_equal(out, pairs[i][1]);
	}
}

static void paths_that_are_not(void **state)
{
	static const char *const wrong[] = {
		"",          "/",      "/etc/passwd", "videos/", "jobs/", "jobs/../store",
		"store/log", "videos", "..",
	};
	char out[PATH_MAX], *copy;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		copy = strdup(wrong[i]); /* on the heap, where a sanitizer sees its bounds */
		assert_int_equal(asset_path(&conf, copy, out), KN_ERR_INVALID);
		free(copy);
	}
}

static void owners(void **state)
{
	static const char *const owned[][2] = {
		{"videos/job_abc.mp4", "job_abc"},
		{"jobs/0a1b2c3d/glb.glb", "0a1b2c3d"},
		{"output/video_12-34.mp4", "12-34"},
	};
	static const char *const nobodys[] = {
		"", "videos/film.mp4", "jobs/", "output/x.mp4", "incoming/x", "jobs/a b/c"};
	char id[ID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		assert_true(asset_owner(owned[i][0], id));
		assert_string_equal(id, owned[i][1]);
	}
	for (size_t i = 0; i < sizeof(nobodys) / sizeof(nobodys[0]); i++)
		assert_false(asset_owner(nobodys[i], id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_of_ours),
		cmocka_unit_test(paths_that_are_not),
		cmocka_unit_test(owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
