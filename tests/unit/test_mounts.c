/* A disk for results that is not mounted: told from one that is, and from a directory of the same
 * file system. */
#include "daemon/mounts.h"
#include "lib/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char dir[64], videos[80], note[80];
	struct conf conf;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	snprintf(f->dir, sizeof(f->dir), "%.40s/kinora-mounts-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->videos, sizeof(f->videos), "%s/videos", f->dir);
	snprintf(f->note, sizeof(f->note), "%s/mounts.json", f->dir);
	assert_int_equal(mkdir(f->videos, 0700), 0);
	f->conf.data_path = f->dir;
	f->conf.video_storage_path = f->videos;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fs_remove_tree(f->dir);
	free(f);
	return 0;
}

static void write_note(const struct fixture *f, const char *root, const char *mount)
{
	FILE *to = fopen(f->note, "we");

	fprintf(to, "{\"%s\": \"%s\"}", root, mount);
	fclose(to);
}

static void test_nothing_is_known_at_first(void **state)
{
	struct fixture *f = *state;

	assert_true(mounts_are_there(&f->conf));
	assert_int_equal(access(f->note, F_OK), -1);
}

static void test_what_is_there_stays_there(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mounts_note(&f->conf), KN_OK);
	assert_int_equal(access(f->note, F_OK), 0);
	assert_true(mounts_are_there(&f->conf));
	/* The directory goes, not its file system. */
	assert_int_equal(rmdir(f->videos), 0);
	assert_true(mounts_are_there(&f->conf));
}

static void test_another_file_system(void **state)
{
	struct fixture *f = *state;
	char proc[] = "/proc/self/fd";
	char text[4096] = "";
	FILE *from;

	f->conf.video_storage_path = proc;
	assert_int_equal(mounts_note(&f->conf), KN_OK);
	assert_true(mounts_are_there(&f->conf));
	from = fopen(f->note, "re");
	assert_true(fread(text, 1, sizeof(text) - 1, from) > 0);
	fclose(from);
	assert_non_null(strstr(text, "\"/proc\"")); /* not /proc/self/fd, nor / */
}

static void test_a_mount_that_is_gone(void **state)
{
	struct fixture *f = *state;
	char elsewhere[96];

	write_note(f, f->videos, f->videos); /* a directory like any other */
	assert_false(mounts_are_there(&f->conf));
	snprintf(elsewhere, sizeof(elsewhere), "%s/gone", f->dir);
	write_note(f, f->videos, elsewhere);
	assert_false(mounts_are_there(&f->conf));
	/* Videos are elsewhere now: what was known of the old directory is of no interest. */
	f->conf.video_storage_path = elsewhere;
	assert_true(mounts_are_there(&f->conf));
}

static void test_a_note_that_makes_no_sense(void **state)
{
	static const char *const notes[] = {"", "{", "[]", "3", "null"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		FILE *to = fopen(f->note, "we");

		fputs(notes[i], to);
		fclose(to);
		assert_true(mounts_are_there(&f->conf));
	}
	assert_int_equal(mounts_note(&f->conf), KN_OK);
	assert_true(mounts_are_there(&f->conf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_is_known_at_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_there_stays_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_file_system, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_mount_that_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_note_that_makes_no_sense, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
