/*
 * The only place that keeps the indices. What a job has in them is a list of
 * entries computed from the job; a write deletes the old job's entries that the
 * new one lacks and puts those that are new or changed. Counters count entries
 * by prefix, so they cannot disagree with a list.
 */
#include "store_priv.h"
#include "../job_codec.h"

#include <stdlib.h>

struct key list_prefix(const char *owner, enum job_api api, unsigned state)
{
	struct key key = {.len = 0};

	key_put_text(&key, owner);
	key_put_u8(&key, api);
	key_put_u8(&key, state);
	return key;
}

struct key ready_prefix(const char *class_name)
{
	struct key key = {.len = 0};

	key_put_text(&key, class_name);
	return key;
}

struct key count_key(int table, const struct key *prefix)
{
	struct key key = {.len = 0, .too_long = prefix->too_long};

	key_put_u8(&key, (unsigned)table);
	key_put(&key, prefix->data, prefix->len);
	return key;
}

static struct index_entry *add(struct index_entries *entries, int table)
{
	struct index_entry *entry = &entries->v[entries->n++];

	entry->table = table;
	entry->key.len = 0;
	entry->key.too_long = false;
	entry->counted = 0;
	return entry;
}

static void add_to_list(struct index_entries *entries, const struct job *job, const char *owner,
			unsigned state)
{
	struct index_entry *entry = add(entries, TABLE_LIST);

	entry->key = list_prefix(owner, job->api, state);
	entry->counted = entry->key.len;
	key_put_time_desc(&entry->key, job->created);
	key_put_text(&entry->key, job->id);
}

/* Behind the class, as ready_prefix() has it, jobs sort as they are to run. */
static void add_to_queue(struct index_entries *entries, const struct job *job)
{
	struct index_entry *entry = add(entries, TABLE_READY);
	const char *api = job_api_name(job->api);

	key_put(&entry->key, api, strlen(api));
	key_put_u8(&entry->key, '/');
	key_put_text(&entry->key, job->model);
	entry->counted = entry->key.len;
	key_put_u8(&entry->key, job->priority);
	key_put_time(&entry->key, job->run_at);
	key_put_time(&entry->key, job->created);
	key_put_text(&entry->key, job->id);
}

static void add_to_lease(struct index_entries *entries, const struct job *job)
{
	struct index_entry *entry = add(entries, TABLE_LEASE);

	key_put_time(&entry->key, job->lease.until);
	key_put_text(&entry->key, job->id);
}

static void add_to_expiry(struct index_entries *entries, const struct job *job)
{
	struct index_entry *entry = add(entries, TABLE_EXPIRY);

	key_put_u8(&entry->key, job->api);
	key_put_time(&entry->key, job->finished);
	key_put_text(&entry->key, job->id);
}

void index_entries(const struct job *job, struct index_entries *entries)
{
	entries->n = 0;
	entries->columns = (struct bytes){0};
	if (job == NULL)
		return;
	row_encode(job, &entries->columns);
	add_to_list(entries, job, NULL, ANY_STATE);
	add_to_list(entries, job, NULL, job->state);
	if (job->owner != NULL && job->owner[0] != '\0') {
		add_to_list(entries, job, job->owner, ANY_STATE);
		add_to_list(entries, job, job->owner, job->state);
	}
	if (job->state == JOB_QUEUED)
		add_to_queue(entries, job);
	if (job->state == JOB_PROCESSING && job->lease.until > 0)
		add_to_lease(entries, job);
	if (job_state_is_terminal(job->state) && job->expired == 0 &&
	    job->assets.n + job->inputs.n > 0)
		add_to_expiry(entries, job);
}

bool index_has_entry(const struct index_entries *entries, int table, const void *key, size_t len)
{
	for (size_t i = 0; i < entries->n; i++) {
		const struct index_entry *e = &entries->v[i];

		if (e->table == table && e->key.len == len && memcmp(e->key.data, key, len) == 0)
			return true;
	}
	return false;
}

static bool contains(const struct index_entries *entries, const struct index_entry *wanted)
{
	return index_has_entry(entries, wanted->table, wanted->key.data, wanted->key.len);
}

/* What lies before the id in a key: a text or none, then so many bytes, of which the first belong
 * to the prefix that is counted. */
