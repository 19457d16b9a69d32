/* Idempotency keys: lib/idempotency.h has how they are kept. */
#include "lib/bytes.h"
#include "lib/clock.h"
#include "lib/idempotency.h"
#include "lib/store/store.h"
#include "work_priv.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void digest_text(crypto_generichash_state *state, const char *text)
{
	/* With its NUL, so that fields cannot flow into each other; absent differs from empty. */
	if (text != NULL)
		crypto_generichash_update(state, (const unsigned char *)text, strlen(text) + 1);
	else
		crypto_generichash_update(state, (const unsigned char *)"\1", 2);
}

/* What makes two requests the same. */
static void digest_request(const struct job *job, unsigned char out[IDEMPOTENCY_DIGEST_SIZE])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, IDEMPOTENCY_DIGEST_SIZE);
	digest_text(&state, job->model);
	digest_text(&state, job->prompt);
	digest_text(&state, job->params);
	for (size_t i = 0; i < job->inputs.n; i++) {
		digest_text(&state, job->inputs.v[i].name);
		crypto_generichash_update(&state, job->inputs.v[i].sha256,
					  sizeof(job->inputs.v[i].sha256));
	}
	crypto_generichash_final(&state, out, IDEMPOTENCY_DIGEST_SIZE);
}

static enum kn_err put_entry(struct store_txn *txn, const struct idempotency_entry *key,
			     const void *data, size_t len)
{
	return store_txn_put(txn, STORE_IDEMPOTENCY, key->data, key->len, data, len);
}

static enum kn_err put_entries(struct store_txn *txn, const struct idempotency_entry *key,
			       const unsigned char *digest, const struct job *job)
{
	struct idempotency_record record = {.created = job->created, .digest = digest};
	struct idempotency_entry by_time;
	struct bytes value = {0};
	enum kn_err err = KN_ERR_NOMEM;

	memcpy(record.id, job->id, sizeof(record.id));
	idempotency_record_put(&record, &value);
	idempotency_time_make(key, job->created, &by_time);
	if (!value.failed)
		err = put_entry(txn, key, value.data, value.len);
	if (err == KN_OK)
		err = put_entry(txn, &by_time, "", 0);
	free(value.data);
	return err;
}

struct create_once {
	struct idempotency_entry key;
	unsigned char digest[IDEMPOTENCY_DIGEST_SIZE];
	struct job *job;
	const struct work_quota *quota;
	struct job *first;
};

/* The job that an earlier use of the key made; *first stays NULL when there is none to be had. */
static enum kn_err find_first(struct store_txn *txn, const struct create_once *once,
			      struct job **first)
{
	struct idempotency_record record;
	struct store_value value = {0};
	enum kn_err err;

	err = store_txn_get(txn, STORE_IDEMPOTENCY, once->key.data, once->key.len, &value);
	if (err != KN_OK)
		return err == KN_ERR_NOT_FOUND ? KN_OK : err;
	err = KN_ERR_CORRUPT;
	if (!idempotency_record_read(value.data, value.len, &record))
		goto out;
	err = KN_OK;
	if (record.created + USEC_PER_DAY < clock_wall_us())
		goto out; /* too old, not swept yet */
	err = KN_ERR_UNPROCESSABLE;
	if (memcmp(record.digest, once->digest, sizeof(once->digest)) != 0)
		goto out;
	err = store_txn_job_get(txn, record.id, first);
	if (err == KN_ERR_NOT_FOUND)
		err = KN_OK; /* deleted since */
out:
	free(value.data);
	return err;
}

static enum kn_err write_once(struct store_txn *txn, void *arg)
{
	struct create_once *once = arg;
	enum kn_err err;

	job_free(&once->first);
	err = find_first(txn, once, &once->first);
	if (err != KN_OK || once->first != NULL)
		return err;
	err = work_insert(txn, once->job, once->quota);
	if (err != KN_OK)
		return err;
	return put_entries(txn, &once->key, once->digest, once->job);
}

enum kn_err work_create_once(struct server *server, struct job *job, const char *key,
			     const struct work_quota *quota, struct job **first)
{
	struct create_once once = {.job = job, .quota = quota};
	enum kn_err err = idempotency_key_make(job->api, job->owner, key, &once.key);

	if (err != KN_OK)
		return err;
	digest_request(job, once.digest);
	err = store_write(server->store, write_once, &once, STORE_FLUSHED);
	if (err == KN_OK)
		*first = once.first;
	else
		job_free(&once.first);
	return err;
}

/* --- forgetting --- */

struct forget {
	int64_t before;
	struct forgotten {
		struct idempotency_entry key;
		int64_t created;
	} v[WORK_DUTY_BATCH];
	size_t n;
};

static enum kn_err collect_old(void *arg, const void *key, size_t key_len, const void *data,
			       size_t data_len)
{
	struct forget *forget = arg;
	struct forgotten *one = &forget->v[forget->n];

	(void)data;
	(void)data_len;
	if (forget->n == WORK_DUTY_BATCH)
		return KN_ERR_NOT_FOUND; /* ends the walk */
	if (!idempotency_time_read(key, key_len, &one->created, &one->key))
		return KN_ERR_CORRUPT;
	if (one->created >= forget->before)
		return KN_ERR_NOT_FOUND;
	forget->n++;
	return KN_OK;
}

/* The key's own entry goes only if it is of that time: the client may have used the key again
 * since. */
static enum kn_err forget_one(struct store_txn *txn, const struct forgotten *one)
{
	const struct idempotency_entry *key = &one->key;
	struct idempotency_record record;
	struct idempotency_entry by_time;
	struct store_value value = {0};
	enum kn_err err = store_txn_get(txn, STORE_IDEMPOTENCY, key->data, key->len, &value);

	if (err == KN_OK && idempotency_record_read(value.data, value.len, &record) &&
	    record.created == one->created)
		err = store_txn_delete(txn, STORE_IDEMPOTENCY, key->data, key->len);
	free(value.data);
	if (err != KN_OK && err != KN_ERR_NOT_FOUND)
		return err;
	idempotency_time_make(key, one->created, &by_time);
	err = store_txn_delete(txn, STORE_IDEMPOTENCY, by_time.data, by_time.len);
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

static enum kn_err write_forget(struct store_txn *txn, void *arg)
{
	const struct forget *forget = arg;
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < forget->n && err == KN_OK; i++)
		err = forget_one(txn, &forget->v[i]);
	return err;
}

enum kn_err work_forget_keys(struct server *server, int64_t now, size_t *forgotten)
{
	struct forget *forget = calloc(1, sizeof(*forget));
	enum kn_err err;

	*forgotten = 0;
	if (forget == NULL)
		return KN_ERR_NOMEM;
	forget->before = now - USEC_PER_DAY;
	err = store_each(server->store, STORE_IDEMPOTENCY, "t", 1, collect_old, forget);
	if (err == KN_ERR_NOT_FOUND)
		err = KN_OK;
	if (err == KN_OK && forget->n > 0)
		err = store_write(server->store, write_forget, forget, STORE_FLUSHED);
	*forgotten = forget->n;
	free(forget);
	return err;
}
