#include "store_priv.h"

#include <stdlib.h>

static enum kn_err to_value(const struct store_read *read, struct store_value *out)
{
	out->len = read->len;
	out->data = malloc(read->len > 0 ? read->len : 1);
	if (out->data == NULL)
		return KN_ERR_NOMEM;
	memcpy(out->data, read->data, read->len);
	return KN_OK;
}

enum kn_err store_get(struct store *store, enum store_table table, const void *key, size_t key_len,
		      struct store_value *out)
{
	struct store_read read;
	enum kn_err err = store_read(store, NULL, (int)table, key, key_len, &read);

	if (err == KN_OK)
		err = to_value(&read, out);
	store_read_free(&read);
	return err;
}

enum kn_err store_txn_get(struct store_txn *txn, enum store_table table, const void *key,
			  size_t key_len, struct store_value *out)
{
	struct store_read read;
	enum kn_err err = txn_read(txn, (int)table, key, key_len, &read);

	if (err == KN_OK)
		err = to_value(&read, out);
	store_read_free(&read);
	return err;
}

enum kn_err store_txn_put(struct store_txn *txn, enum store_table table, const void *key,
			  size_t key_len, const void *data, size_t data_len)
{
	return txn_put(txn, (int)table, key, key_len, data, data_len, 0);
}

enum kn_err store_txn_delete(struct store_txn *txn, enum store_table table, const void *key,
			     size_t key_len)
{
	return txn_delete(txn, (int)table, key, key_len);
}

enum kn_err store_each_from(struct store *store, enum store_table table, const void *prefix,
			    size_t prefix_len, const void *from, size_t from_len,
			    store_each_fn *each, void *arg)
{
	struct key key = {.len = 0}, first = {.len = 0};

	key_put(&key, prefix, prefix_len);
	key_put(&first, from, from_len);
	return store_scan(store, (int)table, &key, &first, SCAN_CHUNK_MIN, each, arg);
}

enum kn_err store_each(struct store *store, enum store_table table, const void *prefix,
		       size_t prefix_len, store_each_fn *each, void *arg)
{
	return store_each_from(store, table, prefix, prefix_len, prefix, prefix_len, each, arg);
}
