#include "api_key.h"
#include "api_key_text.h"

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

enum { RECORD_VERSION = 1 };

struct entry {
	unsigned char hash[API_KEY_HASH_SIZE];
	struct api_key key;
	UT_hash_handle hh;
};

struct api_keys {
	struct store *store;
	pthread_rwlock_t lock;
	struct entry *table;
};

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

static enum kn_err write_record(struct store_txn *txn, const struct entry *entry)
{
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

	if (id_len != API_KEY_HASH_SIZE || json_parse_strict(data, len, &o) != KN_OK)
		goto out;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL) {
		err = KN_ERR_NOMEM;
		goto out;
	}
	memcpy(entry->hash, id, API_KEY_HASH_SIZE);
	err = from_json(o, &entry->key);
	if (err == KN_OK) {
		HASH_ADD(hh, keys->table, hash, API_KEY_HASH_SIZE, entry);
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
	unsigned char hash[API_KEY_HASH_SIZE];
	struct entry *entry;

	if (!api_key_text_is_well_formed(text))
		return KN_ERR_UNAUTHORIZED;
	api_key_text_hash(text, hash);
	/* What is compared is a hash of 256 random bits: its timing tells nothing about the key. */
	pthread_rwlock_rdlock(&keys->lock);
	HASH_FIND(hh, keys->table, hash, API_KEY_HASH_SIZE, entry);
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

/* What a key with an owner that has many takes the place of: the oldest of its dead ones, or NULL
 * while there is room. KN_ERR_CONFLICT: all live. */
static enum kn_err find_displaced(struct api_keys *keys, const char *owner, int64_t now,
				  struct entry **out)
{
	struct entry *entry, *next;
	size_t n = 0;

	*out = NULL;
	HASH_ITER (hh, keys->table, entry, next) {
		if (strcmp(entry->key.owner, owner) != 0)
			continue;
		n++;
		if (!is_live(&entry->key, now) &&
		    (*out == NULL || entry->key.created < (*out)->key.created))
			*out = entry;
	}
	if (n < API_KEYS_PER_OWNER)
		*out = NULL;
	return n < API_KEYS_PER_OWNER || *out != NULL ? KN_OK : KN_ERR_CONFLICT;
}

struct creation {
	const struct entry *entry, *displaced; /* displaced may be NULL */
};

static enum kn_err write_creation(struct store_txn *txn, void *arg)
{
	const struct creation *creation = arg;
	const struct entry *old = creation->displaced;
	enum kn_err err = write_record(txn, creation->entry);

	if (err == KN_OK && old != NULL)
		err = store_txn_delete(txn, STORE_KEYS, old->hash, sizeof(old->hash));
	return err;
}

/* Call with the table locked. */
static enum kn_err add_key(struct api_keys *keys, struct entry *entry)
{
	struct creation creation = {.entry = entry};
	struct entry *other;
	enum kn_err err;

	if (find_live(keys, entry->key.owner, entry->key.name, entry->key.created, &other) !=
	    KN_ERR_NOT_FOUND)
		return KN_ERR_EXISTS;
	err = find_displaced(keys, entry->key.owner, entry->key.created, &other);
	if (err != KN_OK)
		return err;
	creation.displaced = other;
	err = store_write(keys->store, write_creation, &creation, STORE_FLUSHED);
	if (err != KN_OK)
		return err;
	HASH_ADD(hh, keys->table, hash, API_KEY_HASH_SIZE, entry);
	if (other != NULL) {
		HASH_DEL(keys->table, other);
		free(other);
	}
	return KN_OK;
}

enum kn_err api_keys_create(struct api_keys *keys, const struct api_key_spec *spec,
			    char text[API_KEY_SIZE], struct api_key *out)
{
	struct entry *entry;
	enum kn_err err;

	if (spec->name == NULL || !name_is_valid(spec->name))
		return KN_ERR_INVALID;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return KN_ERR_NOMEM;
	fill(&entry->key, spec);
	api_key_text_draw(text);
	api_key_text_hash(text, entry->hash);
	snprintf(entry->key.hint, sizeof(entry->key.hint), "%.4s", text + API_KEY_SIZE - 5);
	/* Held over the flush: two creations of one name must not both pass the check. */
	pthread_rwlock_wrlock(&keys->lock);
	err = add_key(keys, entry);
	if (err == KN_OK)
		*out = entry->key;
	pthread_rwlock_unlock(&keys->lock);
	if (err != KN_OK)
		free(entry);
	return err;
}

static enum kn_err write_entry(struct store_txn *txn, void *arg)
{
	return write_record(txn, arg);
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
		err = store_write(keys->store, write_entry, &changed, STORE_FLUSHED);
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
	char shown[sizeof(API_KEY_PREFIX) + 8];

	snprintf(shown, sizeof(shown), API_KEY_PREFIX "…%s", key->hint);
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
