/* What clients and administrators do to a job, whoever works at it. */
#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/store/store.h"
#include "work_priv.h"

static enum kn_err change_cancel(struct job *job, void *arg)
{
	const bool *processing_too = arg;

	if (job->state == JOB_PROCESSING && !*processing_too)
		return KN_ERR_CONFLICT;
	return job_transition(job, JOB_CANCELLED, JOB_BY_CANCEL, clock_wall_us());
}

enum kn_err work_cancel(struct server *server, const char *id, bool processing_too,
			struct job **out)
{
	return store_job_change(server->store, id, change_cancel, &processing_too, STORE_FLUSHED,
				out);
}

struct retry_change {
	struct job_files dropped;
};

static enum kn_err change_retry(struct job *job, void *arg)
{
	struct retry_change *change = arg;
	int64_t now = clock_wall_us();

	/* Its inputs are gone with the rest. */
	if (job->state == JOB_FAILED && job->expired != 0)
		return KN_ERR_GONE;
	return work_requeue(job, JOB_BY_RETRY, now, now, &change->dropped);
}

enum kn_err work_retry(struct server *server, const char *id, struct job **out)
{
	struct retry_change change = {0};

	return work_change_and_drop(server, id, change_retry, &change, &change.dropped, out);
}

static enum kn_err delete_locked(struct server *server, const char *id)
{
	struct job *was = NULL;
	enum kn_err err = store_job_delete(server->store, id, &was);

	if (err == KN_OK)
		asset_remove_all(server->conf, was, true);
	job_free(&was);
	return err;
}

enum kn_err work_delete(struct server *server, const char *id)
{
	enum kn_err err;

	work_lock(id);
	err = delete_locked(server, id);
	work_unlock(id);
	return err;
}

enum kn_err work_delete_if(struct server *server, const char *id, store_look_job_fn *may, void *arg)
{
	enum kn_err err;

	work_lock(id);
	err = store_job_look(server->store, id, may, arg);
	if (err == KN_OK)
		err = delete_locked(server, id);
	work_unlock(id);
	return err;
}

static enum kn_err change_expire(struct job *job, void *arg)
{
	int64_t now = clock_wall_us();

	(void)arg;
	if (!job_state_is_terminal(job->state))
		return KN_ERR_CONFLICT;
	if (job->expired != 0)
		return KN_ERR_GONE;
	job->expired = job->updated = now;
	return KN_OK;
}

enum kn_err work_expire_files(struct server *server, const char *id, struct job **out)
{
	struct job *job = NULL;
	enum kn_err err;

	work_lock(id);
	/* The record first: a crash in between leaves a file too many, which the sweep finds, never
	 * a job that promises a file that is gone. */
	err = store_job_change(server->store, id, change_expire, NULL, STORE_FLUSHED, &job);
	if (err == KN_OK)
		asset_remove_all(server->conf, job, true);
	work_unlock(id);
	if (out != NULL && err == KN_OK)
		*out = job;
	else
		job_free(&job);
	return err;
}
