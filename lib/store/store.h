/*
 * The store: every job, index and counter, in one Berkeley DB environment.
 *
 * One process opens it (an exclusive OFD lock on DIR/lock), one thread in it
 * writes. Any thread may call any function here. A call that writes returns
 * after its transaction is flushed to disk, unless it says otherwise. When the
 * disk has no space for that, it returns KN_ERR_IN_DOUBT: whether it happened is
 * decided when there is space again, or by recovery after a crash. Until then
 * every other write is refused with KN_ERR_FULL, and did not happen.
 * Indices and counters change in the same transaction as the job: a list, a
 * count or a claim costs O(log n + page).
 *
 * Only the responder and the administrator's offline commands link this.
 */
#ifndef KN_STORE_H
#define KN_STORE_H

#include "../err.h"
#include "../job.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct store_txn; /* what an operation sees inside the writer */

/* Called by the writer after the flush, in commit order. old is NULL for a new job, new is NULL for
 * a deleted one. Must be quick, and must not call the store. */
typedef void store_change_fn(void *arg, const struct job *old, const struct job *new);

struct store_options {
	const char *dir;      /* created with mode 0700 if missing */
	uint64_t cache_bytes; /* 0: 64 MiB */
	uint64_t max_queued;  /* jobs that may wait; 0: no bound, as below */
	uint64_t max_queued_per_owner;
	store_change_fn *on_change;
	void *on_change_arg;
};

/* KN_ERR_BUSY: another process holds it. KN_ERR_CORRUPT: recovery failed; the log says how. */
enum kn_err store_open(const struct store_options *options, struct store **out);
/* Answers the operations already queued, checkpoints, closes; *store becomes NULL. */
void store_close(struct store **store);

/* --- jobs: writing --- */

/* Inserts the job and stamps created, updated and run_at. An empty job->id is drawn as by
 * store_draw_id() (again on a collision); one that the caller drew is kept: KN_ERR_EXISTS when it
 * is taken. On success *job has those fields filled. KN_ERR_FULL: no space. KN_ERR_QUEUE,
 * KN_ERR_OWNER_QUEUE: as many jobs wait as may. */
enum kn_err store_job_create(struct store *store, struct job *job);
/* An id for a job to be, under which its files may already lie: by the rule of its api, for nobody
 * to guess, and of this store, which keeps young jobs together by it. */
void store_draw_id(struct store *store, enum job_api api, char id[ID_SIZE]);
/* The secret by which it is: a store that gets the same jobs can lay them in the same order.
 * KN_ERR_NOT_FOUND: this one was begun before there were such. */
enum { STORE_ID_KEY_SIZE = 16 };
enum kn_err store_get_id_key(struct store *store, unsigned char key[STORE_ID_KEY_SIZE]);
/* For a store without jobs, else KN_ERR_EXISTS, that nobody else uses yet. */
enum kn_err store_set_id_key(struct store *store, const unsigned char key[STORE_ID_KEY_SIZE]);

/* The claim: of the queued jobs whose class ("api/model") is listed and whose run_at has passed,
 * the one of lowest priority number, then oldest. Moves it to processing under a new lease token.
 */
struct store_claim {
	const char *const *classes; /* "grok_imagine/grok", … */
	size_t classes_n;
	const char *worker;
	int64_t lease_us; /* how long from now; 0: no limit */
};
/* KN_ERR_NOT_FOUND: nothing to claim. *out is the caller's to free. */
enum kn_err store_job_claim(struct store *store, const struct store_claim *claim, struct job **out);

/* Read, change, write: change() runs in the writer on a private copy. When it fails nothing is
 * written and its error is returned. It may run more than once: it must not depend on its earlier
 * run. It must not touch id, api, model, owner or created. */
typedef enum kn_err store_change_job_fn(struct job *job, void *arg);
enum store_durability {
	STORE_FLUSHED, /* return after the log is on disk */
	STORE_LAZY,    /* return after the commit: for progress and heartbeats */
};
/* *out (may be NULL) receives a copy of the job as written. KN_ERR_NOT_FOUND: no such job. */
enum kn_err store_job_change(struct store *store, const char *id, store_change_job_fn *change,
			     void *arg, enum store_durability durability, struct job **out);
/* Removes a job with its index entries. *out (may be NULL) receives what it was. The caller removes
 * files. */
enum kn_err store_job_delete(struct store *store, const char *id, struct job **out);

