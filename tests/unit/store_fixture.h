/* A test's fixture that is a store and nothing else. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "store_dir.h"

struct fixture {
	char dir[STORE_DIR_SIZE];
	struct store *store;
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	store_dir_make(f->dir);
	f->store = store_dir_open(f->dir);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	store_dir_remove(f->dir, &f->store);
	free(f);
	return 0;
}

#endif
