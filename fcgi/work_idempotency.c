/*
 * Idempotency keys. Two entries a key, in STORE_IDEMPOTENCY:
 *   'k' api owner 0 key            → time (8 bytes), digest of the request, job id
 *   't' time (8, big-endian) KEY   → nothing; KEY is the above: the order in which they are
 * forgotten
 */
#include "lib/bytes.h"
#include "lib/clock.h"
#include "lib/store/store.h"
#include "work_priv.h"

#include <endian.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_MAX = 255,       /* bytes of the client's key */
	ENTRY_KEY_MAX = 640, /* an owner and a key of full length fit */
	BY_TIME_PREFIX = 1 + sizeof(uint64_t),
	DIGEST_SIZE = 32,
	FORGET_BATCH = 256,
};

struct entry_key {
	unsigned char data[ENTRY_KEY_MAX];
	size_t len;
};

static void digest_text(crypto_generichash_state *state, const char *text)
{
	/* With its NUL, so that fields cannot flow into each other; absent differs from empty. */
	if (text != NULL)
		crypto_generichash_update(state, (const unsigned char *)text, strlen(text) + 1);
	else
		crypto_generichash_update(state, (const unsigned char *)"\1", 2);
}

/* What makes two requests the same. */
static void digest_request(const struct job *job, unsigned char out[DIGEST_SIZE])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, DIGEST_SIZE);
	digest_text(&state, job->model);
	digest_text(&state, job->prompt);
	digest_text(&state, job->params);
	for (size_t i = 0; i < job->inputs.n; i++) {
		digest_text(&state, job->inputs.v[i].name);
		crypto_generichash_update(&state, job->inputs.v[i].sha256,
					  sizeof(job->inputs.v[i].sha256));
	}
	crypto_generichash_final(&state, out, DIGEST_SIZE);
}

static enum kn_err entry_key_make(const struct job *job, const char *key, struct entry_key *out)
{
	const char *owner = job->owner != NULL ? job->owner : "";
	size_t owner_len = strlen(owner), key_len = strlen(key);

	if (key_len == 0 || key_len > KEY_MAX ||
	    3 + owner_len + key_len + BY_TIME_PREFIX > ENTRY_KEY_MAX)
		return KN_ERR_INVALID;
	out->data[0] = 'k';
	out->data[1] = (unsigned char)job->api;
	memcpy(out->data + 2, owner, owner_len + 1);
	memcpy(out->data + 3 + owner_len, key, key_len);
	out->len = 3 + owner_len + key_len;
	return KN_OK;
}

static enum kn_err put_entries(struct store_txn *txn, const struct entry_key *key,
			       const unsigned char *digest, const struct job *job)
{
	struct bytes value = {0}, by_time = {0};
	uint64_t order = htobe64((uint64_t)job->created);
	enum kn_err err = KN_ERR_NOMEM;

	bytes_put_u64(&value, (uint64_t)job->created);
	bytes_put(&value, digest, DIGEST_SIZE);
	bytes_put(&value, job->id, strlen(job->id));
	bytes_put_u8(&by_time, 't');
	bytes_put(&by_time, &order, sizeof(order));
	bytes_put(&by_time, key->data, key->len);
	if (!value.failed && !by_time.failed)
		err = store_txn_put(txn, STORE_IDEMPOTENCY, key->data, key->len, value.data,
				    value.len);
	if (err == KN_OK)
		err = store_txn_put(txn, STORE_IDEMPOTENCY, by_time.data, by_time.len, "", 0);
	free(value.data);
	free(by_time.data);
	return err;
}

struct create_once {
	struct entry_key key;
	unsigned char digest[DIGEST_SIZE];
	struct job *job;
	const struct work_quota *quota;
	struct job *first;
};

/* The job that an earlier use of the key made; *first stays NULL when there is none to be had. */
static enum kn_err find_first(struct store_txn *txn, const struct create_once *once,
			      struct job **first)
{
	struct store_value value = {0};
	const unsigned char *digest, *id_bytes;
	struct bytes_reader reader;
	char id[ID_SIZE] = "";
	uint64_t created;
	enum kn_err err;

