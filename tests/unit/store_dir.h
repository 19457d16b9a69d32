/* A store in a directory of a test's own. */
#ifndef STORE_DIR_H
#define STORE_DIR_H

#include "lib/fs.h"
#include "lib/store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static inline enum kn_err store_dir_count_one(void *arg, const void *key, size_t key_len,
					      const void *data, size_t len)
{
	(void)key;
	(void)key_len;
	(void)data;
	(void)len;
	++*(size_t *)arg;
	return KN_OK;
}

/* Entries of the table whose keys begin with that. */
static inline size_t store_dir_count(struct store *store, enum store_table table,
				     const char *prefix)
{
	size_t n = 0;

	assert_int_equal(store_each(store, table, prefix, strlen(prefix), store_dir_count_one, &n),
			 KN_OK);
	return n;
}

#endif
