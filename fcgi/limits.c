#include "limits.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/store/store.h"
#include "lib/usage.h"
#include "purge.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum {
	SWEEP_AT_FIRST = 4096, /* windows held before closed ones are looked for */
	CHUNKS_A_WINDOW = 30,  /* a window is reserved in about so many durable writes, */
	CHUNK_MAX = 600,       /* a large one in more: a kill costs one and a half of them */
	AHEAD_BATCH = 256,     /* windows that are reserved ahead by one write */
};

struct window {
	char name[LIMIT_NAME_MAX + 1];
	pthread_mutex_t lock;
	int64_t start;    /* wall seconds; 0: never opened */
	int64_t length;   /* seconds */
	int64_t limit;    /* of the last take's rule */
	int64_t used;     /* taken by now */
	int64_t reserved; /* durable in the store: used never passes it */
	bool queued;      /* to be reserved ahead: must not be freed */
	struct window *next_queued;
	UT_hash_handle hh;
};

/* Windows that run low get their next chunk from a thread of its own, many by one write: a request
 * waits for a flush only when it outruns that. */
struct ahead {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct window *queue;
	bool stop;
};

struct limits {
	struct store *store;
	pthread_rwlock_t lock; /* guards the table, not the windows in it */
	struct window *table;
	size_t sweep_at;
	struct ahead ahead;
	struct purge closed; /* of the store's windows */
};

static size_t store_key(char *key, size_t size, const char *name)
{
	return (size_t)snprintf(key, size, USAGE_WINDOW_PREFIX "%s", name);
}

static enum kn_err put_record(struct store_txn *txn, const char *name, int64_t start,
			      int64_t reserved)
{
	const struct usage_window window = {start, reserved};
	unsigned char record[USAGE_WINDOW_SIZE];
	char key[LIMIT_NAME_MAX + 16];
	size_t len = store_key(key, sizeof(key), name);

	usage_window_write(&window, record);
	return store_txn_put(txn, STORE_META, key, len, record, sizeof(record));
}

