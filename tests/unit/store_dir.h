/* A store in a directory of a test's own. */
#ifndef STORE_DIR_H
#define STORE_DIR_H

#include "lib/fs.h"
#include "lib/store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { STORE_DIR_SIZE = 64 };

static inline void store_dir_make(char dir[STORE_DIR_SIZE])
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, STORE_DIR_SIZE, "%.40s/kinora-store-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
}

static inline struct store *store_dir_open(const char *dir)
{
	struct store_options options = {.dir = dir};
	struct store *store;

	assert_int_equal(store_open(&options, &store), KN_OK);
	return store;
}

/* Closes the store, if it is open. */
static inline void store_dir_remove(const char *dir, struct store **store)
{
	store_close(store);
	fs_remove_tree(dir);
}

#endif
