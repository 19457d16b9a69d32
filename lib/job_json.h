/*
 * A job as JSON, whole, for the control socket, kinoractl and workers. Times are
 * microseconds since 1970, 0 for "not yet"; the lease's token is left out.
 */
#ifndef KN_JOB_JSON_H
#define KN_JOB_JSON_H

#include "job.h"

#include <json-c/json.h>

/* The caller's: json_object_put(). */
json_object *job_to_json(const struct job *job);

#endif
