/*
 * Looks through a whole store: each record with the index entries that it
 * should have, then each index for entries that nobody should have, then the
 * counters against a recount. What a job should have is computed by the function
 * that writes it (index_entries), so that the two cannot differ.
 */
#include "store_priv.h"
#include "../job_codec.h"

#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How many entries a counter should count. */
struct recount {
	int64_t n;
	bool seen; /* the counter exists */
	size_t len;
	unsigned char key[];
};

struct check {
	struct store *store;
	const struct store_verify *verify;
	uint64_t jobs, faults;
	int table; /* that is being scanned */
	uint64_t expected[TABLE_COUNT], found;
	void *recounts; /* a tree (tsearch) */
};

static void __attribute__((format(printf, 4, 5)))
fault(struct check *check, const char *kind, const char *id, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	check->faults++;
	check->verify->fault(check->verify->arg, kind, id, text);
}

/* --- counting again --- */

static int compare_recounts(const void *a, const void *b)
{
	const struct recount *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->key, y->key, x->len);
}

/* The recount of the counter; NULL when memory is out. */
static struct recount *recount_of(struct check *check, const void *key, size_t len)
{
	struct recount *recount = calloc(1, sizeof(*recount) + len), **found;

	if (recount == NULL)
		return NULL;
	recount->len = len;
	memcpy(recount->key, key, len);
	found = tsearch(recount, &check->recounts, compare_recounts);
	if (found == NULL || *found != recount)
		free(recount);
	return found != NULL ? *found : NULL;
}

static enum kn_err count_entry(struct check *check, const struct index_entry *entry)
{
	struct key key;
	struct recount *recount;

	check->expected[entry->table]++;
	if (entry->counted == 0)
		return KN_OK;
	key = index_counted(entry);
	recount = recount_of(check, key.data, key.len);
	if (recount == NULL)
		return KN_ERR_NOMEM;
	recount->n++;
	return KN_OK;
}

/* --- records --- */

/* What no job may be, in words; NULL: nothing of that. */
static const char *wrong_state(const struct job *job)
{
	bool runs = job->state == JOB_PROCESSING, ended = job_state_is_terminal(job->state);
	const struct {
		bool is_wrong;
		const char *text;
	} rules[] = {
		{runs && job->lease.token[0] == '\0', "is processing without a lease"},
		{!runs && (job->lease.token[0] != '\0' || job->lease.until != 0),
		 "has a lease, and is not processing"},
		{runs && (job->started == 0 || job->attempt == 0), "is processing, never started"},
		{ended && job->finished == 0, "has ended, at no time"},
		{!ended && job->finished != 0, "has a time of its end, and goes on"},
		{!ended && job->expired != 0, "has lost its files before its end"},
		{job->state == JOB_COMPLETED && job->progress != 100,
		 "is completed by less than 100%"},
		{job->state == JOB_QUEUED && (job->started != 0 || job->progress != 0),
		 "is queued, with progress"},
		{job->created <= 0 || job->updated < job->created,
		 "was updated before its creation"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].is_wrong)
			return rules[i].text;
	return NULL;
}

