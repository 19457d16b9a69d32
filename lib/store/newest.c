/*
 * What a store that is opened learns from its newest jobs: after which time the next one is
 * created, for such times never repeat, even if the clock was set back meanwhile; and whether the
 * key of the ids is theirs. Without it, or with that of another store, no job would be found, and
 * their files be taken for nobody's.
 */
#include "store_priv.h"
#include "../log.h"

/* So many of a dialect are looked at: a damaged index is no reason to take the key for a wrong one.
 */
enum { NEWEST_MAX = 16 };

struct newest {
	struct store *store;
	size_t n, found, lost; /* the last two: of those whose place the key decides */
};

static enum kn_err look_for_job(struct newest *newest, const char *id)
{
	struct store_read read;
	char room[ID_SIZE];
	const char *key = job_key(newest->store, id, room);
	enum kn_err err = store_read(newest->store, NULL, TABLE_JOBS, key, strlen(key), &read);

	store_read_free(&read);
	newest->found += err == KN_OK;
	newest->lost += err == KN_ERR_NOT_FOUND;
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

static enum kn_err look_at_one(void *arg, const void *key, size_t key_len, const void *data,
			       size_t data_len)
{
	struct newest *newest = arg;
	const char *id = index_entry_id(TABLE_LIST, key, key_len);
	/* The key is a prefix of an empty owner, api and state, and then the time. */
	int64_t created = ~key_time((const unsigned char *)key + 3);
	enum kn_err err = KN_OK;

	(void)data;
	(void)data_len;
	if (created > newest->store->last_created)
		newest->store->last_created = created;
	if (id != NULL && job_key_decides(id))
		err = look_for_job(newest, id);
	return err == KN_OK && ++newest->n == NEWEST_MAX ? SCAN_STOP : err;
}

enum kn_err newest_look(struct store *store)
{
	struct newest newest = {.store = store};
	enum kn_err err = KN_OK;

	for (int api = 0; api < JOB_API_COUNT && err == KN_OK; api++) {
		struct key prefix = list_prefix(NULL, (enum job_api)api, ANY_STATE);

		newest.n = 0;
		err = store_scan(store, TABLE_LIST, &prefix, NULL, SCAN_CHUNK_MIN, look_at_one,
				 &newest);
	}
	store->last_draw = store->last_created;
	if (err != KN_OK || newest.lost == 0 || newest.found > 0)
		return err;
	log_error("store: %s: %s: its jobs cannot be found", store->dir,
		  store->has_id_key ? "private.db is of another store"
				    : "private.db has lost the key of the ids");
	return KN_ERR_CORRUPT;
}