/* *start and *reserved are 0 when there is no record. */
static enum kn_err get_record(struct store_txn *txn, const char *name, int64_t *start,
			      int64_t *reserved)
{
	struct usage_window window = {0};
	struct store_value value = {0};
	char key[LIMIT_NAME_MAX + 16];
	size_t len = store_key(key, sizeof(key), name);
	enum kn_err err = store_txn_get(txn, STORE_META, key, len, &value);

	if (err == KN_OK && !usage_window_read(value.data, value.len, &window))
		window = (struct usage_window){0};
	*start = window.start;
	*reserved = window.reserved;
	free(value.data);
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

struct window_write {
	const struct window *window;
	int64_t reserved;
};

/* What has been reserved ahead in the meantime is not taken back. */
static enum kn_err write_reservation(struct store_txn *txn, void *arg)
{
	const struct window_write *write = arg;
	int64_t start, reserved;
	enum kn_err err = get_record(txn, write->window->name, &start, &reserved);

	if (err != KN_OK || (start == write->window->start && reserved >= write->reserved))
		return err;
	return put_record(txn, write->window->name, write->window->start, write->reserved);
}

static enum kn_err reserve(struct limits *limits, struct window *window, int64_t reserved)
{
	struct window_write write = {.window = window, .reserved = reserved};
	enum kn_err err = store_write(limits->store, write_reservation, &write, STORE_FLUSHED);

	if (err == KN_OK)
		window->reserved = reserved;
	return err;
}

static enum kn_err load_window(struct limits *limits, struct window *window)
{
	struct usage_window kept;
	struct store_value value = {0};
	char key[LIMIT_NAME_MAX + 16];
	size_t len = store_key(key, sizeof(key), window->name);
	enum kn_err err = store_get(limits->store, STORE_META, key, len, &value);

	if (err == KN_ERR_NOT_FOUND)
		return KN_OK;
	if (err == KN_OK && usage_window_read(value.data, value.len, &kept)) {
		window->start = kept.start;
		window->used = window->reserved = kept.reserved;
	}
	free(value.data);
	return err;
}

/* Which rule it was of is not known any more, but it was no longer than a day. */
static bool is_closed(const void *data, size_t len, int64_t now)
{
	struct usage_window window;

	return usage_window_read(data, len, &window) &&
	       window.start + LIMIT_WINDOW_MAX_S <= now / USEC_PER_SEC;
}

enum kn_err limits_forget(struct limits *limits, int64_t now)
{
	return purge_some(&limits->closed, limits->store, now);
}

static void window_free(struct limits *limits, struct window *window)
{
	HASH_DEL(limits->table, window);
	pthread_mutex_destroy(&window->lock);
	free(window);
}

/* Frees windows that have closed. Call with the table locked for writing: nobody is inside a
 * window then. */
static void sweep(struct limits *limits, int64_t now_s)
{
	struct window *window, *next;

	HASH_ITER (hh, limits->table, window, next) {
		bool keep;

		pthread_mutex_lock(&window->lock);
		keep = window->queued || window->start + window->length > now_s;
		pthread_mutex_unlock(&window->lock);
		if (!keep)
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

/* --- reserving ahead --- */

/* One window's next chunk; a copy, because the window goes on meanwhile. */
struct next_chunk {
	struct window *window;
	int64_t start, reserved;
	bool written;
};

struct next_chunks {
	struct next_chunk v[AHEAD_BATCH];
	size_t n;
};

/* A request that did not wait may have reserved more by now, or begun a new window, whose first
 * chunk is its own to write: that record stays. */
static enum kn_err write_chunk(struct store_txn *txn, struct next_chunk *chunk)
{
	int64_t start, reserved;
	enum kn_err err = get_record(txn, chunk->window->name, &start, &reserved);

	chunk->written = err == KN_OK && start == chunk->start && reserved < chunk->reserved;
	if (!chunk->written)
		return err;
	return put_record(txn, chunk->window->name, chunk->start, chunk->reserved);
}

static enum kn_err write_chunks(struct store_txn *txn, void *arg)
{
	struct next_chunks *chunks = arg;
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < chunks->n && err == KN_OK; i++)
		err = write_chunk(txn, &chunks->v[i]);
	return err;
}

/* Call with the window locked. */
static void queue_if_low(struct limits *limits, struct window *window)
{
	struct ahead *ahead = &limits->ahead;

	if (window->queued || window->reserved >= window->limit ||
	    window->reserved - window->used >= chunk_of(window->limit) / 2)
		return;
	window->queued = true;
	pthread_mutex_lock(&ahead->lock);
	window->next_queued = ahead->queue;
	ahead->queue = window;
	pthread_cond_signal(&ahead->wake);
	pthread_mutex_unlock(&ahead->lock);
}

/* Waits for windows; false: the end. */
static bool take_queued(struct ahead *ahead, struct next_chunks *chunks)
{
	bool more;

	chunks->n = 0;
	pthread_mutex_lock(&ahead->lock);
	while (ahead->queue == NULL && !ahead->stop)
		pthread_cond_wait(&ahead->wake, &ahead->lock);
	more = !ahead->stop;
	for (; ahead->queue != NULL && chunks->n < AHEAD_BATCH;
	     ahead->queue = ahead->queue->next_queued)
		chunks->v[chunks->n++].window = ahead->queue;
	pthread_mutex_unlock(&ahead->lock);
	return more;
}

static void size_chunk(struct next_chunk *chunk)
{
	struct window *window = chunk->window;
	int64_t size;

	pthread_mutex_lock(&window->lock);
	size = chunk_of(window->limit);
	chunk->start = window->start;
	chunk->reserved = window->used + size + size / 2;
	if (chunk->reserved > window->limit)
		chunk->reserved = window->limit;
	pthread_mutex_unlock(&window->lock);
}

static void grant_chunk(const struct next_chunk *chunk)
{
	struct window *window = chunk->window;

	pthread_mutex_lock(&window->lock);
	if (chunk->written && window->start == chunk->start && window->reserved < chunk->reserved)
		window->reserved = chunk->reserved;
	window->queued = false;
	pthread_mutex_unlock(&window->lock);
}

static void *reserve_ahead(void *arg)
{
	struct limits *limits = arg;
	struct next_chunks chunks;
	enum kn_err err;

	while (take_queued(&limits->ahead, &chunks)) {
		for (size_t i = 0; i < chunks.n; i++)
			size_chunk(&chunks.v[i]);
		err = store_write(limits->store, write_chunks, &chunks, STORE_FLUSHED);
		for (size_t i = 0; i < chunks.n; i++) {
			chunks.v[i].written &= err == KN_OK;
			grant_chunk(&chunks.v[i]);
		}
	}
	return NULL;
}

/* --- taking --- */

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
	window->limit = rule->limit;
	if (by > 0 && window->used >= rule->limit) {
		err = KN_ERR_LIMIT;
	} else if (by > 0 && window->used >= window->reserved) {
		want = window->used + chunk_of(rule->limit);
		want = want < rule->limit ? want : rule->limit;
		err = reserve(limits, window, want);
	}
	if (err == KN_OK && window->used + by >= 0)
		window->used += by;
	if (err == KN_OK)
		queue_if_low(limits, window);
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

/* Takes hold the table while they wait for flushes: of many, one always does. Who wants to add a
 * window must not wait for a moment without any. */
static void init_table_lock(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(lock, &attr);
	pthread_rwlockattr_destroy(&attr);
}

enum kn_err limits_new(struct store *store, struct limits **out)
{
	struct limits *limits = calloc(1, sizeof(*limits));

	*out = NULL;
	if (limits == NULL)
		return KN_ERR_NOMEM;
	limits->store = store;
	limits->closed = (struct purge){.lock = PTHREAD_MUTEX_INITIALIZER,
					.table = STORE_META,
					.prefix = USAGE_WINDOW_PREFIX,
					.is_over = is_closed};
	limits->sweep_at = SWEEP_AT_FIRST;
	init_table_lock(&limits->lock);
	pthread_mutex_init(&limits->ahead.lock, NULL);
	pthread_cond_init(&limits->ahead.wake, NULL);
	if (pthread_create(&limits->ahead.thread, NULL, reserve_ahead, limits) != 0) {
		free(limits);
		return KN_ERR_NOMEM;
	}
	*out = limits;
	return KN_OK;
}

static void stop_ahead(struct ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	ahead->stop = true;
	pthread_cond_signal(&ahead->wake);
	pthread_mutex_unlock(&ahead->lock);
	pthread_join(ahead->thread, NULL);
	pthread_cond_destroy(&ahead->wake);
	pthread_mutex_destroy(&ahead->lock);
}

/* All by one write: a flush for each would make the end long. */
static enum kn_err write_used(struct store_txn *txn, void *arg)
{
	const struct limits *limits = arg;
	const struct window *window;
	enum kn_err err = KN_OK;

	for (window = limits->table; window != NULL && err == KN_OK; window = window->hh.next)
		if (window->used < window->reserved)
			err = put_record(txn, window->name, window->start, window->used);
	return err;
}

void limits_free(struct limits **limits)
{
	struct window *window, *next;

	if (*limits == NULL)
		return;
	stop_ahead(&(*limits)->ahead);
	if (store_write((*limits)->store, write_used, *limits, STORE_FLUSHED) != KN_OK)
		log_warn("the limits keep their reservations");
	HASH_ITER (hh, (*limits)->table, window, next)
		window_free(*limits, window);
	pthread_rwlock_destroy(&(*limits)->lock);
	free(*limits);
	*limits = NULL;
}
