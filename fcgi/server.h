/* What all requests share. Set up by main before the threads start; afterwards read-only, but for
 * where the duties go on. */
#ifndef SERVER_H
#define SERVER_H

#include "lib/job.h"

struct conf;
struct events;
struct gate;
struct request_log;
struct store;

struct server {
	const struct conf *conf;
	struct store *store;
	struct events *events;   /* wakes those that wait for jobs or for changes */
	struct gate *gate;       /* keys, accounts and limits */
	struct request_log *log; /* JSON lines of requests and results */
	/* Of the jobs in a state those were looked at that were created until then; 0: none. */
	_Atomic int64_t seen[JOB_API_COUNT][JOB_STATE_COUNT];
};

#endif
