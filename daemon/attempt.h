/*
 * One run of a worker for one claimed job, from its start until the responder
 * knows how it went and nothing of it is left: no process, no directory.
 *
 *   RUNNING ── the worker ends, or is ended ──► EMPTYING ── nobody of its group is
 *   left ──► REPORTING ── the responder has answered ──► OVER
 */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include "client.h"
#include "lib/conf.h"
#include "loop.h"

#include <stdbool.h>
#include <sys/types.h>

struct attempt;

/* What all attempts share; it outlives them. */
struct attempt_host {
	struct loop *loop;
	const struct conf *conf;
	struct client *work;    /* claims, progress, heartbeats: always quick */
	struct client *results; /* complete, fail, release: a large file takes its time */
};

enum { ATTEMPT_LEASE_SECONDS = 30 };

/* job and token as `claim` answers them. A worker that cannot be started is an attempt that fails:
 * only KN_ERR_NOMEM is an error here. */
enum kn_err attempt_start(const struct attempt_host *host, const struct conf_worker *worker,
			  json_object *job, const char *token, struct attempt **out);
void attempt_free(struct attempt **attempt);

/* To be called like a duty. */
int64_t attempt_tick(struct attempt *attempt, int64_t now);
/* A child has ended. False: it is not this worker. */
bool attempt_exited(struct attempt *attempt, pid_t pid, int status);
/* The job is no longer ours: ends the worker, reports nothing. */
void attempt_abandon(struct attempt *attempt);
/* We stop: ends the worker and gives the job back, unless it finishes at once. */
void attempt_stop(struct attempt *attempt);
/* Extends the lease now; the answer says whether the job is still ours. */
void attempt_check(struct attempt *attempt);

bool attempt_is_over(const struct attempt *attempt);
const char *attempt_job(const struct attempt *attempt);
const struct conf_worker *attempt_worker(const struct attempt *attempt);

#endif
