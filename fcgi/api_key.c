#include "api_key.h"

#include "lib/clock.h"
#include "lib/id.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/store/store.h"
#include "lib/text.h"

#include <ctype.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum { HASH_BYTES = 32, SECRET_BYTES = 32, CHECK_BYTES = 4, RECORD_VERSION = 1 };

static const char prefix[] = "kn_";

struct entry {
	unsigned char hash[HASH_BYTES];
	struct api_key key;
	UT_hash_handle hh;
};

struct api_keys {
	struct store *store;
	pthread_rwlock_t lock;
	struct entry *table;
};

static void hash_text(const char *text, unsigned char hash[HASH_BYTES])
{
	crypto_generichash(hash, HASH_BYTES, (const unsigned char *)text, strlen(text), NULL, 0);
}

/* The checksum tells a mistyped key, and lets a secret scanner know one, without a look-up. */
static void checksum(const char *text, size_t len, char out[2 * CHECK_BYTES + 1])
{
	unsigned char sum[crypto_generichash_BYTES_MIN];

	crypto_generichash(sum, sizeof(sum), (const unsigned char *)text, len, NULL, 0);
	sodium_bin2hex(out, 2 * CHECK_BYTES + 1, sum, CHECK_BYTES);
}

static bool is_well_formed(const char *text)
{
	char sum[2 * CHECK_BYTES + 1];
	const size_t body = sizeof(prefix) - 1 + (size_t)2 * SECRET_BYTES;

	if (strlen(text) != API_KEY_SIZE - 1 || strncmp(text, prefix, sizeof(prefix) - 1) != 0)
		return false;
	checksum(text, body, sum);
	return sodium_memcmp(text + body, sum, sizeof(sum) - 1) == 0;
}

/* --- records: JSON objects with a version --- */

static json_object *to_json(const struct api_key *key)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "v", json_object_new_int(RECORD_VERSION));
	json_object_object_add(o, "id", json_object_new_string(key->id));
	json_object_object_add(o, "name", json_object_new_string(key->name));
	json_object_object_add(o, "owner", json_object_new_string(key->owner));
	json_object_object_add(o, "hint", json_object_new_string(key->hint));
	json_object_object_add(o, "hour_limit", json_object_new_int64(key->hour_limit));
	json_object_object_add(o, "day_limit", json_object_new_int64(key->day_limit));
	json_object_object_add(o, "created", json_object_new_int64(key->created));
	json_object_object_add(o, "expires", json_object_new_int64(key->expires));
	json_object_object_add(o, "revoked", json_object_new_int64(key->revoked));
	return o;
}

static void copy_text(json_object *o, const char *name, char *to, size_t size)
{
	const char *text = json_object_get_string(json_object_object_get(o, name));

	snprintf(to, size, "%s", text != NULL ? text : "");
}

static int64_t number(json_object *o, const char *name)
{
	return json_object_get_int64(json_object_object_get(o, name));
}

static enum kn_err from_json(json_object *o, struct api_key *key)
{
	memset(key, 0, sizeof(*key));
	if (!json_object_is_type(o, json_type_object) || number(o, "v") != RECORD_VERSION)
		return KN_ERR_CORRUPT;
	copy_text(o, "id", key->id, sizeof(key->id));
	copy_text(o, "name", key->name, sizeof(key->name));
	copy_text(o, "owner", key->owner, sizeof(key->owner));
	copy_text(o, "hint", key->hint, sizeof(key->hint));
	key->hour_limit = number(o, "hour_limit");
	key->day_limit = number(o, "day_limit");
	key->created = number(o, "created");
	key->expires = number(o, "expires");
	key->revoked = number(o, "revoked");
	return KN_OK;
}

static enum kn_err write_record(struct store_txn *txn, void *arg)
{
	const struct entry *entry = arg;
	json_object *o = to_json(&entry->key);
	size_t len;
	const char *text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, &len);
	enum kn_err err =
		store_txn_put(txn, STORE_KEYS, entry->hash, sizeof(entry->hash), text, len);

	json_object_put(o);
	return err;
}

static enum kn_err load_record(void *arg, const void *id, size_t id_len, const void *data,
			       size_t len)
{
	struct api_keys *keys = arg;
	struct entry *entry = NULL;
	json_object *o = NULL;
	enum kn_err err = KN_ERR_CORRUPT;

	if (id_len != HASH_BYTES || json_parse_strict(data, len, &o) != KN_OK)
		goto out;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL) {
		err = KN_ERR_NOMEM;
		goto out;
	}
	memcpy(entry->hash, id, HASH_BYTES);
	err = from_json(o, &entry->key);
	if (err == KN_OK) {
		HASH_ADD(hh, keys->table, hash, HASH_BYTES, entry);
		entry = NULL;
	}
out:
	free(entry);
	json_object_put(o);
	return err;
}