static enum kn_err check_entry(struct check *check, const struct job *job,
			       const struct index_entries *entries, const struct index_entry *entry)
{
	const struct bytes *columns = &entries->columns;
	size_t len = entry->table == TABLE_LIST ? columns->len : 0;
	const char *file = store_files[entry->table];
	struct store_read read;
	enum kn_err err = count_entry(check, entry);

	if (err != KN_OK)
		return err;
	err = store_read(check->store, NULL, entry->table, entry->key.data, entry->key.len, &read);
	if (err == KN_ERR_NOT_FOUND)
		fault(check, "index", job->id, "%s lacks an entry of the job", file);
	else if (err == KN_OK && (read.len != len || memcmp(read.data, columns->data, len) != 0))
		fault(check, "index", job->id, "%s differs from the record", file);
	store_read_free(&read);
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

static enum kn_err check_job(struct check *check, const struct job *job)
{
	const char *wrong = wrong_state(job);
	struct index_entries entries;
	enum kn_err err = KN_OK;

	if (wrong != NULL)
		fault(check, "state", job->id, "the job %s", wrong);
	index_entries(job, &entries);
	if (entries.columns.failed)
		err = KN_ERR_NOMEM;
	for (size_t i = 0; i < entries.n && err == KN_OK; i++)
		err = check_entry(check, job, &entries, &entries.v[i]);
	free(entries.columns.data);
	if (err == KN_OK && check->verify->job != NULL)
		err = check->verify->job(check->verify->arg, job);
	return err;
}

static enum kn_err check_record(void *arg, const void *key, size_t key_len, const void *data,
				size_t len)
{
	struct check *check = arg;
	struct job *job = NULL;
	char id[ID_SIZE];
	enum kn_err err = job_decode(data, len, &job);

	check->jobs++;
	snprintf(id, sizeof(id), "%.*s", (int)key_len, (const char *)key);
	if (err == KN_ERR_CORRUPT) {
		fault(check, "record", id, "the record cannot be read");
		return KN_OK;
	}
	if (err != KN_OK)
		return err;
	if (strlen(job->id) != key_len || memcmp(job->id, key, key_len) != 0)
		fault(check, "record", id, "the record is of the job %s", job->id);
	else
		err = check_job(check, job);
	job_free(&job);
	return err;
}

/* --- entries that nobody has --- */

static enum kn_err count_found(void *arg, const void *key, size_t key_len, const void *data,
			       size_t len)
{
	struct check *check = arg;

	(void)key;
	(void)key_len;
	(void)data;
	(void)len;
	check->found++;
	return KN_OK;
}

static enum kn_err find_owner(void *arg, const void *key, size_t key_len, const void *data,
			      size_t len)
{
	struct check *check = arg;
	const char *id = index_entry_id(check->table, key, key_len);
	const char *file = store_files[check->table];
	struct job *job = NULL;
	struct index_entries entries;
	enum kn_err err;

	(void)data;
	(void)len;
	if (id == NULL) {
		fault(check, "index", NULL, "%s has an entry of no job", file);
		return KN_OK;
	}
	err = store_job_get(check->store, id, &job);
	if (err == KN_ERR_NOT_FOUND)
		fault(check, "index", id, "%s has an entry of the job, which does not exist", file);
	if (err != KN_OK) /* what cannot be read has been told of */
		return err == KN_ERR_NOT_FOUND || err == KN_ERR_CORRUPT ? KN_OK : err;
	index_entries(job, &entries);
	if (!index_has_entry(&entries, check->table, key, key_len))
		fault(check, "index", id, "%s has an entry that the job should not have", file);
	free(entries.columns.data);
	job_free(&job);
	return KN_OK;
}

/* When every job has its entries, and there are as many as that, there are no others. */
static enum kn_err check_index(struct check *check, int table)
{
	const struct key all = {.len = 0};
	enum kn_err err;

	check->table = table;
	check->found = 0;
	err = store_scan(check->store, table, &all, NULL, SCAN_CHUNK_MAX, count_found, check);
	if (err == KN_OK && (check->found != check->expected[table] || check->faults > 0))
		err = store_scan(check->store, table, &all, NULL, SCAN_CHUNK_MAX, find_owner,
				 check);
	return err;
}

/* --- counters --- */

/* "list.db ann/vivid_flow/queued", as far as it can be read. */
static void describe(const unsigned char *key, size_t len, char *out, size_t size)
{
	const char *text = (const char *)key + 1;
	size_t text_len = len > 1 ? strnlen(text, len - 1) : 0, at = 1 + text_len + 1;
	const char *file = key[0] < TABLE_COUNT ? store_files[key[0]] : "?";

	if (key[0] == TABLE_LIST && at + 2 <= len)
		snprintf(out, size, "%s %.*s/%s/%s", file, (int)text_len, text,
			 job_api_name((enum job_api)key[at]),
			 key[at + 1] == ANY_STATE ? "any"
						  : job_state_name((enum job_state)key[at + 1]));
	else
		snprintf(out, size, "%s %.*s", file, (int)text_len, text_len > 0 ? text : "");
}

static void compare_counter(struct check *check, const struct recount *recount, int64_t counted)
{
	char name[KEY_MAX + 64];

	if (counted == recount->n)
		return;
	describe(recount->key, recount->len, name, sizeof(name));
	fault(check, "counter", NULL, "the counter of %s says %" PRId64 ", there are %" PRId64,
	      name, counted, recount->n);
}

static enum kn_err check_counter(void *arg, const void *key, size_t key_len, const void *data,
				 size_t len)
{
	struct check *check = arg;
	struct recount *recount;
	uint64_t n;

	if (key_len == 0 || len != sizeof(n)) {
		fault(check, "counter", NULL, "a counter is no number");
		return KN_OK;
	}
	if (((const unsigned char *)key)[0] == COUNTER_NAMED)
		return KN_OK; /* what it counts, others know */
	recount = recount_of(check, key, key_len);
	if (recount == NULL)
		return KN_ERR_NOMEM;
	recount->seen = true;
	memcpy(&n, data, sizeof(n));
	compare_counter(check, recount, (int64_t)le64toh(n));
	return KN_OK;
}

static void check_unseen(const void *node, VISIT visit, void *arg)
{
	const struct recount *recount = *(struct recount *const *)node;

	if ((visit == postorder || visit == leaf) && !recount->seen)
		compare_counter(arg, recount, 0);
}

static enum kn_err check_counters(struct check *check)
{
	const struct key all = {.len = 0};
	enum kn_err err = store_scan(check->store, TABLE_COUNTERS, &all, NULL, SCAN_CHUNK_MAX,
				     check_counter, check);

	if (err == KN_OK)
		twalk_r(check->recounts, check_unseen, check);
	return err;
}

/* --- all of it --- */

static enum kn_err check_contents(struct check *check)
{
	static const int indices[] = {TABLE_LIST, TABLE_READY, TABLE_LEASE, TABLE_EXPIRY};
	const struct key all = {.len = 0};
	enum kn_err err = store_scan(check->store, TABLE_JOBS, &all, NULL, SCAN_CHUNK_MAX,
				     check_record, check);

	for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]) && err == KN_OK; i++)
		err = check_index(check, indices[i]);
	if (err == KN_OK)
		err = check_counters(check);
	tdestroy(check->recounts, free);
	return err;
}

