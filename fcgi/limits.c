#include "limits.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum {
	SWEEP_AT_FIRST = 4096, /* windows held before closed ones are looked for */
	CHUNKS_A_WINDOW = 20,  /* a window is reserved in about so many durable writes, … */
	CHUNK_MAX = 1000,      /* … but a kill must not cost more than this of a large one */
	RECORD_SIZE = 17,      /* version, start, reserved */
	RECORD_VERSION = 1,
};

struct window {
	char name[LIMIT_NAME_MAX + 1];
	pthread_mutex_t lock;
	int64_t start;    /* wall seconds; 0: never opened */
	int64_t length;   /* seconds */
	int64_t used;     /* taken by now */
	int64_t reserved; /* durable in the store: used never passes it */
	UT_hash_handle hh;
};

struct limits {
	struct store *store;
	pthread_rwlock_t lock; /* guards the table, not the windows in it */
	struct window *table;
	size_t sweep_at;
};

static void put64(unsigned char *to, int64_t value)
{
	for (int i = 0; i < 8; i++)
		to[i] = (unsigned char)((uint64_t)value >> (8 * i));
}

static int64_t get64(const unsigned char *from)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | from[i];
	return (int64_t)value;
}

static size_t store_key(char *key, size_t size, const char *name)
{
	return (size_t)snprintf(key, size, "limit/%s", name);
}

struct window_write {
	const struct window *window;
	int64_t reserved;
};

static enum kn_err write_window(struct store_txn *txn, void *arg)
{
	const struct window_write *write = arg;
	unsigned char record[RECORD_SIZE] = {RECORD_VERSION};
	char key[LIMIT_NAME_MAX + 16];
	size_t len = store_key(key, sizeof(key), write->window->name);

	put64(record + 1, write->window->start);
	put64(record + 9, write->reserved);
	return store_txn_put(txn, STORE_META, key, len, record, sizeof(record));
}

static enum kn_err reserve(struct limits *limits, struct window *window, int64_t reserved)
{
	struct window_write write = {.window = window, .reserved = reserved};
	enum kn_err err = store_write(limits->store, write_window, &write, STORE_FLUSHED);

	if (err == KN_OK)
		window->reserved = reserved;
	return err;
}

static enum kn_err load_window(struct limits *limits, struct window *window)
{
	struct store_value value = {0};
	char key[LIMIT_NAME_MAX + 16];
	size_t len = store_key(key, sizeof(key), window->name);
	enum kn_err err = store_get(limits->store, STORE_META, key, len, &value);

	if (err == KN_ERR_NOT_FOUND)
		return KN_OK;
	if (err != KN_OK)
		return err;
	if (value.len == RECORD_SIZE && *(unsigned char *)value.data == RECORD_VERSION) {
		window->start = get64((unsigned char *)value.data + 1);
		window->reserved = get64((unsigned char *)value.data + 9);
		window->used = window->reserved;
	}
	free(value.data);
	return KN_OK;
}

struct delete_window {
	char key[LIMIT_NAME_MAX + 16];
	size_t len;
};

static enum kn_err delete_record(struct store_txn *txn, void *arg)
{
	const struct delete_window *delete = arg;
	enum kn_err err = store_txn_delete(txn, STORE_META, delete->key, delete->len);

	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

static void window_free(struct limits *limits, struct window *window)
{
	HASH_DEL(limits->table, window);
	pthread_mutex_destroy(&window->lock);
	free(window);
}

/* Forgets windows that have closed. Call with the table locked for writing: nobody is inside a
 * window then. */
static void sweep(struct limits *limits, int64_t now_s)
{
	struct window *window, *next;

	HASH_ITER(hh, limits->table, window, next)
	{
		struct delete_window delete;

		if (window->start + window->length > now_s)
			continue;
		delete.len = store_key(delete.key, sizeof(delete.key), window->name);
		store_write(limits->store, delete_record, &delete, STORE_LAZY);
		window_free(limits, window);
	}
	limits->sweep_at = 2 * (size_t)HASH_COUNT(limits->table);
	if (limits->sweep_at < SWEEP_AT_FIRST)
		limits->sweep_at = SWEEP_AT_FIRST;
}

static enum kn_err add_window(struct limits *limits, const struct limit_rule *rule, int64_t now_s)
{
	enum kn_err err = KN_OK;
	struct window *window;

