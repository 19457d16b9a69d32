#include "work.h"

#include "events.h"
#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/store/store.h"
#include "lib/text.h"
#include "work_priv.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	BACKOFF_BASE_SECONDS = 2,
	BACKOFF_MAX_SECONDS = 300,
	ERROR_TEXT_MAX =
		2000, /* bytes of error_text; what a worker says is not trusted to be short */
};

enum kn_err work_check_holder(const struct job *job, const char *token)
{
	if (token == NULL)
		return job->state == JOB_PROCESSING && job->lease.worker != NULL &&
				       strcmp(job->lease.worker, WORK_EXTENSION) == 0
			       ? KN_OK
			       : KN_ERR_CONFLICT;
	if (job->state != JOB_PROCESSING || strlen(token) != TOKEN_SIZE - 1 ||
	    sodium_memcmp(token, job->lease.token, TOKEN_SIZE - 1) != 0)
		return KN_ERR_STALE;
	return KN_OK;
}

/* --- creation --- */

static int attempts_of(const struct conf *conf, const struct job *job)
{
	char class_name[EVENT_CLASS_SIZE];
	const struct conf_worker *worker;

	snprintf(class_name, sizeof(class_name), "%s/%s", job_api_name(job->api), job->model);
	worker = conf_worker_for(conf, class_name);
	return worker != NULL ? worker->attempts : 1;
}

/* Unless the id names a job: another's, or ours after an error that leaves it open whether it was
 * written. */
static void discard_files(struct server *server, const struct job *job)
{
	struct job *other = NULL;

	if (job->id[0] != '\0' && store_job_get(server->store, job->id, &other) == KN_ERR_NOT_FOUND)
		asset_remove_all(server->conf, job, true);
	job_free(&other);
}

enum kn_err work_insert(struct store_txn *txn, struct job *job, const struct work_quota *quota)
{
	int64_t count = 0;
	enum kn_err err = KN_OK;

	if (quota != NULL)
		err = store_txn_counter_add(txn, quota->counter, 0, &count);
	if (quota != NULL && err == KN_OK && count >= quota->limit)
		err = KN_ERR_LIMIT;
	if (err == KN_OK)
		err = store_txn_job_create(txn, job);
	if (quota != NULL && err == KN_OK)
		err = store_txn_counter_add(txn, quota->counter, 1, &count);
	return err;
}

struct insertion {
	struct job *job;
	const struct work_quota *quota;
};

static enum kn_err write_insertion(struct store_txn *txn, void *arg)
{
	const struct insertion *insertion = arg;

	return work_insert(txn, insertion->job, insertion->quota);
}

static enum kn_err create(struct server *server, struct job *job, const char *key,
			  const struct work_quota *quota, struct job **first)
{
	struct insertion insertion = {job, quota};

	if (key != NULL)
		return work_create_once(server, job, key, quota, first);
	if (quota != NULL)
		return store_write(server->store, write_insertion, &insertion, STORE_FLUSHED);
	return store_job_create(server->store, job);
}

enum kn_err work_create_counted(struct server *server, struct job **job, const char *key,
				const struct work_quota *quota, bool *replayed)
{
	struct job *first = NULL;
	enum kn_err err;

	*replayed = false;
	(*job)->max_attempts = (uint16_t)attempts_of(server->conf, *job);
	err = create(server, *job, key, quota, &first);
	if (err == KN_OK && first == NULL)
		return KN_OK;
	discard_files(server, *job);
	if (first != NULL) {
		job_free(job);
		*job = first;
		*replayed = true;
	}
	return err;
}

enum kn_err work_create(struct server *server, struct job **job, const char *key, bool *replayed)
{
	return work_create_counted(server, job, key, NULL, replayed);
}

enum kn_err work_add_input(struct server *server, struct job *job, const char *name,
			   const char *path, const char *mime)
{
	struct job_file input = {0};
	char rel[PATH_MAX];
	enum kn_err err = asset_input_rel(job, name, mime, rel);

	if (err == KN_OK)
		err = asset_adopt(server->conf, path, rel, name, mime, &input);
	if (err == KN_OK)
		err = job_files_put(&job->inputs, &input);
	asset_file_clear(&input);
	unlink(path); /* an adopted one is there no more */
	return err;
}

/* --- claims --- */

enum kn_err work_claim(struct server *server, const char *const *classes, size_t n,
		       const char *worker, int64_t lease_seconds, struct job **out)
{
	struct store_claim claim = {
		.classes = classes,
		.classes_n = n,
		.worker = worker,
		.lease_us = lease_seconds * USEC_PER_SEC,
	};

	return store_job_claim(server->store, &claim, out);
}

/* --- progress --- */

/* 100 says that there is something to fetch, which only the end of the job makes true. */
enum { PROGRESS_MAX = 99 };

struct progress_change {
	const char *token;
	const struct work_progress *progress;
	int64_t lease_default; /* seconds, for a claim that does not say */
};

static void extend_lease(struct job *job, const struct progress_change *change, int64_t now)
{
	int64_t seconds = change->progress->lease_seconds;

	if (seconds == WORK_LEASE_AS_CLAIMED)
		seconds = job->lease.seconds > 0 ? job->lease.seconds : change->lease_default;
	if (seconds > 0)
		job->lease.until = now + seconds * USEC_PER_SEC;
}

static enum kn_err change_progress(struct job *job, void *arg)
{
	const struct progress_change *change = arg;
	const struct work_progress *p = change->progress;
	int64_t now = clock_wall_us();
	enum kn_err err = work_check_holder(job, change->token);

