/*
 * Removes from a table of the store what is over: a part of it a call, so that no call takes long
 * however many entries there are, and each has its turn.
 */
#ifndef PURGE_H
#define PURGE_H

#include "lib/store/store.h"

#include <pthread.h>

enum {
	PURGE_BATCH = 500,   /* entries that a call looks at */
	PURGE_KEY_MAX = 160, /* an entry with a longer key stays */
};

/* Zeroed but for the first four. Any thread may use it. */
struct purge {
	pthread_mutex_t lock; /* PTHREAD_MUTEX_INITIALIZER */
	enum store_table table;
	const char *prefix; /* of the keys */
	/* now: wall µs */
	bool (*is_over)(const void *data, size_t len, int64_t now);
	/* Where the next call begins; "": at the first entry. */
	unsigned char at[PURGE_KEY_MAX + 1];
	size_t at_len;
};

enum kn_err purge_some(struct purge *purge, struct store *store, int64_t now);

#endif