/* --- jobs: reading --- */

/* *out is NULL on failure. */
enum kn_err store_job_get(struct store *store, const char *id, struct job **out);
/* Calls look() with the job, and returns what that returns: for answers that are asked for all the
 * time. The job is without its files, its strings are gone afterwards. */
typedef enum kn_err store_look_job_fn(const struct job *job, void *arg);
enum kn_err store_job_look(struct store *store, const char *id, store_look_job_fn *look, void *arg);

/* Whether a file, by its relative path, is one of the job's. A job that runs may be about to name
 * it: then it is. One that has expired has none. */
enum kn_err store_job_owns_file(struct store *store, const char *id, const char *path, bool *out);

/* What lists show, held in the index entries themselves. */
struct store_row {
	char id[ID_SIZE];
	enum job_api api;
	enum job_state state;
	bool has_assets; /* completed, and its files not yet expired */
	int progress;
	int64_t created, started, finished, expired;
	const char *model, *prompt, *owner,
		*error; /* prompt is cut to 8,000 bytes at a character; "" for none */
};

struct store_query {
	int api;           /* enum job_api, or -1: all dialects */
	int state;         /* enum job_state, or -1: any */
	const char *owner; /* NULL: anyone's */
	const char *after; /* an id: rows older than it; NULL: from the newest */
	int64_t before; /* the same by when a row was created, though its job may be gone; or 0 */
	size_t limit;
};

struct store_page {
	struct store_row *rows; /* newest first */
	size_t n;
	uint64_t total; /* of all matches, from the counters */
	char *text;     /* backs the rows' strings */
};

/* KN_ERR_NOT_FOUND: `after` names no job. Free the page with store_page_free(). */
enum kn_err store_job_list(struct store *store, const struct store_query *query,
			   struct store_page *page);
void store_page_free(struct store_page *page);

/* api and state as in store_query; owner NULL or a name. */
enum kn_err store_job_count(struct store *store, int api, int state, const char *owner,
			    uint64_t *out);

/* Jobs claimable now or later in a class, from the counters. */
enum kn_err store_queue_length(struct store *store, const char *class_name, uint64_t *out);

/* Calls each() for every job, in the order of the table, until it returns other than KN_OK (which
 * is then returned). It may read the store. */
typedef enum kn_err store_each_job_fn(void *arg, const struct job *job);
enum kn_err store_each_job(struct store *store, store_each_job_fn *each, void *arg);

/* --- what the duties ask --- */

struct store_ids {
	char (*v)[ID_SIZE];
	size_t n;
};
void store_ids_free(struct store_ids *ids);

/* Processing jobs whose lease ended before `now`, at most `max`, oldest first; *next (may be NULL)
 * is the first deadline after them, or INT64_MAX. */
enum kn_err store_lease_due(struct store *store, int64_t now, size_t max, struct store_ids *out,
			    int64_t *next);
/* Terminal jobs of one dialect that finished before `before` and still have files, oldest first. */
enum kn_err store_retention_due(struct store *store, enum job_api api, int64_t before, size_t max,
				struct store_ids *out);
/* Jobs of one dialect and state created between the two times (for limits on waiting and on age),
 * oldest first. */
enum kn_err store_state_due(struct store *store, enum job_api api, enum job_state state,
			    int64_t after, int64_t before, size_t max, struct store_ids *out);

/* --- other tables, for keys, accounts, idempotency: bytes to bytes --- */

#define STORE_TABLES(X)                     \
	X(STORE_KEYS, "keys")               \
	X(STORE_ACCOUNTS, "accounts")       \
	X(STORE_SESSIONS, "sessions")       \
	X(STORE_IDEMPOTENCY, "idempotency") \
	X(STORE_META, "meta")

enum store_table {
#define X(code, name) code,
	STORE_TABLES(X)
#undef X
		STORE_TABLE_COUNT
};

struct store_value {
	void *data; /* malloc'd, the caller's */
	size_t len;
};

enum kn_err store_get(struct store *store, enum store_table table, const void *key, size_t key_len,
		      struct store_value *out);
/* Calls each() for entries whose key starts with prefix, in key order, until it returns other than
 * KN_OK (which is then returned). each() must not call the store. */
typedef enum kn_err store_each_fn(void *arg, const void *key, size_t key_len, const void *data,
				  size_t data_len);
