/*
 * Idempotency-Keys and windows of limits.
 *
 * A key names the job that it made, which may have been deleted since; if it is there, it is of the
 * key's dialect, owner and time. Every key is to be forgotten once. Of a window there is nothing to
 * compare it with, but it can be read.
 */
#include "verify_priv.h"

#include "../idempotency.h"
#include "../usage.h"

#include <stdio.h>

static void key_fault(struct check *check, const struct idempotency_key *key, const char *id,
		      const char *text)
{
	char shown[IDEMPOTENCY_KEY_MAX + 1];

	for (size_t i = 0; i < key->key_len; i++)
		shown[i] = key->key[i] > ' ' && key->key[i] < 0x7f ? (char)key->key[i] : '?';
	shown[key->key_len] = '\0';
	verify_fault(check, "idempotency", id, "the key %s (%s%s%s) %s", shown,
		     job_api_name(key->api), key->owner[0] != '\0' ? ", " : "", key->owner, text);
}

/* By the list, in which the jobs of a day lie together; the record decides. */
static enum kn_err check_job(struct check *check, const struct idempotency_key *key,
			     const struct idempotency_record *record)
{
	struct key row = list_prefix(key->owner, key->api, ANY_STATE);
	struct store_read read;
	struct job *job = NULL;
	enum kn_err err;

	key_put_time_desc(&row, record->created);
	key_put_text(&row, record->id);
	if (!row.too_long) {
		err = store_read(check->store, NULL, TABLE_LIST, row.data, row.len, &read);
		store_read_free(&read);
		if (err != KN_ERR_NOT_FOUND)
			return err;
	}
	err = store_job_get(check->store, record->id, &job);
	if (err == KN_OK && (job->api != key->api || job->created != record->created ||
			     strcmp(job->owner != NULL ? job->owner : "", key->owner) != 0))
		key_fault(check, key, record->id, "did not make this job");
	job_free(&job);
	return err == KN_ERR_NOT_FOUND || err == KN_ERR_CORRUPT ? KN_OK : err;
}

static enum kn_err check_forgetting(struct check *check, const struct idempotency_key *parts,
				    const void *key, size_t len,
				    const struct idempotency_record *record)
{
	struct idempotency_entry entry = {.len = len}, by_time;
	struct store_read read;
	enum kn_err err;

	memcpy(entry.data, key, len);
	idempotency_time_make(&entry, record->created, &by_time);
	err = store_read(check->store, NULL, STORE_IDEMPOTENCY, by_time.data, by_time.len, &read);
	store_read_free(&read);
	if (err == KN_ERR_NOT_FOUND)
		key_fault(check, parts, record->id, "would never be forgotten");
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

static enum kn_err check_key(void *arg, const void *key, size_t key_len, const void *data,
			     size_t len)
{
	struct idempotency_record record;
	struct idempotency_key parts;
	enum kn_err err;

	if (!idempotency_key_read(key, key_len, &parts)) {
		verify_fault(arg, "idempotency", NULL, "a key cannot be read");
		return KN_OK;
	}
	if (!idempotency_record_read(data, len, &record)) {
		key_fault(arg, &parts, NULL, "names no job");
		return KN_OK;
	}
	err = check_job(arg, &parts, &record);
	return err == KN_OK ? check_forgetting(arg, &parts, key, key_len, &record) : err;
}

/* What is to be forgotten is there, or was used again: later. */
static enum kn_err check_time(void *arg, const void *key, size_t key_len, const void *data,
			      size_t len)
{
	struct check *check = arg;
	struct idempotency_record record;
	struct idempotency_entry entry;
	struct idempotency_key parts;
	struct store_read read;
	int64_t created;
	enum kn_err err;

	(void)data;
	(void)len;
	if (!idempotency_time_read(key, key_len, &created, &entry)) {
		verify_fault(check, "idempotency", NULL, "a key's time cannot be read");
		return KN_OK;
	}
	idempotency_key_read(entry.data, entry.len, &parts);
	err = store_read(check->store, NULL, STORE_IDEMPOTENCY, entry.data, entry.len, &read);
	if (err == KN_ERR_NOT_FOUND ||
	    (err == KN_OK && idempotency_record_read(read.data, read.len, &record) &&
	     record.created < created))
		key_fault(check, &parts, NULL, "is lost: its time is there");
	store_read_free(&read);
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

static enum kn_err check_entry(void *arg, const void *key, size_t key_len, const void *data,
			       size_t len)
{
	bool is_time = key_len > 0 && *(const unsigned char *)key == 't';

	return (is_time ? check_time : check_key)(arg, key, key_len, data, len);
}

static enum kn_err check_window(void *arg, const void *key, size_t key_len, const void *data,
				size_t len)
{
	struct usage_window window;

	if (!usage_window_read(data, len, &window))
		verify_fault(arg, "usage", NULL, "the window %.*s cannot be read", (int)key_len,
			     (const char *)key);
	return KN_OK;
}

enum kn_err verify_keys(struct check *check)
{
	struct key windows = {.len = 0};
	enum kn_err err = verify_scan(check, STORE_IDEMPOTENCY, check_entry, check);

	key_put(&windows, USAGE_WINDOW_PREFIX, strlen(USAGE_WINDOW_PREFIX));
	return err == KN_OK ? store_scan(check->store, STORE_META, &windows, NULL, SCAN_CHUNK_MAX,
					 check_window, check)
			    : err;
}
