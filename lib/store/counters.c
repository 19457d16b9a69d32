#include "store_priv.h"

#include <endian.h>

/* The tally of a key in this transaction, or NULL. */
static struct tally *find_tally(struct store_txn *txn, const struct key *key)
{
	for (size_t i = 0; i < txn->tallies_n; i++) {
		struct tally *t = &txn->tallies[i];

		if (t->key.len == key->len && memcmp(t->key.data, key->data, key->len) == 0)
			return t;
	}
	return NULL;
}

static enum kn_err read_stored(struct store *store, struct store_txn *txn, const struct key *key,
			       int64_t *out)
{
	struct store_read read;
	uint64_t n = 0;
	enum kn_err err =
		txn != NULL ? txn_read(txn, TABLE_COUNTERS, key->data, key->len, &read)
			    : store_read(store, NULL, TABLE_COUNTERS, key->data, key->len, &read);

	if (err == KN_OK && read.len == sizeof(n))
		memcpy(&n, read.data, sizeof(n));
	else if (err == KN_OK)
		err = KN_ERR_CORRUPT;
	store_read_free(&read);
	*out = (int64_t)le64toh(n);
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

/* The number as the transaction knows it, read from the table the first time. */
static enum kn_err get_tally(struct store_txn *txn, const struct key *key, struct tally **out)
{
	struct tally *tally = find_tally(txn, key);
	enum kn_err err = KN_OK;

	*out = tally;
	if (tally != NULL)
		return KN_OK;
	if (txn->tallies_n == TALLIES_MAX)
		err = counters_write(txn);
	if (err != KN_OK)
		return err;
	tally = &txn->tallies[txn->tallies_n];
	err = read_stored(txn->store, txn, key, &tally->stored);
	if (err != KN_OK)
		return err;
	tally->key = *key;
	tally->by = 0;
	txn->tallies_n++;
	*out = tally;
	return KN_OK;
}

enum kn_err counter_read(struct store *store, struct store_txn *txn, const struct key *key,
			 int64_t *out)
{
	struct tally *tally;
	enum kn_err err;

	if (txn == NULL)
		return read_stored(store, NULL, key, out);
	err = get_tally(txn, key, &tally);
	if (err == KN_OK)
		*out = tally->stored + tally->by;
	return err;
}

enum kn_err counter_add(struct store_txn *txn, const struct key *key, int64_t by)
{
	struct tally *tally;
	enum kn_err err;

	if (key->too_long)
		return KN_ERR_INVALID;
	err = get_tally(txn, key, &tally);
	if (err == KN_OK) {
		tally->by += by;
		txn->wrote = true;
	}
	return err;
}

/* A number that returns to zero leaves no entry behind. */
static enum kn_err write_tally(struct store_txn *txn, const struct tally *tally)
{
	const struct key *key = &tally->key;
	uint64_t stored = htole64((uint64_t)(tally->stored + tally->by));
	enum kn_err err;

	if (stored != 0)
		return txn_put(txn, TABLE_COUNTERS, key->data, key->len, &stored, sizeof(stored),
			       0);
	err = txn_delete(txn, TABLE_COUNTERS, key->data, key->len);
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

enum kn_err counters_write(struct store_txn *txn)
{
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < txn->tallies_n && err == KN_OK; i++)
		if (txn->tallies[i].by != 0)
			err = write_tally(txn, &txn->tallies[i]);
	txn->tallies_n = 0;
	return err;
}

static struct key named(const char *name)
{
	struct key key = {.len = 0};

	key_put_u8(&key, COUNTER_NAMED);
	key_put(&key, name, strlen(name));
	return key;
}

enum kn_err store_counter_get(struct store *store, const char *name, int64_t *out)
{
	struct key key = named(name);

	return key.too_long ? KN_ERR_INVALID : counter_read(store, NULL, &key, out);
}

struct each_counter {
	store_each_counter_fn *each;
	void *arg;
};

static enum kn_err decode_each(void *arg, const void *key, size_t key_len, const void *data,
			       size_t len)
{
	const struct each_counter *each = arg;
	uint64_t n;

	if (len != sizeof(n))
		return KN_ERR_CORRUPT;
	memcpy(&n, data, sizeof(n));
	return each->each(each->arg, (const char *)key + 1, key_len - 1, (int64_t)le64toh(n));
}

enum kn_err store_each_counter(struct store *store, store_each_counter_fn *each, void *arg)
{
	const struct key prefix = named("");
	struct each_counter one = {each, arg};

	return store_scan(store, TABLE_COUNTERS, &prefix, NULL, SCAN_CHUNK_MIN, decode_each, &one);
}

enum kn_err store_txn_counter_add(struct store_txn *txn, const char *name, int64_t by, int64_t *now)
{
	struct key key = named(name);
	enum kn_err err = counter_add(txn, &key, by);

	return err == KN_OK ? counter_read(txn->store, txn, &key, now) : err;
}

/* api and state may be -1: any. */
static enum kn_err count_jobs(struct store *store, struct store_txn *txn, int api, int state,
			      const char *owner, uint64_t *out)
{
	int first = api < 0 ? 0 : api, last = api < 0 ? JOB_API_COUNT - 1 : api;
	enum kn_err err = KN_OK;

	*out = 0;
	for (int i = first; i <= last && err == KN_OK; i++) {
		struct key prefix = list_prefix(owner, (enum job_api)i,
						state < 0 ? ANY_STATE : (unsigned)state);
		struct key key = count_key(TABLE_LIST, &prefix);
		int64_t n = 0;

		err = key.too_long ? KN_OK : counter_read(store, txn, &key, &n);
		*out += (uint64_t)n;
	}
	return err;
}

enum kn_err store_job_count(struct store *store, int api, int state, const char *owner,
			    uint64_t *out)
{
	return count_jobs(store, NULL, api, state, owner, out);
}

enum kn_err store_txn_count(struct store_txn *txn, int api, int state, const char *owner,
			    uint64_t *out)
{
	return count_jobs(txn->store, txn, api, state, owner, out);
}

enum kn_err store_queue_length(struct store *store, const char *class_name, uint64_t *out)
{
	struct key prefix = ready_prefix(class_name), key = count_key(TABLE_READY, &prefix);
	int64_t n = 0;
	enum kn_err err = key.too_long ? KN_OK : counter_read(store, NULL, &key, &n);

	*out = (uint64_t)n;
	return err;
}