enum kn_err store_each(struct store *store, enum store_table table, const void *prefix,
		       size_t prefix_len, store_each_fn *each, void *arg);
/* The same from the key `from` on, which is not before the prefix. */
enum kn_err store_each_from(struct store *store, enum store_table table, const void *prefix,
			    size_t prefix_len, const void *from, size_t from_len,
			    store_each_fn *each, void *arg);
/* A named number, 0 if never written: usage, limits. */
enum kn_err store_counter_get(struct store *store, const char *name, int64_t *out);
typedef enum kn_err store_each_counter_fn(void *arg, const char *name, size_t name_len, int64_t n);
enum kn_err store_each_counter(struct store *store, store_each_counter_fn *each, void *arg);

/* An operation of one's own, run by the writer in its transaction. It must check before it writes:
 * when it returns an error, nothing it wrote may stand, and it may run again. */
typedef enum kn_err store_write_fn(struct store_txn *txn, void *arg);
enum kn_err store_write(struct store *store, store_write_fn *fn, void *arg,
			enum store_durability durability);

/* Inside such an operation: */
enum kn_err store_txn_get(struct store_txn *txn, enum store_table table, const void *key,
			  size_t key_len, struct store_value *out);
enum kn_err store_txn_put(struct store_txn *txn, enum store_table table, const void *key,
			  size_t key_len, const void *data, size_t data_len);
/* KN_ERR_NOT_FOUND if there was none. */
enum kn_err store_txn_delete(struct store_txn *txn, enum store_table table, const void *key,
			     size_t key_len);
enum kn_err store_txn_counter_add(struct store_txn *txn, const char *name, int64_t by,
				  int64_t *now);
enum kn_err store_txn_job_get(struct store_txn *txn, const char *id, struct job **out);
/* Inserts as store_job_create() does. */
enum kn_err store_txn_job_create(struct store_txn *txn, struct job *job);
/* Writes `new` over `old` (both whole), with indices and counters. old NULL: inserts it just as it
 * is; KN_ERR_EXISTS. */
enum kn_err store_txn_job_put(struct store_txn *txn, const struct job *old, const struct job *new);
enum kn_err store_txn_count(struct store_txn *txn, int api, int state, const char *owner,
			    uint64_t *out);

/* --- health --- */

/* Goes through the writer and a flush: proves that it lives. */
enum kn_err store_ping(struct store *store);

/* --- the whole of it --- */

/* Whether there is a store in the directory. */
bool store_exists(const char *dir);
/* What its files take. */
uint64_t store_bytes(const char *dir);
/* Makes what store_copy() made a store of its own. */
enum kn_err store_recover(const char *dir);
/* A store that is unfinished is refused by store_open(): what belongs to it is not all there yet.
 */
enum kn_err store_set_unfinished(const char *dir, bool unfinished);

/* Copies the store, while it is in use, to a new directory beside it, whose path it returns. The
 * copy has to be recovered before use: store_verify() with is_copy does it. It is not synced.
 * Whoever opens the store next removes copies that nobody has open. KN_ERR_BUSY: another copy is
 * being made. KN_ERR_FULL: there would be no space left. */
enum kn_err store_copy(struct store *store, char out[PATH_MAX]);

struct store_compacted {
	const char *file;       /* "jobs.db" */
	uint64_t before, after; /* bytes */
};
/* Returns to the disk what is free in the i-th table's file, from 0 on; KN_ERR_NOT_FOUND: there is
 * none. Others may use the store meanwhile, and wait here and there for a part of a second. */
enum kn_err store_compact(struct store *store, int i, struct store_compacted *out);

struct store_verify {
	/* Called for each thing that is wrong. kind: "structure", "record", "state", "index",
	 * "counter", "usage", "idempotency"; id: of the job, or NULL. */
	void (*fault)(void *arg, const char *kind, const char *id, const char *text);
	/* Called for each job; may be NULL. */
	store_each_job_fn *job;
	void *arg;
	uint64_t cache_bytes;
	bool is_copy; /* made by store_copy(), and not opened since */
};
/* Looks through the store in dir, which nobody may have open: pages, records, states, indices,
 * counters, usage and Idempotency-Keys. Recovers it first, as opening would. KN_OK: it could be
 * looked through, whatever was found; after a fault of its structure nothing else is looked at. */
enum kn_err store_verify(const char *dir, const struct store_verify *verify, uint64_t *jobs);

#endif
