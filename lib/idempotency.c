#include "idempotency.h"

#include <endian.h>
#include <string.h>

enum { TIME_HEAD = 1 + sizeof(uint64_t) };

enum kn_err idempotency_key_make(enum job_api api, const char *owner, const char *key,
				 struct idempotency_entry *out)
{
	size_t owner_len = owner != NULL ? strlen(owner) : 0, key_len = strlen(key);

	if (key_len == 0 || key_len > IDEMPOTENCY_KEY_MAX ||
	    TIME_HEAD + 3 + owner_len + key_len > IDEMPOTENCY_ENTRY_MAX)
		return KN_ERR_INVALID;
	out->data[0] = 'k';
	out->data[1] = (unsigned char)api;
	memcpy(out->data + 2, owner != NULL ? owner : "", owner_len + 1);
	memcpy(out->data + 3 + owner_len, key, key_len);
	out->len = 3 + owner_len + key_len;
	return KN_OK;
}

void idempotency_time_make(const struct idempotency_entry *key, int64_t created,
			   struct idempotency_entry *out)
{
	uint64_t order = htobe64((uint64_t)created);

	out->data[0] = 't';
	memcpy(out->data + 1, &order, sizeof(order));
	memcpy(out->data + TIME_HEAD, key->data, key->len);
	out->len = TIME_HEAD + key->len;
}

void idempotency_record_put(const struct idempotency_record *record, struct bytes *to)
{
	bytes_put_u64(to, (uint64_t)record->created);
	bytes_put(to, record->digest, IDEMPOTENCY_DIGEST_SIZE);
	bytes_put(to, record->id, strlen(record->id));
}

bool idempotency_key_read(const void *data, size_t len, struct idempotency_key *out)
{
	const unsigned char *at = data;
	size_t owner_len = len > 2 ? strnlen((const char *)at + 2, len - 2) : 0;

	if (len < 4 + owner_len || len > IDEMPOTENCY_ENTRY_MAX - TIME_HEAD ||
	    len - 3 - owner_len > IDEMPOTENCY_KEY_MAX || at[0] != 'k' || at[1] >= JOB_API_COUNT)
		return false;
	out->api = (enum job_api)at[1];
	out->owner = (const char *)at + 2;
	out->key = at + 3 + owner_len;
	out->key_len = len - 3 - owner_len;
	return true;
}

bool idempotency_time_read(const void *data, size_t len, int64_t *created,
			   struct idempotency_entry *key)
{
	const unsigned char *at = data;
	struct idempotency_key parts;
	uint64_t order;

	if (len < TIME_HEAD || len > IDEMPOTENCY_ENTRY_MAX || at[0] != 't' ||
	    !idempotency_key_read(at + TIME_HEAD, len - TIME_HEAD, &parts))
		return false;
	memcpy(&order, at + 1, sizeof(order));
	*created = (int64_t)be64toh(order);
	key->len = len - TIME_HEAD;
	memcpy(key->data, at + TIME_HEAD, key->len);
	return true;
}

bool idempotency_record_read(const void *data, size_t len, struct idempotency_record *out)
{
	struct bytes_reader from = {data, (const unsigned char *)data + len};
	const unsigned char *id;
	uint64_t created;
	size_t id_len;

	if (!bytes_get_u64(&from, &created) ||
	    !bytes_get(&from, IDEMPOTENCY_DIGEST_SIZE, &out->digest))
		return false;
	id_len = (size_t)(from.end - from.at);
	if (id_len == 0 || id_len >= ID_SIZE || !bytes_get(&from, id_len, &id))
		return false;
	out->created = (int64_t)created;
	memcpy(out->id, id, id_len);
	out->id[id_len] = '\0';
	return true;
}