/* Recovers, as whoever opens the store would; then looks at the files while they are closed. */
static enum kn_err check_structure(struct check *check, u_int32_t recover, bool *sound)
{
	bool recovered;
	enum kn_err err;

	if (is_unfinished(check->store->dir)) {
		fault(check, "structure", NULL,
		      "the store is unfinished: repeat the restore that was interrupted");
		*sound = false;
		return KN_OK;
	}
	err = env_open(check->store, check->verify->cache_bytes, recover);
	env_close(check->store);
	recovered = err == KN_OK;
	if (err == KN_ERR_CORRUPT) {
		fault(check, "structure", NULL, "the store cannot be recovered");
		err = KN_OK;
	}
	if (err == KN_OK)
		err = structure_verify(check->store->dir, check->verify, sound);
	*sound = *sound && recovered;
	return err;
}

enum kn_err store_verify(const char *dir, const struct store_verify *verify, uint64_t *jobs)
{
	struct check check = {.verify = verify};
	bool sound = true;
	enum kn_err err = KN_ERR_NOT_FOUND;

	*jobs = 0;
	if (store_exists(dir))
		err = env_hold(dir, &check.store);
	if (err == KN_OK)
		err = check_structure(&check, verify->is_copy ? DB_RECOVER_FATAL : DB_RECOVER,
				      &sound);
	if (err == KN_OK && sound) {
		err = env_open(check.store, verify->cache_bytes, DB_RECOVER);
		if (err == KN_OK)
			err = check_contents(&check);
	}
	*jobs = check.jobs;
	store_close(&check.store);
	return err;
}