enum kn_err api_keys_open(struct store *store, struct api_keys **out)
{
	struct api_keys *keys = calloc(1, sizeof(*keys));
	enum kn_err err;

	*out = keys;
	if (keys == NULL)
		return KN_ERR_NOMEM;
	keys->store = store;
	pthread_rwlock_init(&keys->lock, NULL);
	err = store_each(store, STORE_KEYS, "", 0, load_record, keys);
	if (err != KN_OK)
		api_keys_close(out);
	return err;
}

void api_keys_close(struct api_keys **keys)
{
	struct entry *entry, *next;

	if (*keys == NULL)
		return;
	HASH_ITER (hh, (*keys)->table, entry, next) {
		HASH_DEL((*keys)->table, entry);
		free(entry);
	}
	pthread_rwlock_destroy(&(*keys)->lock);
	free(*keys);
	*keys = NULL;
}

static bool is_live(const struct api_key *key, int64_t now)
{
	return key->revoked == 0 && (key->expires == 0 || now < key->expires);
}

enum kn_err api_keys_check(struct api_keys *keys, const char *text, int64_t now,
			   struct api_key *out)
{
	enum kn_err err = KN_ERR_UNAUTHORIZED;
	unsigned char hash[HASH_BYTES];
	struct entry *entry;

	if (!is_well_formed(text))
		return KN_ERR_UNAUTHORIZED;
	hash_text(text, hash);
	/* What is compared is a hash of 256 random bits: its timing tells nothing about the key. */
	pthread_rwlock_rdlock(&keys->lock);
	HASH_FIND(hh, keys->table, hash, HASH_BYTES, entry);
	if (entry != NULL && is_live(&entry->key, now)) {
		*out = entry->key;
		err = KN_OK;
	}
	pthread_rwlock_unlock(&keys->lock);
	return err;
}

/* The live key that is meant: an id names one, a name one of each owner. KN_ERR_CONFLICT: several.
 * Call with the table locked. */
static enum kn_err find_live(struct api_keys *keys, const char *owner, const char *name,
			     int64_t now, struct entry **out)
{
	struct entry *entry, *next;
	size_t n = 0;

	*out = NULL;
	HASH_ITER (hh, keys->table, entry, next) {
		if (!is_live(&entry->key, now))
			continue;
		if (owner != NULL && strcmp(entry->key.owner, owner) != 0)
			continue;
		if (strcmp(entry->key.id, name) == 0) {
			*out = entry;
			return KN_OK;
		}
		if (strcmp(entry->key.name, name) == 0) {
			*out = entry;
			n++;
		}
	}
	return n == 1 ? KN_OK : n == 0 ? KN_ERR_NOT_FOUND : KN_ERR_CONFLICT;
}

static bool name_is_valid(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)name[i]))
			return false;
	return text_is_utf8(name, len) && !text_is_blank(name, len) &&
	       text_length(name, len) <= API_KEY_NAME_MAX;
}

static void draw_secret(char text[API_KEY_SIZE], struct entry *entry)
{
	unsigned char secret[SECRET_BYTES];
	const size_t plain = sizeof(prefix) - 1;
	const size_t body = plain + (size_t)2 * SECRET_BYTES;

	randombytes_buf(secret, sizeof(secret));
	memcpy(text, prefix, plain);
	sodium_bin2hex(text + plain, (size_t)2 * SECRET_BYTES + 1, secret, sizeof(secret));
	checksum(text, body, text + body);
	sodium_memzero(secret, sizeof(secret));
	hash_text(text, entry->hash);
	snprintf(entry->key.hint, sizeof(entry->key.hint), "%.4s", text + API_KEY_SIZE - 5);
}

static void fill(struct api_key *key, const struct api_key_spec *spec)
{
	unsigned char id[(API_KEY_ID_SIZE - 1) / 2];

	randombytes_buf(id, sizeof(id));
	sodium_bin2hex(key->id, sizeof(key->id), id, sizeof(id));
	snprintf(key->name, sizeof(key->name), "%s", spec->name);
	if (spec->owner != NULL)
		snprintf(key->owner, sizeof(key->owner), "%s", spec->owner);
	else
		snprintf(key->owner, sizeof(key->owner), "key:%s", spec->name);
	key->hour_limit = spec->hour_limit >= 0 ? spec->hour_limit : API_KEY_HOUR_LIMIT;
	key->day_limit = spec->day_limit >= 0 ? spec->day_limit : API_KEY_DAY_LIMIT;
	key->created = clock_wall_us();
	key->expires = spec->expires;
}

