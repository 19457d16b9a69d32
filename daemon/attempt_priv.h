/* What attempt.c (its process) and attempt_report.c (its talk with the responder) share. */
#ifndef ATTEMPT_PRIV_H
#define ATTEMPT_PRIV_H

#include "attempt.h"
#include "lib/clock.h"
#include "lib/job.h"
#include "output.h"

#define LEASE_EVERY_US (10 * USEC_PER_SEC)

enum attempt_phase { ATTEMPT_RUNNING, ATTEMPT_EMPTYING, ATTEMPT_REPORTING, ATTEMPT_OVER };

enum attempt_verdict {
	VERDICT_BY_EXIT, /* the exit status says */
	VERDICT_DEADLINE,
	VERDICT_UNUSABLE,  /* it does not speak the protocol */
	VERDICT_UNSTARTED, /* start_error says why */
	VERDICT_STOPPED,   /* by our own end: the job goes back to the queue */
	VERDICT_ABANDONED, /* the job is not ours any more: nothing to report */
};

/* What the responder is told; decided when nothing of the worker is left. */
enum attempt_result { RESULT_NONE, RESULT_COMPLETE, RESULT_FAIL, RESULT_RELEASE };

struct attempt {
	const struct attempt_host *host;
	const struct conf_worker *worker;
	char id[ID_SIZE], token[TOKEN_SIZE], api[32];
	char *dir, *input;
	size_t input_sent;
	int in, out, err; /* pipes; -1: closed */
	pid_t pid;        /* and group, and session */
	struct output output;

	enum attempt_phase phase;
	enum attempt_verdict verdict;
	enum kn_err start_error;
	int status; /* of wait(2), once it has ended */
	int64_t deadline, kill_at, emptying_since;

	/* monotonic µs */
	int64_t lease_at;        /* the lease is due for extension */
	int64_t talk_at;         /* earliest time of the next progress */
	int64_t report_at;       /* earliest time of the next try to report */
	bool talking, reporting; /* an answer is awaited */

	enum attempt_result result;
	json_object *files;                   /* of RESULT_COMPLETE */
	char error_code[64], error_text[512]; /* of RESULT_FAIL */
	bool again;                           /* of RESULT_FAIL: another attempt may do better */
	bool was_lost; /* an answer was lost: the result may have been taken */
	int calls;     /* without an answer: they hold on to this attempt */
};

/* Ends the worker: at once, or with SIGTERM and this many microseconds of patience. */
void attempt_end(struct attempt *attempt, enum attempt_verdict verdict, int64_t patience);
/* Sends progress or a heartbeat if one is due. Returns when it next wants to run. */
int64_t attempt_talk(struct attempt *attempt, int64_t now);
/* Says how it went, again if need be. Returns when it next wants to run. */
int64_t attempt_report(struct attempt *attempt, int64_t now);

#endif