static const struct {
	bool has_text;
	size_t counted, fixed;
} heads[TABLE_COUNT] = {
	[TABLE_LIST] = {true, 2, 2 + sizeof(int64_t)},
	[TABLE_READY] = {true, 0, 1 + 2 * sizeof(int64_t)},
	[TABLE_LEASE] = {false, 0, sizeof(int64_t)},
	[TABLE_EXPIRY] = {false, 0, 1 + sizeof(int64_t)},
};

const char *index_entry_id(int table, const void *key, size_t len)
{
	const char *text = key;
	size_t at = heads[table].fixed;

	if (heads[table].has_text)
		at += strnlen(text, len) + 1;
	if (at >= len || text[len - 1] != '\0' || strlen(text + at) != len - at - 1)
		return NULL;
	return text + at;
}

size_t index_entry_counted(int table, const void *key, size_t len)
{
	size_t counted = heads[table].has_text ? strnlen(key, len) + 1 + heads[table].counted : 0;

	return counted <= len ? counted : 0;
}

static enum kn_err count(struct store_txn *txn, const struct index_entry *entry, int64_t by)
{
	struct key prefix = {.len = 0}, key;

	key_put(&prefix, entry->key.data, entry->counted);
	key = count_key(entry->table, &prefix);
	return entry->counted > 0 ? counter_add(txn, &key, by) : KN_OK;
}

static enum kn_err delete_entries(struct store_txn *txn, const struct index_entries *old,
				  const struct index_entries *new)
{
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < old->n && err == KN_OK; i++) {
		const struct index_entry *entry = &old->v[i];

		if (contains(new, entry))
			continue;
		err = txn_delete(txn, entry->table, entry->key.data, entry->key.len);
		if (err == KN_ERR_NOT_FOUND)
			err = KN_ERR_CORRUPT; /* an index that had lost an entry */
		if (err == KN_OK)
			err = count(txn, entry, -1);
	}
	return err;
}

static bool same_columns(const struct index_entries *a, const struct index_entries *b)
{
	return a->columns.len == b->columns.len &&
	       memcmp(a->columns.data, b->columns.data, a->columns.len) == 0;
}

static enum kn_err put_entries(struct store_txn *txn, const struct index_entries *old,
			       const struct index_entries *new)
{
	bool same = old->n > 0 && same_columns(old, new);
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < new->n &&err == KN_OK; i++) {
		const struct index_entry *entry = &new->v[i];
		bool in_list = entry->table == TABLE_LIST, kept = contains(old, entry);

		if (kept && (same || !in_list))
			continue;
		err = txn_put(txn, entry->table, entry->key.data, entry->key.len,
			      in_list ? new->columns.data : NULL, in_list ? new->columns.len : 0,
			      0);
		if (err == KN_OK && !kept)
			err = count(txn, entry, 1);
	}
	return err;
}

static enum kn_err put_indices(struct store_txn *txn, const struct job *old, const struct job *new)
{
	struct index_entries had, has;
	enum kn_err err = KN_OK;

	index_entries(old, &had);
	index_entries(new, &has);
	if (had.columns.failed || has.columns.failed)
		err = KN_ERR_NOMEM;
	for (size_t i = 0; i < has.n && err == KN_OK; i++)
		if (has.v[i].key.too_long)
			err = KN_ERR_INVALID;
	if (err == KN_OK)
		err = delete_entries(txn, &had, &has);
	if (err == KN_OK)
		err = put_entries(txn, &had, &has);
	free(had.columns.data);
	free(has.columns.data);
	return err;
}

static enum kn_err put_record(struct store_txn *txn, const struct job *job, u_int32_t flags)
{
	unsigned char *data = NULL;
	char room[ID_SIZE];
	const char *key = job_key(txn->store, job->id, room);
	size_t len;
	enum kn_err err = job_encode(job, &data, &len);

	if (err == KN_OK)
		err = txn_put(txn, TABLE_JOBS, key, strlen(key), data, len, flags);
	free(data);
	return err;
}

static enum kn_err delete_record(struct store_txn *txn, const struct job *job)
{
	char room[ID_SIZE];
	const char *key = job_key(txn->store, job->id, room);

	return txn_delete(txn, TABLE_JOBS, key, strlen(key));
}

enum kn_err put_job(struct store_txn *txn, const struct job *old, const struct job *new)
{
	enum kn_err err;

	if (new != NULL)
		err = put_record(txn, new, old == NULL ? DB_NOOVERWRITE : 0);
	else
		err = delete_record(txn, old);
	if (err == KN_OK)
		err = put_indices(txn, old, new);
	if (err == KN_OK)
		err = txn_note_change(txn, old, new);
	return err;
}
