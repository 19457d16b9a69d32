#include "store_priv.h"

#include <stdlib.h>

struct scan {
	struct store *store;
	int table;
	const struct key *prefix;
	unsigned char *next; /* where the next chunk begins */
	size_t next_len;
	void *buffer;
	size_t size;
};

static int read_once(struct scan *scan, DBT *data)
{
	DB *db = scan->store->tables[scan->table];
	DBT key = store_dbt(scan->next, scan->next_len);
	DBC *cursor;
	int ret = db->cursor(db, NULL, &cursor, 0);

	if (ret != 0)
		return ret;
	key.flags = DB_DBT_MALLOC;
	*data = (DBT){.data = scan->buffer, .ulen = (u_int32_t)scan->size, .flags = DB_DBT_USERMEM};
	ret = cursor->get(cursor, &key, data, DB_SET_RANGE | DB_MULTIPLE_KEY);
	if (key.data != scan->next)
		free(key.data);
	cursor->close(cursor);
	return ret;
}

/* A lone cursor without a transaction holds one page at a time, and can simply read again. */
static enum kn_err read_chunk(struct scan *scan, DBT *data)
{
	int ret = DB_LOCK_DEADLOCK;

	for (int i = 0; i < STORE_RETRIES && ret == DB_LOCK_DEADLOCK; i++)
		while ((ret = read_once(scan, data)) == DB_BUFFER_SMALL) {
			void *grown = realloc(scan->buffer, scan->size * 2);

			if (grown == NULL)
				return KN_ERR_NOMEM;
			scan->buffer = grown;
			scan->size *= 2;
		}
	return store_db_error(scan->store, ret, "scan");
}

/* The next chunk begins at the smallest key after this one. */
static enum kn_err continue_after(struct scan *scan, const void *key, size_t len)
{
	unsigned char *next = malloc(len + 1);

	if (next == NULL)
		return KN_ERR_NOMEM;
	memcpy(next, key, len);
	next[len] = 0;
	free(scan->next);
	scan->next = next;
	scan->next_len = len + 1;
	return KN_OK;
}

static enum kn_err scan_chunk(struct scan *scan, store_each_fn *each, void *arg)
{
	void *at, *key = NULL, *value;
	size_t key_len = 0, len;
	DBT data;
	enum kn_err err = read_chunk(scan, &data);

	if (err != KN_OK)
		return err == KN_ERR_NOT_FOUND ? SCAN_STOP : err;
	DB_MULTIPLE_INIT(at, &data);
	while (err == KN_OK) {
		void *next_key;
		size_t next_len;

		DB_MULTIPLE_KEY_NEXT(at, &data, next_key, next_len, value, len);
		if (at == NULL)
			break;
		key = next_key;
		key_len = next_len;
		if (!key_has_prefix(key, key_len, scan->prefix))
			return SCAN_STOP;
		err = each(arg, key, key_len, value, len);
	}
	return err == KN_OK ? continue_after(scan, key, key_len) : err;
}

static size_t buffer_size(size_t chunk)
{
	if (chunk < SCAN_CHUNK_MIN)
		return SCAN_CHUNK_MIN;
	return chunk > SCAN_CHUNK_MAX ? SCAN_CHUNK_MAX : (chunk + 1023) & ~(size_t)1023;
}

enum kn_err store_scan(struct store *store, int table, const struct key *prefix,
		       const struct key *from, size_t chunk, store_each_fn *each, void *arg)
{
	struct scan scan = {.store = store, .table = table, .prefix = prefix};
	enum kn_err err;

	if (from == NULL)
		from = prefix;
	if (from->too_long || prefix->too_long)
		return KN_OK; /* no such entry can exist */
	scan.size = buffer_size(chunk);
	scan.buffer = malloc(scan.size);
	scan.next = malloc(from->len + 1);
	scan.next_len = from->len;
	err = scan.buffer != NULL && scan.next != NULL ? KN_OK : KN_ERR_NOMEM;
	if (err == KN_OK)
		memcpy(scan.next, from->data, from->len);
	while (err == KN_OK)
		err = scan_chunk(&scan, each, arg);
	free(scan.buffer);
	free(scan.next);
	return err == SCAN_STOP ? KN_OK : err;
}
