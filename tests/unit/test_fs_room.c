/* Marks of a disk: what counts is the disk that the test runs on. */
#include "lib/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/statvfs.h>
#include <cmocka.h>

enum { LEAST = 256 << 20 }; /* bytes left */

static void test_marks(void **state)
{
	struct statvfs fs;
	uint64_t left, used, slack;
	int64_t percent;

	(void)state;
	assert_int_equal(statvfs("/tmp", &fs), 0);
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	used = (uint64_t)(fs.f_blocks - fs.f_bfree) * fs.f_frsize;
	slack = left / 8; /* others use the disk, too */
	if (left < LEAST)
		skip();
	/* None: always. */
	assert_true(fs_has_room("/tmp", 0, UINT64_MAX));
	assert_true(fs_has_room("/tmp/that/is/not/there", 95, 0));
	/* Bytes left free. */
	assert_true(fs_has_room("/tmp", (int64_t)(left - slack), 0));
	assert_false(fs_has_room("/tmp", (int64_t)(left + slack), 0));
	assert_true(fs_has_room("/tmp", (int64_t)slack, left - 3 * slack));
	assert_false(fs_has_room("/tmp", (int64_t)slack, left));
	assert_false(fs_has_room("/tmp", (int64_t)slack, UINT64_MAX));
	/* A part in use. */
	assert_true(fs_has_room("/tmp", 100, left / 2));
	assert_false(fs_has_room("/tmp", 100, left + slack));
	percent = (int64_t)(used * 100 / (used + left));
	if (percent >= 2)
		assert_false(fs_has_room("/tmp", percent - 1, 0));
	if (percent <= 97) {
		assert_true(fs_has_room("/tmp", percent + 2, 0));
		assert_false(fs_has_room("/tmp", percent + 2, (used + left) / 100 * 4));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_marks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
