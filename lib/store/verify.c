/*
 * Looks through a whole store: its pages, each record and its state, the indices, the counters, and
 * what clients asked for.
 */
#include "verify_priv.h"

#include "../job_codec.h"

#include <stdarg.h>
#include <stdio.h>

void verify_fault(struct check *check, const char *kind, const char *id, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	check->verify->fault(check->verify->arg, kind, id, text);
}

enum kn_err verify_scan(struct check *check, int table, store_each_fn *each, void *arg)
{
	const struct key all = {.len = 0};

	return store_scan(check->store, table, &all, NULL, SCAN_CHUNK_MAX, each, arg);
}

/* --- records --- */

static enum kn_err check_job(struct check *check, const struct job *job)
{
	const char *wrong = job_fault(job);
	enum kn_err err;

	if (wrong != NULL)
		verify_fault(check, "state", job->id, "the job %s", wrong);
	err = verify_index_add(check, job);
	if (err == KN_OK && check->verify->job != NULL)
		err = check->verify->job(check->verify->arg, job);
	return err;
}

static enum kn_err check_record(void *arg, const void *key, size_t key_len, const void *data,
				size_t len)
{
	struct check *check = arg;
	struct job *job = NULL;
	char text[ID_SIZE], room[ID_SIZE];
	const char *id;
	enum kn_err err = job_decode(data, len, &job);

	check->jobs++;
	snprintf(text, sizeof(text), "%.*s", (int)key_len, (const char *)key);
	id = job_key_id(check->store, text, room);
	if (err == KN_ERR_CORRUPT) {
		verify_fault(check, "record", id, "the record cannot be read");
		return KN_OK;
	}
	if (err != KN_OK)
		return err;
	if (!job_key_is_of(check->store, key, key_len, job->id))
		verify_fault(check, "record", id, "the record is of the job %s", job->id);
	else
		err = check_job(check, job);
	job_free(&job);
	return err;
}

/* --- all of it --- */

static enum kn_err check_contents(struct check *check)
{
	enum kn_err err = verify_index_begin(check);

	if (err == KN_OK)
		err = verify_scan(check, TABLE_JOBS, check_record, check);
	if (err == KN_OK)
		err = verify_index_end(check);
	if (err == KN_OK)
		err = verify_counters(check);
	if (err == KN_OK)
		err = verify_keys(check);
	verify_index_free(check);
	return err;
}

/* Recovers, as whoever opens the store would; then looks at the files while they are closed. */
static enum kn_err check_structure(struct check *check, u_int32_t recover, bool *sound)
{
	bool recovered;
	enum kn_err err;

	if (is_unfinished(check->store->dir)) {
		verify_fault(check, "structure", NULL,
			     "the store is unfinished: repeat the restore that was interrupted");
		*sound = false;
		return KN_OK;
	}
	err = env_open(check->store, check->verify->cache_bytes, recover);
	env_close(check->store);
	recovered = err == KN_OK;
	if (err == KN_ERR_CORRUPT) {
		verify_fault(check, "structure", NULL, "the store cannot be recovered");
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
			err = job_key_load(check.store);
		if (err == KN_OK)
			err = check_contents(&check);
	}
	*jobs = check.jobs;
	store_close(&check.store);
	return err;
}
