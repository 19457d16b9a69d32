/*
 * What the files of the store share.
 *
 * Tables (Berkeley DB btrees), beside those of enum store_table:
 *
 *   jobs      job_key() of the id -> record (job_codec.h)
 *   list      (owner, api, state or ANY_STATE, created descending, id) -> columns (row.c);
 *             each job lies under owner "" and, if it has one, under its owner too
 *   ready     (class, priority, run_at, created, id) -> nothing: the queue
 *   lease     (until, id) -> nothing: processing jobs whose lease ends
 *   expiry    (api, finished, id) -> nothing: ended jobs that still have files
 *   counters  (table, prefix) -> how many entries of that table have the prefix;
 *             (COUNTER_NAMED, name) -> a number
 *   private   name -> what the store alone needs to know: the key of the ids
 *
 * index.c alone writes jobs, list, ready, lease and expiry.
 */
#ifndef STORE_PRIV_H
#define STORE_PRIV_H

#include "store.h"
#include "ff1.h"
#include "key.h"
#include "../bytes.h"

#include <db.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
	TABLE_JOBS = STORE_TABLE_COUNT,
	TABLE_LIST,
	TABLE_READY,
	TABLE_LEASE,
	TABLE_EXPIRY,
	TABLE_COUNTERS,
	TABLE_PRIVATE,
	TABLE_COUNT
};

enum {
	ANY_STATE = 0xff,
	COUNTER_NAMED = 0xff, /* the rest are numbers of tables */
};

enum { JOB_KEY_FORMS = 2 }; /* of ids: job_key.c */

struct writer;
struct checkpointer;

struct store {
	char *dir; /* absolute */
	int lock_fd;
	DB_ENV *env;
	DB *tables[TABLE_COUNT];
	store_change_fn *on_change;
	void *on_change_arg;
	uint64_t max_queued, max_queued_per_owner; /* 0: no bound */
	struct writer *writer;
	struct checkpointer *checkpointer;
	bool has_id_key;
	struct ff1 id_ciphers[JOB_KEY_FORMS];
	_Atomic int64_t last_draw; /* the time in the last id */
	int64_t last_created;      /* the writer's: of the newest job */
	bool space_is_low;         /* the writer's: no new jobs, so that those under way can end */
	bool has_ballast;          /* the writer's */
	_Atomic int64_t logged_in; /* the second of the last line, and how many it saw */
	atomic_int logged;
	atomic_bool copying;
};

/* --- env.c --- */

extern const char *const store_files[TABLE_COUNT];
/* A store that is not open, but locked. KN_ERR_BUSY: by another process. End it with
 * store_close(). */
enum kn_err env_hold(const char *dir, struct store **out);
/* recover: DB_RECOVER, or DB_RECOVER_FATAL for a copy. */
enum kn_err env_open(struct store *store, uint64_t cache_bytes, u_int32_t recover);
/* Closes what env_open() opened; the lock stays. */
void env_close(struct store *store);

enum {
	LOG_FILE_BYTES = 16 << 20, /* a copy of the store is recovered from whole ones */
	STORE_PAGE_SIZE = 4096,
	STORE_RETRIES = 100, /* of a read that a deadlock was resolved against */
};

static inline DBT store_dbt(const void *data, size_t len)
{
	DBT dbt = {0};

	dbt.data = (void *)(uintptr_t)data; /* Berkeley DB does not write to it */
	dbt.size = (u_int32_t)len;
	return dbt;
}

/* The error that a Berkeley DB result stands for. A panic of the environment ends the process: a
 * new one recovers. `what` is for the log. */
enum kn_err store_db_error(struct store *store, int ret, const char *what);
/* Ends the process when what was written may not be on the disk, for another reason than a full
 * one: some file systems call that a lack of permission. */
void store_check_sync(struct store *store, enum kn_err err, const char *what);

/* A value read into the caller's memory, or into malloc'd memory when it is larger. */
struct store_read {
	const void *data;
	size_t len;
	void *large;
	unsigned char small[2048];
};
/* txn NULL: a read alone, repeated if it lost to a deadlock. KN_ERR_NOT_FOUND. */
enum kn_err store_read(struct store *store, DB_TXN *txn, int table, const void *key, size_t len,
		       struct store_read *read);
void store_read_free(struct store_read *read);

/* --- space.c --- */

bool space_is_low(const struct store *store);
/* Before a batch: sets store->space_is_low, and takes ballast when there is room for it. */
void space_check(struct store *store);
/* Before recovery, which writes: makes do with little. */
void space_prepare_recovery(struct store *store);
/* After a write that found no space. False when there was no ballast: it is no use to try again. */
bool space_give_up_ballast(struct store *store);

/* Whether so many bytes more would not bring it near the low-water mark. */
bool space_is_enough(const struct store *store, uint64_t bytes);

/* --- copy.c --- */

bool is_unfinished(const char *dir);
/* Removes copies of the store that nobody has open. */
void copies_remove(const struct store *store);

/* --- checkpoint.c --- */

enum kn_err checkpointer_start(struct store *store);
void checkpointer_stop(struct store *store);
/* Wakes the thread for a checkpoint. */
void checkpointer_request(struct store *store);
/* After a flush: makes new log files' names durable, and wakes the thread when enough log was
 * written. */
enum kn_err checkpointer_flushed(struct store *store);

/* --- log_ahead.c --- */

