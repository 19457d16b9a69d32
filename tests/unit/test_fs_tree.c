/* Trees are removed whatever their directories permit: what made them is gone. */
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
	char dir[64];
};

/* Root may do everything: the test is nobody's. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(geteuid() == 0 ? seteuid(NOBODY) : 0, 0);
	strcpy(f->dir, "/tmp/kinora-tree-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return getuid() == 0 ? seteuid(0) : 0;
}

static void make(const struct fixture *f, const char *rel, bool is_dir)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->dir, rel);
	if (is_dir) {
		assert_int_equal(mkdir(path, 0700), 0);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void allow(const struct fixture *f, const char *rel, mode_t mode)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", f->dir, rel);
	assert_int_equal(chmod(path, mode), 0);
}

static void test_directories_that_permit_nothing(void **state)
{
	struct fixture *f = *state;

	make(f, "shut", true);
	make(f, "shut/inner", true);
	make(f, "shut/inner/file", false);
	make(f, "fixed", true);
	make(f, "fixed/file", false);
	allow(f, "shut/inner", 0);
	allow(f, "shut", 0);
	allow(f, "fixed", 0555);
	assert_int_equal(fs_remove_tree(f->dir), KN_OK);
	assert_int_not_equal(access(f->dir, F_OK), 0);
	assert_int_equal(fs_remove_tree(f->dir), KN_OK);
}

/* What a link in the tree leads to stays as it is. */
static void test_links_are_not_followed(void **state)
{
	struct fixture *f = *state;
	char link[128], other[] = "/tmp/kinora-tree-XXXXXX";
	struct stat st;

	assert_non_null(mkdtemp(other));
	make(f, "fixed", true);
	snprintf(link, sizeof(link), "%s/fixed/link", f->dir);
	assert_int_equal(symlink(other, link), 0);
	assert_int_equal(chmod(other, 0500), 0);
	allow(f, "fixed", 0555);
	assert_int_equal(fs_remove_tree(f->dir), KN_OK);
	assert_int_equal(stat(other, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0500);
	assert_int_equal(rmdir(other), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_directories_that_permit_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_links_are_not_followed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
