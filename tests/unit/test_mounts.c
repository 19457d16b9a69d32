/* A disk for results that is not mounted: told from one that is, and from a directory of the same
 * file system. */
#include "daemon/mounts.h"
#include "lib/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char dir[64], videos[80], store[80], notes[2][96];
	struct conf conf;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	snprintf(f->dir, sizeof(f->dir), "%.40s/kinora-mounts-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->videos, sizeof(f->videos), "%s/videos", f->dir);
	snprintf(f->store, sizeof(f->store), "%s/store", f->dir);
	snprintf(f->notes[0], sizeof(f->notes[0]), "%s/mounts.json", f->dir);
	snprintf(f->notes[1], sizeof(f->notes[1]), "%s/mounts.json", f->store);
	assert_int_equal(mkdir(f->videos, 0700), 0);
	assert_int_equal(mkdir(f->store, 0700), 0);
	f->conf.data_path = f->dir;
	f->conf.db_path = f->store;
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

static void write_note(const char *path, const char *root, const char *mount)
{
	FILE *to = fopen(path, "we");

	fprintf(to, "{\"%s\": \"%s\"}", root, mount);
	fclose(to);
}

static void expect_notes(const struct fixture *f, bool any)
{
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(access(f->notes[i], F_OK), any ? 0 : -1);
}

/* All in one: nothing can be missing while the rest is there. */
static void test_one_file_system(void **state)
{
	struct fixture *f = *state;

	assert_true(mounts_are_there(&f->conf));
	write_note(f->notes[0], f->videos, "/");
	assert_int_equal(mounts_note(&f->conf), KN_OK);
	expect_notes(f, false);
	assert_int_equal(rmdir(f->videos), 0);
	assert_true(mounts_are_there(&f->conf));
}

static void test_another_file_system(void **state)
{
	struct fixture *f = *state;
	char proc[] = "/proc/sys/kernel";
	char text[4096];

	if (access(proc, F_OK) != 0)
		skip();
	f->conf.video_storage_path = proc;
	assert_int_equal(mounts_note(&f->conf), KN_OK);
	assert_true(mounts_are_there(&f->conf));
	expect_notes(f, true);
	for (size_t i = 0; i < 2; i++) {
		FILE *from = fopen(f->notes[i], "re");
		size_t len = fread(text, 1, sizeof(text) - 1, from);

		text[len] = '\0';
		fclose(from);
		assert_non_null(strstr(text, "\"/proc\""));
		assert_null(strstr(text, "output"));
	}
	/* Not any more. */
	f->conf.video_storage_path = f->videos;
	assert_int_equal(mounts_note(&f->conf), KN_OK);
	expect_notes(f, false);
}

/* Either note knows. */
static void test_a_mount_that_is_gone(void **state)
{
	struct fixture *f = *state;
	char below[96], output[96];

	snprintf(below, sizeof(below), "%s/b", f->videos);
	snprintf(output, sizeof(output), "%s/output", f->dir);
	for (size_t i = 0; i < 2; i++) {
		const char *const roots[] = {f->videos, output, f->store};

		for (size_t j = 0; j < 3; j++) {
			write_note(f->notes[i], roots[j], roots[j]);
			assert_false(mounts_are_there(&f->conf));
		}
		/* The directory itself is gone, too. */
		f->conf.video_storage_path = below;
		write_note(f->notes[i], below, f->videos);
		assert_false(mounts_are_there(&f->conf));
		f->conf.video_storage_path = f->videos;
		assert_true(mounts_are_there(&f->conf)); /* what was elsewhere is of no interest */
		assert_int_equal(unlink(f->notes[i]), 0);
	}
}

/* It was in a mount above, and is in one of its own; or a link leads elsewhere. */
static void test_what_was_moved(void **state)
{
	struct fixture *f = *state;
	char proc[] = "/proc/sys/kernel";

	if (access(proc, F_OK) != 0)
		skip();
	f->conf.video_storage_path = proc;
	write_note(f->notes[0], proc, "/");
	assert_true(mounts_are_there(&f->conf));
	write_note(f->notes[0], proc, "/mnt/disk");
	assert_true(mounts_are_there(&f->conf));
}

static void test_a_note_that_makes_no_sense(void **state)
{
	static const char *const notes[] = {"", "{", "[]", "3", "null", "{\"/\":5}"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		FILE *to = fopen(f->notes[i % 2], "we");

		fputs(notes[i], to);
		fclose(to);
		assert_true(mounts_are_there(&f->conf));
	}
	write_note(f->notes[0], f->videos, "nowhere");
	assert_true(mounts_are_there(&f->conf));
	assert_int_equal(mounts_note(&f->conf), KN_OK);
	expect_notes(f, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_file_system, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_file_system, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_mount_that_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_was_moved, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_note_that_makes_no_sense, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