	err = store_txn_get(txn, STORE_IDEMPOTENCY, once->key.data, once->key.len, &value);
	if (err != KN_OK)
		return err == KN_ERR_NOT_FOUND ? KN_OK : err;
	reader = (struct bytes_reader){value.data, (unsigned char *)value.data + value.len};
	err = KN_ERR_CORRUPT;
	if (!bytes_get_u64(&reader, &created) || !bytes_get(&reader, DIGEST_SIZE, &digest))
		goto out;
	err = KN_OK;
	if ((int64_t)created + USEC_PER_DAY < clock_wall_us())
		goto out; /* too old, not swept yet */
	err = KN_ERR_UNPROCESSABLE;
	if (memcmp(digest, once->digest, DIGEST_SIZE) != 0)
		goto out;
	err = KN_ERR_CORRUPT;
	if ((size_t)(reader.end - reader.at) >= ID_SIZE ||
	    !bytes_get(&reader, (size_t)(reader.end - reader.at), &id_bytes))
		goto out;
	memcpy(id, id_bytes, (size_t)(reader.end - id_bytes));
	err = store_txn_job_get(txn, id, first);
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
	enum kn_err err = entry_key_make(job, key, &once.key);

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
	uint64_t before;
	struct entry_key keys[FORGET_BATCH];
	size_t n;
};

static enum kn_err collect_old(void *arg, const void *key, size_t key_len, const void *data,
			       size_t data_len)
{
	struct forget *forget = arg;
	uint64_t order;

	(void)data;
	(void)data_len;
	if (key_len <= BY_TIME_PREFIX || key_len > ENTRY_KEY_MAX)
		return KN_ERR_CORRUPT;
	memcpy(&order, (const unsigned char *)key + 1, sizeof(order));
	if (be64toh(order) >= forget->before || forget->n == FORGET_BATCH)
		return KN_ERR_NOT_FOUND; /* ends the walk */
	memcpy(forget->keys[forget->n].data, key, key_len);
	forget->keys[forget->n++].len = key_len;
	return KN_OK;
}

/* The key's own entry goes only if it is of that time: the client may have used the key again
 * since. */
static enum kn_err forget_one(struct store_txn *txn, const struct entry_key *by_time)
{
	const unsigned char *key = by_time->data + BY_TIME_PREFIX;
	size_t len = by_time->len - BY_TIME_PREFIX;
	struct store_value value = {0};
	uint64_t order, created = 0;
	enum kn_err err = store_txn_get(txn, STORE_IDEMPOTENCY, key, len, &value);

	memcpy(&order, by_time->data + 1, sizeof(order));
	if (err == KN_OK) {
		bytes_get_u64(
			&(struct bytes_reader){value.data, (unsigned char *)value.data + value.len},
			&created);
		if (created == be64toh(order))
			err = store_txn_delete(txn, STORE_IDEMPOTENCY, key, len);
	}
	free(value.data);
	if (err != KN_OK && err != KN_ERR_NOT_FOUND)
		return err;
	err = store_txn_delete(txn, STORE_IDEMPOTENCY, by_time->data, by_time->len);
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

static enum kn_err write_forget(struct store_txn *txn, void *arg)
{
	const struct forget *forget = arg;
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < forget->n && err == KN_OK; i++)
		err = forget_one(txn, &forget->keys[i]);
	return err;
}

enum kn_err work_forget_keys(struct server *server, int64_t now)
{
	struct forget *forget = calloc(1, sizeof(*forget));
	enum kn_err err;

	if (forget == NULL)
		return KN_ERR_NOMEM;
	forget->before = (uint64_t)(now - USEC_PER_DAY);
	err = store_each(server->store, STORE_IDEMPOTENCY, "t", 1, collect_old, forget);
	if (err == KN_ERR_NOT_FOUND)
		err = KN_OK;
	if (err == KN_OK && forget->n > 0)
		err = store_write(server->store, write_forget, forget, STORE_FLUSHED);
	free(forget);
	return err;
}
