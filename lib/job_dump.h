/*
 * A job as JSON, whole: what is absent or zero is left out, what is not UTF-8 is
 * {"base64": "…"}. Reading is strict: what was not written here is refused.
 */
#ifndef KN_JOB_DUMP_H
#define KN_JOB_DUMP_H

#include "job.h"

#include <json-c/json.h>

/* NULL: out of memory. */
json_object *job_dump(const struct job *job);
/* KN_ERR_INVALID: *why (a constant, or the name of a member) says what is wrong. *out is the
 * caller's: job_free(). */
enum kn_err job_undump(json_object *json, struct job **out, const char **why);

/* Any bytes as a JSON value, and back. *data is malloc'd, with a NUL after its end. */
json_object *dump_bytes(const void *data, size_t len);
enum kn_err undump_bytes(json_object *json, void **data, size_t *len);

#endif
