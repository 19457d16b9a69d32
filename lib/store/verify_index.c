/*
 * Whether the indices have what the records say, and nothing else. What a job should have is
 * computed by the function that writes it (index_entries), so that the two cannot differ.
 *
 * A look into an index for each entry of each record would be a look at random. Instead each entry
 * that should be is added to a balance, as a hash under a secret of this run, and each that is is
 * taken off: what remains is zero in every bucket of it, but for a chance of 1 in 2^64. Only the
 * entries of a bucket that is not zero are looked for one by one.
 */
#include "verify_priv.h"

#include "../job_codec.h"

#include <stdlib.h>

enum { BUCKETS = 65536 };

struct balance {
	uint64_t v[BUCKETS];
	bool is_even;
};

struct scan_index {
	struct check *check;
	int table;
};

static const int indices[] = {TABLE_LIST, TABLE_READY, TABLE_LEASE, TABLE_EXPIRY};

enum { INDICES = sizeof(indices) / sizeof(indices[0]) };

/* By the key alone: an entry and a wrong one in its place are in one bucket. */
static uint64_t *bucket_of(const struct check *check, int table, const void *key, size_t len,
			   unsigned char hash[crypto_shorthash_siphashx24_BYTES])
{
	crypto_shorthash_siphashx24(hash, key, len, check->secret);
	return &check->balances[table]->v[hash[0] << 8 | hash[1]];
}

static void weigh(const struct check *check, int table, const void *key, size_t key_len,
		  const void *data, size_t len, bool should_be)
{
	unsigned char hash[crypto_shorthash_siphashx24_BYTES], weight[crypto_shorthash_BYTES];
	uint64_t *bucket = bucket_of(check, table, key, key_len, hash), n;

	_Static_assert(sizeof(hash) == crypto_shorthash_KEYBYTES, "one hash keys the next");
	_Static_assert(sizeof(weight) == sizeof(n), "a weight is a number");
	crypto_shorthash(weight, data, len, hash);
	memcpy(&n, weight, sizeof(n));
	*bucket += should_be ? n : -n;
}

static bool is_even(const struct check *check, int table, const void *key, size_t len)
{
	unsigned char hash[crypto_shorthash_siphashx24_BYTES];

	return *bucket_of(check, table, key, len, hash) == 0;
}

enum kn_err verify_index_begin(struct check *check)
{
	randombytes_buf(check->secret, sizeof(check->secret));
	for (size_t i = 0; i < INDICES; i++) {
		check->balances[indices[i]] = calloc(1, sizeof(struct balance));
		if (check->balances[indices[i]] == NULL)
			return KN_ERR_NOMEM;
	}
	return KN_OK;
}

void verify_index_free(struct check *check)
{
	for (size_t i = 0; i < INDICES; i++)
		free(check->balances[indices[i]]);
}

bool verify_index_is_sound(const struct check *check, int table)
{
	return check->balances[table]->is_even;
}

static size_t data_len(const struct index_entries *entries, const struct index_entry *entry)
{
	return entry->table == TABLE_LIST ? entries->columns.len : 0;
}

enum kn_err verify_index_add(struct check *check, const struct job *job)
{
	struct index_entries entries;

	index_entries(job, &entries);
	for (size_t i = 0; i < entries.n && !entries.columns.failed; i++) {
		const struct index_entry *entry = &entries.v[i];

		weigh(check, entry->table, entry->key.data, entry->key.len, entries.columns.data,
		      data_len(&entries, entry), true);
	}
	free(entries.columns.data);
	return entries.columns.failed ? KN_ERR_NOMEM : KN_OK;
}

static enum kn_err take_off(void *arg, const void *key, size_t key_len, const void *data,
			    size_t len)
{
	const struct scan_index *scan = arg;

	weigh(scan->check, scan->table, key, key_len, data, len, false);
	return KN_OK;
}

/* --- where the balance is not even --- */

static enum kn_err look_for(struct check *check, const struct job *job,
			    const struct index_entries *entries, const struct index_entry *entry)
{
	size_t len = data_len(entries, entry);
	const char *file = store_files[entry->table];
	struct store_read read;
	enum kn_err err;

	if (is_even(check, entry->table, entry->key.data, entry->key.len))
		return KN_OK;
	err = store_read(check->store, NULL, entry->table, entry->key.data, entry->key.len, &read);
	if (err == KN_ERR_NOT_FOUND)
		verify_fault(check, "index", job->id, "%s lacks an entry of the job", file);
	else if (err == KN_OK &&
		 (read.len != len || memcmp(read.data, entries->columns.data, len) != 0))
		verify_fault(check, "index", job->id, "%s differs from the record", file);
	store_read_free(&read);
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

static enum kn_err find_missing(void *arg, const void *key, size_t key_len, const void *data,
				size_t len)
{
	struct check *check = arg;
	struct index_entries entries;
	struct job *job = NULL;
	enum kn_err err = job_decode(data, len, &job);

	if (err != KN_OK) /* what cannot be read has been told of */
		return err == KN_ERR_CORRUPT ? KN_OK : err;
	index_entries(job, &entries);
	if (entries.columns.failed)
		err = KN_ERR_NOMEM;
	if (job_key_is_of(check->store, key, key_len, job->id))
		for (size_t i = 0; i < entries.n && err == KN_OK; i++)
			err = look_for(check, job, &entries, &entries.v[i]);
	free(entries.columns.data);
	job_free(&job);
	return err;
}

static enum kn_err find_owner(void *arg, const void *key, size_t key_len, const void *data,
			      size_t len)
{
	const struct scan_index *scan = arg;
	const char *id, *file = store_files[scan->table];
	struct index_entries entries;
	struct job *job = NULL;
	enum kn_err err;

	(void)data;
	(void)len;
	if (is_even(scan->check, scan->table, key, key_len))
		return KN_OK;
	id = index_entry_id(scan->table, key, key_len);
	if (id == NULL) {
		verify_fault(scan->check, "index", NULL, "%s has an entry of no job", file);
		return KN_OK;
	}
	err = store_job_get(scan->check->store, id, &job);
	if (err == KN_ERR_NOT_FOUND)
		verify_fault(scan->check, "index", id,
			     "%s has an entry of the job, which does not exist", file);
	if (err != KN_OK)
		return err == KN_ERR_NOT_FOUND || err == KN_ERR_CORRUPT ? KN_OK : err;
	index_entries(job, &entries);
	if (!index_has_entry(&entries, scan->table, key, key_len))
		verify_fault(scan->check, "index", id,
			     "%s has an entry that the job should not have", file);
	free(entries.columns.data);
	job_free(&job);
	return KN_OK;
}

static enum kn_err find_faults(struct check *check)
{
	enum kn_err err = verify_scan(check, TABLE_JOBS, find_missing, check);

	for (size_t i = 0; i < INDICES && err == KN_OK; i++) {
		struct scan_index scan = {check, indices[i]};

		if (!verify_index_is_sound(check, indices[i]))
			err = verify_scan(check, indices[i], find_owner, &scan);
	}
	return err;
}

enum kn_err verify_index_end(struct check *check)
{
	bool all_even = true;
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < INDICES && err == KN_OK; i++) {
		struct scan_index scan = {check, indices[i]};
		struct balance *balance = check->balances[indices[i]];

		err = verify_scan(check, indices[i], take_off, &scan);
		balance->is_even = true;
		for (size_t bucket = 0; bucket < BUCKETS; bucket++)
			balance->is_even &= balance->v[bucket] == 0;
		all_even &= balance->is_even;
	}
	return err == KN_OK && !all_even ? find_faults(check) : err;
}
