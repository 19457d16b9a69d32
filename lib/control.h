/*
 * The control protocol: how kinorad and kinoractl speak with the responder.
 *
 * A unix stream socket carries JSON objects, one a line, of at most
 * CONTROL_LINE_MAX bytes:
 *
 *   request  {"version":1,"id":7,"op":"claim","body":{…}}
 *   answer   {"version":1,"id":7,"error":"ok","body":{…}}
 *            {"version":1,"id":7,"error":"not_found","text":"Not found"}
 *   event    {"version":1,"event":"change","body":{…}}     after `events` only
 *
 * Requests of one connection are answered in order. The names of errors are
 * those of err.h. The operations are the table in fcgi/control_ops.c.
 */
#ifndef KN_CONTROL_H
#define KN_CONTROL_H

#include "err.h"

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CONTROL_VERSION = 1,
	CONTROL_LINE_MAX = 1048576,
	CONTROL_FDS_MAX = 2, /* descriptors that an answer may carry: FastCGI and control socket */
};

/* --- messages --- */

struct control_message {
	json_object *root; /* owns all that follows; control_message_free() */
	int64_t id;
	const char *op;    /* of a request, else NULL */
	const char *event; /* of an event, else NULL */
	enum kn_err err;   /* of an answer */
	const char *text;  /* of an answer that failed; never NULL then */
	json_object *body; /* NULL if there is none; else an object */
};

/* KN_ERR_INVALID: not a message of this version. Any bytes are safe to give. */
enum kn_err control_parse(const char *line, size_t len, struct control_message *out);
void control_message_free(struct control_message *message);

/* Each makes one line with its '\n', malloc'd, and consumes body (which may be NULL). NULL: out of
 * memory. */
char *control_format_request(int64_t id, const char *op, json_object *body);
/* text NULL: the error's own. */
char *control_format_answer(int64_t id, enum kn_err err, const char *text, json_object *body);
char *control_format_event(const char *event, json_object *body);

/* --- a blocking client, for one thread --- */

struct control_client;

/* Each call may take timeout_ms. KN_ERR_NOT_FOUND: no socket, or nobody listens. */
enum kn_err control_connect(const char *path, int timeout_ms, struct control_client **out);
void control_close(struct control_client **client);
/* Consumes body. *result (NULL when the answer has none) is the caller's: json_object_put(). *text
 * (malloc'd, may be NULL) says why it failed. KN_ERR_SHUTDOWN: the connection ended;
 * KN_ERR_TIMEOUT: no answer in time. */
enum kn_err control_call(struct control_client *client, const char *op, json_object *body,
			 json_object **result, char **text);
/* Descriptors that came with the last answer: the caller's to close, close-on-exec. Returns how
 * many. */
size_t control_take_fds(struct control_client *client, int fds[CONTROL_FDS_MAX]);

/* --- both ends --- */

/* Sends all of it on a blocking socket, fds with the first byte. */
enum kn_err control_send(int socket, const char *data, size_t len, const int *fds, size_t fds_n);

#endif
