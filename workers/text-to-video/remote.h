/*
 * An OpenAI-compatible service, and how all remote services are asked: JSON over HTTP
 * with a deadline, a size limit and patience for 429 within bounds. The base URL is the
 * operator's and trusted; https alone, unless the base itself is http.
 */
#ifndef REMOTE_H
#define REMOTE_H

#include "lib/err.h"

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

struct remote {
	const char *key, *base;
	long seconds; /* for one answer */
};

struct remote_call {
	const struct remote *remote;
	const char *url;           /* whole */
	const char *authorization; /* the header's value, or NULL: none is sent */
	json_object *body;         /* posted; NULL: a GET */
	const char *file;          /* where the answer goes; NULL: *text */
	int64_t max_bytes;
};

/* KN_OK: status 200 and the answer is whole; *text (malloc'd) may be NULL if file is given. why
 * never holds the key. */
enum kn_err remote_perform(const struct remote_call *call, char **text, char *why, size_t why_size);
/* The same, parsed. KN_ERR_CORRUPT: the answer is not a JSON object. */
enum kn_err remote_json(const struct remote_call *call, json_object **out, char *why,
			size_t why_size);

#endif
