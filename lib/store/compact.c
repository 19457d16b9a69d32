/*
 * Gives back what deleted jobs leave in the tables: pages are merged, those in use move to the
 * front, and the file is cut. Berkeley DB does it in small transactions of its own beside the
 * writer; where they meet, one of them tries again.
 */
#include "store_priv.h"

#include <stdio.h>
#include <sys/stat.h>

enum { ROUNDS_MAX = 4 };

static uint64_t size_of(const struct store *store, const char *file)
{
	char path[PATH_MAX];
	struct stat st;

	return snprintf(path, sizeof(path), "%s/%s", store->dir, file) < PATH_MAX &&
			       stat(path, &st) == 0
		       ? (uint64_t)st.st_size
		       : 0;
}

/* What one round frees in the middle of the file, the next can fill from its end. */
static int compact_table(DB *db)
{
	int ret = 0;

	for (int i = 0; i < ROUNDS_MAX && ret == 0; i++) {
		DB_COMPACT done = {0};

		ret = db->compact(db, NULL, NULL, NULL, &done, DB_FREE_SPACE, NULL);
		if (done.compact_pages_free + done.compact_pages_truncated == 0)
			break;
	}
	return ret;
}

enum kn_err store_compact(struct store *store, int i, struct store_compacted *out)
{
	enum kn_err err;

	if (i < 0 || i >= TABLE_COUNT)
		return KN_ERR_NOT_FOUND;
	out->file = store_files[i];
	out->before = size_of(store, out->file);
	err = store_db_error(store, compact_table(store->tables[i]), out->file);
	/* What was moved is in the cache as yet. */
	if (err == KN_OK)
		err = store_db_error(store, store->env->txn_checkpoint(store->env, 0, 0, 0),
				     "checkpoint");
	out->after = size_of(store, out->file);
	return err;
}
