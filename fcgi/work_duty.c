/* What time does to jobs: the daemon's duties call it. */
#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/log.h"
#include "lib/store/store.h"
#include "work_priv.h"

#include <stdatomic.h>
#include <stdio.h>

/* Jobs that a call looks at. */
enum { LOOKS = 4096 };

/* --- leases --- */

struct reap_change {
	int64_t now;
	struct job_files dropped;
};

static enum kn_err change_reap(struct job *job, void *arg)
{
	struct reap_change *change = arg;
	int64_t silent;
	char text[96];

	/* It may have spoken since we looked. */
	if (job->state != JOB_PROCESSING || job->lease.until == 0 || job->lease.until > change->now)
		return KN_ERR_CONFLICT;
	silent = (job->lease.until - job->updated + USEC_PER_SEC / 2) / USEC_PER_SEC;
	if (job->attempt < job->max_attempts) {
		snprintf(text, sizeof(text), "no response in %lld seconds", (long long)silent);
		return work_end_attempt(job, change->now, text, &change->dropped);
	}
	snprintf(text, sizeof(text), "Job timed out: no response from the worker in %lld seconds",
		 (long long)silent);
	return work_fail_for_good(job, JOB_BY_TIMEOUT, change->now, "timeout", text);
}

static enum kn_err reap_one(struct server *server, const char *id, int64_t now)
{
	struct reap_change change = {.now = now};
	enum kn_err err;

	work_lock(id);
	err = store_job_change(server->store, id, change_reap, &change, STORE_FLUSHED, NULL);
	if (err == KN_OK)
		work_files_remove(server, &change.dropped);
	work_unlock(id);
	job_files_clear(&change.dropped);
	return err;
}

/* Whether the others have their turn: a job that was due when it was listed may have left that
 * state since, and one whose record is damaged must not hold them up. */
static bool may_go_on(const char *id, enum kn_err err)
{
	if (err == KN_ERR_CORRUPT)
		log_msg(LOG_LEVEL_ERROR, id, "its record is damaged; see kinoractl verify");
	return err == KN_ERR_CONFLICT || err == KN_ERR_NOT_FOUND || err == KN_ERR_GONE ||
	       err == KN_ERR_CORRUPT;
}

enum kn_err work_reap(struct server *server, int64_t now, size_t *reaped, int64_t *next)
{
	struct store_ids due = {0};
	enum kn_err err = store_lease_due(server->store, now, WORK_DUTY_BATCH, &due, next);

	*reaped = 0;
	for (size_t i = 0; i < due.n && err == KN_OK; i++) {
		err = reap_one(server, due.v[i], now);
		if (err == KN_OK)
			(*reaped)++;
		else if (may_go_on(due.v[i], err))
			err = KN_OK;
	}
	store_ids_free(&due);
	return err;
}

/* --- age --- */

struct wait_change {
	int64_t now, seconds;
	int64_t seen; /* when the last job that was looked at was created */
};

/* It may have come back since it was created. A job that waits changes in no other way. */
static bool has_waited(const struct job *job, const struct wait_change *change)
{
	return job->state == JOB_QUEUED &&
	       job->updated < change->now - change->seconds * USEC_PER_SEC;
}

static enum kn_err look_at_waiting(const struct job *job, void *arg)
{
	struct wait_change *change = arg;

	change->seen = job->created;
	return has_waited(job, change) ? KN_OK : KN_ERR_CONFLICT;
}

static enum kn_err change_waited(struct job *job, void *arg)
{
	const struct wait_change *change = arg;
	char text[96];

	if (!has_waited(job, change))
		return KN_ERR_CONFLICT;
	snprintf(text, sizeof(text), "Job timed out: no worker took it within %lld seconds",
		 (long long)change->seconds);
	return work_fail_for_good(job, JOB_BY_TIMEOUT, change->now, "queue_timeout", text);
}

static enum kn_err fail_if_waited(struct server *server, const char *id, struct wait_change *change)
{
	enum kn_err err = store_job_look(server->store, id, look_at_waiting, change);

	return err != KN_OK ? err
			    : store_job_change(server->store, id, change_waited, change,
					       STORE_FLUSHED, NULL);
}

/* Those that were created first are not always those that have waited for longest: the call goes on
 * behind the ones that an earlier call left, and begins anew after the last. */
static enum kn_err fail_waiting(struct server *server, enum job_api api, int64_t now,
				size_t *failed)
{
	_Atomic int64_t *seen = &server->waiting_seen[api];
	struct wait_change change = {now, server->conf->max_queue_seconds, atomic_load(seen)};
	struct store_ids due = {0};
	size_t i;
	enum kn_err err;

	if (change.seconds == 0)
		return KN_OK;
	err = store_queue_due(server->store, api, change.seen, now - change.seconds * USEC_PER_SEC,
			      LOOKS, &due);
	for (i = 0; i < due.n && *failed < WORK_DUTY_BATCH && err == KN_OK; i++) {
		err = fail_if_waited(server, due.v[i], &change);
		*failed += err == KN_OK;
		if (may_go_on(due.v[i], err))
			err = KN_OK;
	}
	if (err == KN_OK)
		atomic_store(seen, i == due.n && due.n < LOOKS ? 0 : change.seen);
	store_ids_free(&due);
	return err;
}

static enum kn_err expire_old(struct server *server, enum job_api api, int64_t now, size_t *removed)
{
	int64_t days = api == JOB_GROK_3D ? server->conf->max_model_age_days
					  : server->conf->max_video_age_days;
	struct store_ids due = {0};
	enum kn_err err;

	if (days == 0)
		return KN_OK;
	err = store_retention_due(server->store, api, now - days * USEC_PER_DAY, WORK_DUTY_BATCH,
				  &due);
	for (size_t i = 0; i < due.n && err == KN_OK; i++) {
		err = work_expire_files(server, due.v[i], NULL);
		if (err == KN_OK)
			(*removed)++;
		else if (may_go_on(due.v[i], err))
			err = KN_OK;
	}
	store_ids_free(&due);
	return err;
}

static bool is_much(size_t n)
{
	return n > WORK_DUTY_BATCH / 2; /* some that were due may have been left */
}

enum kn_err work_retain(struct server *server, int64_t now, size_t *removed, bool *more)
{
	size_t forgotten = 0;
	enum kn_err err = KN_OK;

	*removed = 0;
	*more = false;
	for (int api = 0; api < JOB_API_COUNT && err == KN_OK; api++) {
		size_t failed = 0, expired = 0;

		err = fail_waiting(server, (enum job_api)api, now, &failed);
		if (err == KN_OK)
			err = expire_old(server, (enum job_api)api, now, &expired);
		*removed += failed + expired;
		*more |= is_much(failed) || is_much(expired);
	}
	if (err == KN_OK)
		err = work_forget_keys(server, now, &forgotten);
	*more |= is_much(forgotten);
	return err;
}