enum kn_err api_keys_create(struct api_keys *keys, const struct api_key_spec *spec,
			    char text[API_KEY_SIZE], struct api_key *out)
{
	struct entry *entry, *other;
	enum kn_err err;

	if (spec->name == NULL || !name_is_valid(spec->name))
		return KN_ERR_INVALID;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return KN_ERR_NOMEM;
	fill(&entry->key, spec);
	draw_secret(text, entry);
	/* Held over the flush: two creations of one name must not both pass the check. */
	pthread_rwlock_wrlock(&keys->lock);
	if (find_live(keys, entry->key.owner, entry->key.name, entry->key.created, &other) !=
	    KN_ERR_NOT_FOUND)
		err = KN_ERR_EXISTS;
	else
		err = store_write(keys->store, write_record, entry, STORE_FLUSHED);
	if (err == KN_OK) {
		*out = entry->key;
		HASH_ADD(hh, keys->table, hash, HASH_BYTES, entry);
		entry = NULL;
	}
	pthread_rwlock_unlock(&keys->lock);
	free(entry);
	return err;
}

/* Applies a change to a live key: durable first, then seen. */
static enum kn_err change_key(struct api_keys *keys, const char *owner, const char *name,
			      void (*change)(struct api_key *, const void *), const void *arg)
{
	struct entry *entry, changed;
	enum kn_err err;

	pthread_rwlock_wrlock(&keys->lock);
	err = find_live(keys, owner, name, clock_wall_us(), &entry);
	if (err == KN_OK) {
		changed = *entry;
		change(&changed.key, arg);
		err = store_write(keys->store, write_record, &changed, STORE_FLUSHED);
		if (err == KN_OK)
			entry->key = changed.key;
	}
	pthread_rwlock_unlock(&keys->lock);
	return err;
}

static void revoke(struct api_key *key, const void *arg)
{
	(void)arg;
	key->revoked = clock_wall_us();
}

enum kn_err api_keys_revoke(struct api_keys *keys, const char *owner, const char *name)
{
	return change_key(keys, owner, name, revoke, NULL);
}

struct new_limits {
	int64_t hour, day;
};

static void set_limits(struct api_key *key, const void *arg)
{
	const struct new_limits *limits = arg;

	if (limits->hour >= 0)
		key->hour_limit = limits->hour;
	if (limits->day >= 0)
		key->day_limit = limits->day;
}

enum kn_err api_keys_set_limits(struct api_keys *keys, const char *name, int64_t hour_limit,
				int64_t day_limit)
{
	struct new_limits limits = {.hour = hour_limit, .day = day_limit};

	return change_key(keys, NULL, name, set_limits, &limits);
}

static int newest_first(const struct entry *a, const struct entry *b)
{
	return a->key.created < b->key.created ? 1 : a->key.created > b->key.created ? -1 : 0;
}

static void add_time(json_object *o, const char *name, int64_t wall_us)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format_seconds(wall_us, text);
	json_object_object_add(o, name, wall_us != 0 ? json_object_new_string(text) : NULL);
}

static json_object *public_json(const struct api_key *key)
{
	json_object *o = json_object_new_object();
	char shown[sizeof(prefix) + 8];

	snprintf(shown, sizeof(shown), "%s…%s", prefix, key->hint);
	json_object_object_add(o, "id", json_object_new_string(key->id));
	json_object_object_add(o, "name", json_object_new_string(key->name));
	json_object_object_add(o, "owner", json_object_new_string(key->owner));
	json_object_object_add(o, "key", json_object_new_string(shown));
	json_object_object_add(o, "hour_limit", json_object_new_int64(key->hour_limit));
	json_object_object_add(o, "day_limit", json_object_new_int64(key->day_limit));
	add_time(o, "created_at", key->created);
	add_time(o, "expires_at", key->expires);
	add_time(o, "revoked_at", key->revoked);
	return o;
}

char *api_keys_named(struct api_keys *keys, const char *name)
{
	int64_t now = clock_wall_us();
	struct entry *entry, *next;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		return NULL;
	pthread_rwlock_rdlock(&keys->lock);
	HASH_ITER (hh, keys->table, entry, next)
		if (is_live(&entry->key, now) && strcmp(entry->key.name, name) == 0)
			fprintf(to, "%s%s of %s", ftell(to) > 0 ? ", " : "", entry->key.id,
				entry->key.owner);
	pthread_rwlock_unlock(&keys->lock);
	if (fclose(to) != 0) {
		free(text);
		text = NULL;
	}
	return text;
}

enum kn_err api_keys_list(struct api_keys *keys, const char *owner, json_object **out)
{
	struct entry *entry, *next;

	*out = json_object_new_array();
	if (*out == NULL)
		return KN_ERR_NOMEM;
	pthread_rwlock_wrlock(&keys->lock); /* sorting moves links */
	HASH_SORT(keys->table, newest_first);
	HASH_ITER (hh, keys->table, entry, next)
		if (owner == NULL || strcmp(entry->key.owner, owner) == 0)
			json_object_array_add(*out, public_json(&entry->key));
	pthread_rwlock_unlock(&keys->lock);
	return KN_OK;
}
