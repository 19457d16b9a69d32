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

static enum kn_err count_done(const char *id, enum kn_err err, size_t *done)
{
	*done += err == KN_OK;
	return may_go_on(id, err) ? KN_OK : err;
}

enum kn_err work_reap(struct server *server, int64_t now, size_t *reaped, int64_t *next)
{
	struct store_ids due = {0};
	enum kn_err err = store_lease_due(server->store, now, WORK_DUTY_BATCH, &due, next);

	*reaped = 0;
	for (size_t i = 0; i < due.n && err == KN_OK; i++)
		err = count_done(due.v[i], reap_one(server, due.v[i], now), reaped);
	store_ids_free(&due);
	return err;
}

/* --- age --- */

/* What comes to the jobs of a state that have been in it since before a time. */
struct ageing {
	enum job_api api;
	enum job_state state;
	int64_t now, before;
	int64_t seen; /* when the last job that was looked at was created */
	/* KN_ERR_CONFLICT: it is not its time. */
	enum kn_err (*apply)(struct server *server, const char *id, struct ageing *ageing);
};

/* Those that were created first are not always those that are due first: the call goes on behind
 * the ones that an earlier call left, and begins anew after the last. */
static enum kn_err age_jobs(struct server *server, struct ageing *ageing, size_t *done)
{
	_Atomic int64_t *seen = &server->seen[ageing->api][ageing->state];
	struct store_ids due = {0};
	size_t i;
	enum kn_err err;

	ageing->seen = atomic_load(seen);
	err = store_state_due(server->store, ageing->api, ageing->state, ageing->seen,
			      ageing->before, LOOKS, &due);
	for (i = 0; i < due.n && *done < WORK_DUTY_BATCH && err == KN_OK; i++)
		err = count_done(due.v[i], ageing->apply(server, due.v[i], ageing), done);
	if (err == KN_OK)
		atomic_store(seen, i == due.n && due.n < LOOKS ? 0 : ageing->seen);
	store_ids_free(&due);
	return err;
}

/* It may have come back since it was created. A job that waits changes in no other way. */
static bool has_waited(const struct job *job, const struct ageing *ageing)
{
	return job->state == JOB_QUEUED && job->updated < ageing->before;
}

static enum kn_err look_at_waiting(const struct job *job, void *arg)
{
	struct ageing *ageing = arg;

	ageing->seen = job->created;
	return has_waited(job, ageing) ? KN_OK : KN_ERR_CONFLICT;
}

static enum kn_err change_waited(struct job *job, void *arg)
{
	const struct ageing *ageing = arg;
	char text[96];

	if (!has_waited(job, ageing))
		return KN_ERR_CONFLICT;
	snprintf(text, sizeof(text), "Job timed out: no worker took it within %lld seconds",
		 (long long)((ageing->now - ageing->before) / USEC_PER_SEC));
	return work_fail_for_good(job, JOB_BY_TIMEOUT, ageing->now, "queue_timeout", text);
}

static enum kn_err fail_if_waited(struct server *server, const char *id, struct ageing *ageing)
{
	enum kn_err err = store_job_look(server->store, id, look_at_waiting, ageing);

	return err != KN_OK ? err
			    : store_job_change(server->store, id, change_waited, ageing,
					       STORE_FLUSHED, NULL);
}

static enum kn_err fail_waiting(struct server *server, enum job_api api, int64_t now,
				size_t *failed)
{
	int64_t seconds = server->conf->max_queue_seconds;
	struct ageing ageing = {.api = api,
				.state = JOB_QUEUED,
				.now = now,
				.before = now - seconds * USEC_PER_SEC,
				.apply = fail_if_waited};

	return seconds == 0 ? KN_OK : age_jobs(server, &ageing, failed);
}

static enum kn_err look_at_ended(const struct job *job, void *arg)
{
	struct ageing *ageing = arg;

	ageing->seen = job->created;
	return job_state_is_terminal(job->state) && job->finished < ageing->before
		       ? KN_OK
		       : KN_ERR_CONFLICT;
}

static enum kn_err delete_if_old(struct server *server, const char *id, struct ageing *ageing)
{
	return work_delete_if(server, id, look_at_ended, ageing);
}

static enum kn_err delete_old(struct server *server, enum job_api api, enum job_state state,
			      int64_t now, size_t *deleted)
{
	int64_t days = server->conf->max_job_age_days;
	struct ageing ageing = {.api = api,
				.state = state,
				.now = now,
				.before = now - days * USEC_PER_DAY,
				.apply = delete_if_old};

	return days == 0 ? KN_OK : age_jobs(server, &ageing, deleted);
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
	for (size_t i = 0; i < due.n && err == KN_OK; i++)
		err = count_done(due.v[i], work_expire_files(server, due.v[i], NULL), removed);
	store_ids_free(&due);
	return err;
}

static bool is_much(size_t done)
{
	return done > WORK_DUTY_BATCH / 2; /* some that were due may have been left */
}

/* Adds up what the calls for one kind did. */
static void add_up(size_t done, size_t *removed, bool *more)
{
	*removed += done;
	*more |= is_much(done);
}

static enum kn_err retain_api(struct server *server, enum job_api api, int64_t now, size_t *removed,
			      bool *more)
{
	static const enum job_state ended[] = {JOB_COMPLETED, JOB_FAILED, JOB_CANCELLED};
	size_t done = 0;
	enum kn_err err = fail_waiting(server, api, now, &done);

	add_up(done, removed, more);
	if (err == KN_OK) {
		done = 0;
		err = expire_old(server, api, now, &done);
		add_up(done, removed, more);
	}
	for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]) && err == KN_OK; i++) {
		done = 0;
		err = delete_old(server, api, ended[i], now, &done);
		add_up(done, removed, more);
	}
	return err;
}

enum kn_err work_retain(struct server *server, int64_t now, size_t *removed, bool *more)
{
	size_t forgotten = 0;
	enum kn_err err = KN_OK;

	*removed = 0;
	*more = false;
	for (int api = 0; api < JOB_API_COUNT && err == KN_OK; api++)
		err = retain_api(server, (enum job_api)api, now, removed, more);
	if (err == KN_OK)
		err = work_forget_keys(server, now, &forgotten);
	*more |= is_much(forgotten);
	return err;
}