/* Makes that log file, unless it is there or space is short. */
void log_ahead_make(const struct store *store, u_int32_t file);

/* --- writer.c --- */

struct change {
	struct job *old, *new;
};

enum { TALLIES_MAX = 32 };

/* One transaction: of a batch, or of one operation of it that runs alone. */
struct store_txn {
	struct store *store;
	DB_TXN *txn;
	bool wrote;         /* since the present operation began */
	uint64_t room;      /* jobs that may still be created; 0: to be counted */
	enum kn_err broken; /* a database call failed: the transaction must not be committed */
	struct change *changes;
	size_t changes_n, changes_size;
	/* Counters, read once and written once: most operations of a batch hit the same. */
	struct tally {
		struct key key;
		int64_t stored, by;
	} tallies[TALLIES_MAX];
	size_t tallies_n;
};

enum kn_err writer_start(struct store *store);
/* Runs what is queued, then ends; later operations get KN_ERR_SHUTDOWN. */
void writer_stop(struct store *store);
/* Writes and deletes inside the transaction; a failure breaks it. flags: 0 or DB_NOOVERWRITE
 * (KN_ERR_EXISTS, which breaks nothing). */
enum kn_err txn_put(struct store_txn *txn, int table, const void *key, size_t key_len,
		    const void *data, size_t len, u_int32_t flags);
enum kn_err txn_delete(struct store_txn *txn, int table, const void *key, size_t key_len);
enum kn_err txn_read(struct store_txn *txn, int table, const void *key, size_t key_len,
		     struct store_read *read);
/* Remembers a change for on_change, by copies. */
enum kn_err txn_note_change(struct store_txn *txn, const struct job *old, const struct job *new);

/* --- counters.c --- */

enum kn_err counter_add(struct store_txn *txn, const struct key *key, int64_t by);
/* txn NULL: what is committed. */
enum kn_err counter_read(struct store *store, struct store_txn *txn, const struct key *key,
			 int64_t *out);
/* Writes the tallies, before the commit. */
enum kn_err counters_write(struct store_txn *txn);

/* --- job_key.c --- */

/* Under which key the job lies in the table of jobs, and back: the text itself or in room. */
const char *job_key(const struct store *store, const char *id, char room[ID_SIZE]);
const char *job_key_id(const struct store *store, const char *key, char room[ID_SIZE]);
bool job_key_is_of(const struct store *store, const void *key, size_t len, const char *id);
/* Reads what encrypts the ids, if the store has it. */
enum kn_err job_key_load(struct store *store);
/* Whether the key of the ids decides where a job of that id lies. */
bool job_key_decides(const char *id);
/* Gives it to a store that has none, nor jobs. */
enum kn_err job_key_begin(struct store *store);

/* --- newest.c --- */

/* Sets last_created and last_draw. KN_ERR_CORRUPT: none of the newest jobs lies where the key of the
 * ids, or its lack, would have it. */
enum kn_err newest_look(struct store *store);

/* --- index.c, row.c --- */

/* The list's prefix. state may be ANY_STATE, owner NULL. */
struct key list_prefix(const char *owner, enum job_api api, unsigned state);
struct key ready_prefix(const char *class_name);
/* The key under which entries of `table` with the prefix are counted. */
struct key count_key(int table, const struct key *prefix);
enum { ENTRIES_MAX = 7 }; /* list 4, ready, lease, expiry */
struct index_entry {
	int table;
	struct key key;
	size_t counted; /* length of the prefix that is counted, or 0 */
};
struct index_entries {
	struct index_entry v[ENTRIES_MAX];
	size_t n;
	struct bytes columns; /* the data of entries in the list; the others have none. Free it. */
};
/* What the job has in the indices; nothing for NULL. */
void index_entries(const struct job *job, struct index_entries *entries);
bool index_has_entry(const struct index_entries *entries, int table, const void *key, size_t len);
/* The id in an index entry's key, or NULL if there is none. */
const char *index_entry_id(int table, const void *key, size_t len);
/* The length of the prefix by which it is counted; 0: it is not. */
size_t index_entry_counted(int table, const void *key, size_t len);
/* Writes the record, the index entries and the counters: old NULL inserts (KN_ERR_EXISTS), new NULL
 * deletes. */
enum kn_err put_job(struct store_txn *txn, const struct job *old, const struct job *new);

void row_encode(const struct job *job, struct bytes *to);
/* The row's strings point into data. tail: what follows the prefix in the key. */
enum kn_err row_decode(const unsigned char *tail, size_t tail_len, const void *data, size_t len,
		       struct store_row *row);
enum { LIST_TAIL_MIN = sizeof(int64_t) + 1 };

/* --- structure.c --- */

/* Tells verify->fault() of damaged pages in the files of a store that is not open. */
enum kn_err structure_verify(const char *dir, const struct store_verify *verify, bool *sound);

/* --- scan.c --- */

/* An each function returns it to end a scan well. */
#define SCAN_STOP ((enum kn_err)KN_ERR_COUNT)

/* Calls each() for entries with the prefix, from the key `from` on (NULL: the first), in key order.
 * No lock is held meanwhile. chunk: how many bytes to read at once. */
enum kn_err store_scan(struct store *store, int table, const struct key *prefix,
		       const struct key *from, size_t chunk, store_each_fn *each, void *arg);
enum { SCAN_CHUNK_MIN = 8192, SCAN_CHUNK_MAX = 262144 };

#endif
