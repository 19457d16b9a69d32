/*
 * The request's body, from the socket to what its route asks for. Reading stops
 * at Content-Length and at the route's cap. Whatever was not read is drained,
 * or the connection is dropped: on a kept connection left-over bytes would be
 * taken for the next request.
 */
#ifndef BODY_H
#define BODY_H

#include "lib/bytes.h"
#include "lib/err.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;
struct request;

struct body {
	uint64_t cap;  /* of this route, in bytes */
	uint64_t read; /* so far */
	int fd;        /* of the file that nginx left it in; else -1 */
	bool has_turn; /* it is large, and in memory */
};

/* Before anything is read: whether there may be such a body, and room for it. Finds the one that
 * nginx has spooled. */
enum kn_err body_admit(struct request *req);

/* Reads up to size bytes; *n == 0 is the end. KN_ERR_TOO_LARGE past the cap, KN_ERR_INVALID when
 * the body ends before its Content-Length. */
enum kn_err body_next(struct request *req, void *to, size_t size, size_t *n);

/* Reads the body as req->route wants it. On failure *why, if set, is the text for the client. */
enum kn_err body_read(struct request *req, const char **why);

/* All of it in memory, NUL-terminated; larger than an image is KN_ERR_TOO_LARGE whatever the
 * route's cap. */
enum kn_err body_text(struct request *req, struct bytes *text, const char **why);
/* As JSON; an empty body is NULL, as null is. */
enum kn_err body_json(struct request *req, json_object **out, const char **why);

/* When nothing of it is in memory any more. */
void body_end_turn(struct connection *connection);

/* Writes all of it. */
enum kn_err body_spool_write(int fd, const void *data, size_t len);

/* Before the request is finished, on every path: nothing of its body may be left on a kept
 * connection. */
void body_drain(struct connection *connection);

#endif
