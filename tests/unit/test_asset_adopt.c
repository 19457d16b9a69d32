/* A file that takes its place durably, or not at all. */
#include "lib/asset.h"
#include "lib/conf.h"
#include "lib/fs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOBODY = 65534 };

struct fixture {
	char dir[64], videos[80], path[96];
	struct conf conf;
};

/* Root may do everything: the test is nobody's. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	assert_int_equal(geteuid() == 0 ? seteuid(NOBODY) : 0, 0);
	strcpy(f->dir, "/tmp/kinora-adopt-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->videos, sizeof(f->videos), "%s/videos", f->dir);
	snprintf(f->path, sizeof(f->path), "%s/upload", f->dir);
	f->conf.data_path = f->dir;
	f->conf.video_storage_path = f->videos;
	assert_int_equal(mkdir(f->videos, 0700), 0);
	fd = open(f->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "film", 4), 4);
	close(fd);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fs_remove_tree(f->dir);
	free(f);
	return getuid() == 0 ? seteuid(0) : 0;
}

static enum kn_err adopt(struct fixture *f, struct job_file *out)
{
	return asset_adopt(&f->conf, f->path, "videos/job_x.mp4", "video", "video/mp4", out);
}

static void test_it_moves(void **state)
{
	struct fixture *f = *state;
	struct job_file file;

	assert_int_equal(adopt(f, &file), KN_OK);
	assert_int_equal(file.bytes, 4);
	assert_true(asset_is_whole(&f->conf, &file));
	assert_int_not_equal(access(f->path, F_OK), 0);
	asset_file_clear(&file);
}

/* Its new name cannot be made durable: the directory is written, but cannot be opened. */
static void test_it_stays_where_it_was(void **state)
{
	struct fixture *f = *state;
	struct job_file file;
	char there[128];

	snprintf(there, sizeof(there), "%s/job_x.mp4", f->videos);
	assert_int_equal(chmod(f->videos, 0300), 0);
	assert_int_equal(adopt(f, &file), KN_ERR_ACCESS);
	assert_int_not_equal(access(there, F_OK), 0);
	assert_int_equal(access(f->path, F_OK), 0);
	assert_null(file.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_it_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_it_stays_where_it_was, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
