/* What the daemon's duties ask: which jobs are due for something, oldest first. */
#include "store_priv.h"

#include <stdlib.h>

struct due {
	struct store_ids *ids;
	size_t max, time_at; /* where the time lies in the key; the id follows it */
	int64_t after, before;
	int64_t next; /* the first time that is not due, or INT64_MAX */
};

void store_ids_free(struct store_ids *ids)
{
	free(ids->v);
	*ids = (struct store_ids){0};
}

static enum kn_err add_id(struct store_ids *ids, size_t max, const void *id, size_t size)
{
	if (size == 0 || size > ID_SIZE || ((const char *)id)[size - 1] != '\0')
		return KN_ERR_CORRUPT;
	if (ids->v == NULL)
		ids->v = calloc(max, sizeof(*ids->v));
	if (ids->v == NULL)
		return KN_ERR_NOMEM;
	memcpy(ids->v[ids->n++], id, size);
	return KN_OK;
}

static enum kn_err add_due(void *arg, const void *key, size_t key_len, const void *data,
			   size_t data_len)
{
	struct due *due = arg;
	const unsigned char *at = (const unsigned char *)key + due->time_at;
	int64_t time;

	(void)data;
	(void)data_len;
	if (key_len <= due->time_at + sizeof(time))
		return KN_ERR_CORRUPT;
	time = key_time(at);
	if (time >= due->before || due->ids->n == due->max) {
		due->next = time;
		return SCAN_STOP;
	}
	return add_id(due->ids, due->max, at + sizeof(time), key_len - due->time_at - sizeof(time));
}

static enum kn_err scan_due(struct store *store, int table, const struct key *prefix,
			    struct due *due)
{
	enum kn_err err;

	*due->ids = (struct store_ids){0};
	due->time_at = prefix->len;
	due->next = INT64_MAX;
	err = store_scan(store, table, prefix, NULL, SCAN_CHUNK_MIN, add_due, due);
	if (err != KN_OK)
		store_ids_free(due->ids);
	return err;
}

enum kn_err store_lease_due(struct store *store, int64_t now, size_t max, struct store_ids *out,
			    int64_t *next)
{
	const struct key all = {.len = 0};
	struct due due = {.ids = out, .max = max, .before = now};
	enum kn_err err = scan_due(store, TABLE_LEASE, &all, &due);

	if (next != NULL)
		*next = due.next;
	return err;
}

enum kn_err store_retention_due(struct store *store, enum job_api api, int64_t before, size_t max,
				struct store_ids *out)
{
	struct key prefix = {.len = 0};
	struct due due = {.ids = out, .max = max, .before = before};

	key_put_u8(&prefix, api);
	return scan_due(store, TABLE_EXPIRY, &prefix, &due);
}

/* --- a state's oldest: the list's last, so a cursor walks back --- */

static int step(DBC *cursor, struct key *at, u_int32_t where)
{
	DBT key = {.data = at->data, .size = (u_int32_t)at->len, .ulen = sizeof(at->data)},
	    data = {0};
	int ret;

	key.flags = DB_DBT_USERMEM;
	data.flags = DB_DBT_USERMEM | DB_DBT_PARTIAL; /* of no bytes: the key is enough */
	ret = cursor->get(cursor, &key, &data, where);
	at->len = key.size;
	return ret;
}

/* Puts the cursor on the oldest entry that is younger than `after`, or on something before the
 * prefix. */
static int go_to_oldest(DBC *cursor, const struct key *prefix, int64_t after, struct key *at)
{
	int ret;

	*at = *prefix;
	key_put_time_desc(at, after);
	ret = step(cursor, at, DB_SET_RANGE);
	if (ret != 0 && ret != DB_NOTFOUND)
		return ret;
	return step(cursor, at, ret == DB_NOTFOUND ? DB_LAST : DB_PREV);
}

static enum kn_err walk_back(struct store *store, DBC *cursor, const struct key *prefix,
			     struct due *due)
{
	struct key at;
	int ret = go_to_oldest(cursor, prefix, due->after, &at);
	enum kn_err err = KN_OK;

	while (ret == 0 && err == KN_OK && due->ids->n < due->max) {
		const unsigned char *tail = at.data + prefix->len;

		if (!key_has_prefix(at.data, at.len, prefix) || ~key_time(tail) >= due->before)
			return KN_OK;
		err = add_id(due->ids, due->max, tail + sizeof(int64_t),
			     at.len - prefix->len - sizeof(int64_t));
		if (err == KN_OK)
			ret = step(cursor, &at, DB_PREV);
	}
	return err != KN_OK || ret == 0 || ret == DB_NOTFOUND ? err
							      : store_db_error(store, ret, "list");
}

enum kn_err store_state_due(struct store *store, enum job_api api, enum job_state state,
			    int64_t after, int64_t before, size_t max, struct store_ids *out)
{
	const struct key prefix = list_prefix(NULL, api, state);
	struct due due = {.ids = out, .max = max, .after = after, .before = before};
	DB *list = store->tables[TABLE_LIST];
	enum kn_err err = KN_ERR_BUSY;

	*out = (struct store_ids){0};
	for (int i = 0; i < STORE_RETRIES && err == KN_ERR_BUSY; i++) {
		DBC *cursor;

		store_ids_free(out);
		err = store_db_error(store, list->cursor(list, NULL, &cursor, 0), "list");
		if (err != KN_OK)
			break;
		err = walk_back(store, cursor, &prefix, &due);
		cursor->close(cursor);
	}
	if (err != KN_OK)
		store_ids_free(out);
	return err;
}