	if (err != KN_OK)
		return err;
	if (p->progress > job->progress)
		job->progress = p->progress < PROGRESS_MAX ? p->progress : PROGRESS_MAX;
	if (job->began == 0 && (p->progress >= 0 || p->stage != NULL))
		job->began = now;
	if (p->stage != NULL)
		err = job_set(&job->stage, p->stage);
	if (p->message != NULL && err == KN_OK)
		err = job_set(&job->message, p->message);
	for (size_t i = 0; i < p->log_n && err == KN_OK; i++)
		err = job_log(job, p->log[i]);
	extend_lease(job, change, now);
	job->updated = now;
	return err;
}

enum kn_err work_progress(struct server *server, const char *id, const char *token,
			  const struct work_progress *progress, struct job **out)
{
	struct progress_change change = {token, progress, server->conf->job_timeout_seconds};

	return store_job_change(server->store, id, change_progress, &change, STORE_LAZY, out);
}

/* --- the end of an attempt --- */

int64_t work_backoff_us(int attempt)
{
	int64_t seconds = BACKOFF_BASE_SECONDS;
	uint32_t half;

	while (--attempt > 0 && seconds < BACKOFF_MAX_SECONDS)
		seconds *= 2;
	if (seconds > BACKOFF_MAX_SECONDS)
		seconds = BACKOFF_MAX_SECONDS;
	/* Half of it is random: jobs that failed together do not come back together. */
	half = (uint32_t)(seconds * USEC_PER_SEC / 2);
	return half + randombytes_uniform(half + 1);
}

enum kn_err work_requeue(struct job *job, enum job_reason why, int64_t now, int64_t run_at,
			 struct job_files *dropped)
{
	enum kn_err err = job_transition(job, JOB_QUEUED, why, now);

	if (err != KN_OK)
		return err;
	job->run_at = run_at;
	/* A change may run twice, each time on a fresh copy of the job. */
	job_files_clear(dropped);
	*dropped = job->assets;
	job->assets = (struct job_files){0};
	return KN_OK;
}

/* While the job still has its lease. */
static enum kn_err log_attempt(struct job *job, const char *text)
{
	char line[JOB_LOG_LINE_BYTES_MAX];

	snprintf(line, sizeof(line), "Attempt %d of %d by %s: %s", job->attempt, job->max_attempts,
		 job->lease.worker != NULL ? job->lease.worker : "a worker", text);
	return job_log(job, line);
}

enum kn_err work_fail_for_good(struct job *job, enum job_reason why, int64_t now, const char *code,
			       const char *text)
{
	char cut[ERROR_TEXT_MAX + 1];
	enum kn_err err = KN_OK;

	/* The last of several belongs to their history. */
	if (job->state == JOB_PROCESSING && job->attempt > 1)
		err = log_attempt(job, text);
	if (err == KN_OK)
		err = job_transition(job, JOB_FAILED, why, now);
	snprintf(cut, sizeof(cut), "%.*s", (int)text_cut(text, strlen(text), ERROR_TEXT_MAX), text);
	if (err == KN_OK)
		err = job_set(&job->error_code, code);
	if (err == KN_OK)
		err = job_set(&job->error_text, cut);
	return err;
}

enum kn_err work_end_attempt(struct job *job, int64_t now, const char *text,
			     struct job_files *dropped)
{
	enum kn_err err = log_attempt(job, text);

	if (err != KN_OK)
		return err;
	return work_requeue(job, JOB_BY_RELEASE, now, now + work_backoff_us(job->attempt), dropped);
}

struct fail_change {
	const char *token, *code, *text;
	bool again;
	struct job_files dropped;
};

static enum kn_err change_fail(struct job *job, void *arg)
{
	struct fail_change *change = arg;
	int64_t now = clock_wall_us();
	enum kn_err err = work_check_holder(job, change->token);

	if (err != KN_OK)
		return err;
	if (change->again && job->attempt < job->max_attempts)
		return work_end_attempt(job, now, change->text, &change->dropped);
	return work_fail_for_good(job, JOB_BY_RESULT, now, change->code, change->text);
}

enum kn_err work_change_and_drop(struct server *server, const char *id, store_change_job_fn *fn,
				 void *change, struct job_files *dropped, struct job **out)
{
	enum kn_err err;

	work_lock(id);
	err = store_job_change(server->store, id, fn, change, STORE_FLUSHED, out);
	if (err == KN_OK)
		work_files_remove(server, dropped);
	work_unlock(id);
	job_files_clear(dropped);
	return err;
}

enum kn_err work_fail(struct server *server, const char *id, const char *token, const char *code,
		      const char *text, bool again, struct job **out)
{
	struct fail_change change = {.token = token, .code = code, .text = text, .again = again};

	return work_change_and_drop(server, id, change_fail, &change, &change.dropped, out);
}

struct release_change {
	const char *token;
	struct job_files dropped;
};

static enum kn_err change_release(struct job *job, void *arg)
{
	struct release_change *change = arg;
	int64_t now = clock_wall_us();
	enum kn_err err = work_check_holder(job, change->token);

	if (err == KN_OK)
		err = work_requeue(job, JOB_BY_RELEASE, now, now, &change->dropped);
	if (err == KN_OK)
		job->attempt--;
	return err;
}

enum kn_err work_release(struct server *server, const char *id, const char *token)
{
	struct release_change change = {.token = token};

	return work_change_and_drop(server, id, change_release, &change, &change.dropped, NULL);
}
