/* What every dialect does with the ids and numbers that it is given. */
#ifndef LOOKUP_H
#define LOOKUP_H

#include "fcgi/request.h"
#include "lib/job.h"

/* The job of that id, if it is one of this dialect's. KN_ERR_NOT_FOUND for all that is none. */
enum kn_err lookup_job(struct request *req, const char *id, enum job_api api, struct job **out);
/* A query argument from min to max, def when it is absent. KN_ERR_INVALID for anything else. */
enum kn_err lookup_number(struct request *req, const char *name, int64_t min, int64_t max,
			  int64_t def, int64_t *out);

#endif