	pthread_rwlock_wrlock(&limits->lock);
	HASH_FIND_STR(limits->table, rule->name, window);
	if (window != NULL)
		goto out;
	if (HASH_COUNT(limits->table) >= limits->sweep_at)
		sweep(limits, now_s);
	window = calloc(1, sizeof(*window));
	if (window == NULL) {
		err = KN_ERR_NOMEM;
		goto out;
	}
	snprintf(window->name, sizeof(window->name), "%s", rule->name);
	window->length = rule->window_s;
	pthread_mutex_init(&window->lock, NULL);
	err = load_window(limits, window);
	if (err == KN_OK) {
		HASH_ADD_STR(limits->table, name, window);
	} else {
		pthread_mutex_destroy(&window->lock);
		free(window);
	}
out:
	pthread_rwlock_unlock(&limits->lock);
	return err;
}

/* Leaves the table locked for reading: the window stays until release_table(). */
static enum kn_err find_window(struct limits *limits, const struct limit_rule *rule, int64_t now_s,
			       struct window **out)
{
	enum kn_err err;

	for (;;) {
		pthread_rwlock_rdlock(&limits->lock);
		HASH_FIND_STR(limits->table, rule->name, *out);
		if (*out != NULL)
			return KN_OK;
		pthread_rwlock_unlock(&limits->lock);
		err = add_window(limits, rule, now_s);
		if (err != KN_OK)
			return err;
	}
}

static void open_if_closed(struct window *window, const struct limit_rule *rule, int64_t now_s)
{
	window->length = rule->window_s;
	/* A clock set back must not lock a client out for longer than a window. */
	if (now_s >= window->start && now_s < window->start + window->length)
		return;
	window->start = rule->utc_aligned ? now_s - now_s % rule->window_s : now_s;
	window->used = 0;
	window->reserved = 0;
}

static int64_t chunk_of(int64_t limit)
{
	int64_t chunk = limit / CHUNKS_A_WINDOW;

	return chunk < 1 ? 1 : chunk < CHUNK_MAX ? chunk : CHUNK_MAX;
}

/* Takes `by` (1, or -1 to give back). */
static enum kn_err take_one(struct limits *limits, const struct limit_rule *rule, int by,
			    int64_t now_s, struct limit_state *state)
{
	enum kn_err err = KN_OK;
	struct window *window;
	int64_t want;

	err = find_window(limits, rule, now_s, &window);
	if (err != KN_OK)
		return err;
	pthread_mutex_lock(&window->lock);
	open_if_closed(window, rule, now_s);
	if (by > 0 && window->used >= rule->limit) {
		err = KN_ERR_LIMIT;
	} else if (by > 0 && window->used >= window->reserved) {
		want = window->used + chunk_of(rule->limit);
		want = want < rule->limit ? want : rule->limit;
		err = reserve(limits, window, want);
	}
	if (err == KN_OK && window->used + by >= 0)
		window->used += by;
	state->limit = rule->limit;
	state->remaining = rule->limit > window->used ? rule->limit - window->used : 0;
	state->reset_s = window->start + window->length - now_s;
	pthread_mutex_unlock(&window->lock);
	pthread_rwlock_unlock(&limits->lock);
	return err;
}

enum kn_err limits_take(struct limits *limits, const struct limit_rule *rules, size_t n,
			int64_t now, struct limit_state *state)
{
	struct limit_state one, least = {.remaining = INT64_MAX};
	int64_t now_s = now / USEC_PER_SEC;
	enum kn_err err = KN_OK;
	size_t taken;

	for (taken = 0; taken < n; taken++) {
		err = take_one(limits, &rules[taken], 1, now_s, &one);
		if (err != KN_OK) {
			least = one;
			break;
		}
		if (one.remaining < least.remaining)
			least = one;
	}
	for (size_t i = 0; err != KN_OK && i < taken; i++)
		take_one(limits, &rules[i], -1, now_s, &one);
	if (state != NULL)
		*state = least;
	return err;
}

enum kn_err limits_new(struct store *store, struct limits **out)
{
	struct limits *limits = calloc(1, sizeof(*limits));

	*out = limits;
	if (limits == NULL)
		return KN_ERR_NOMEM;
	limits->store = store;
	limits->sweep_at = SWEEP_AT_FIRST;
	pthread_rwlock_init(&limits->lock, NULL);
	return KN_OK;
}

void limits_free(struct limits **limits)
{
	struct window *window, *next;

	if (*limits == NULL)
		return;
	HASH_ITER(hh, (*limits)->table, window, next)
	{
		if (window->used < window->reserved &&
		    reserve(*limits, window, window->used) != KN_OK)
			log_warn("the limit %s keeps its reservation", window->name);
		window_free(*limits, window);
	}
	pthread_rwlock_destroy(&(*limits)->lock);
	free(*limits);
	*limits = NULL;
}
