/*
 * The responder without a socket: requests as text go through all of it, to a
 * store in memory, and each answer is checked.
 *
 *   POST /v1/video/generations?a=b
 *   Content-Type: application/json
 *
 *   {"model":"grok","prompt":"…"}
 *   %%
 *   GET /v1/video/generations/$ID
 *
 * Header lines are optional, as is "Content-Length: N", which may lie. $ID and
 * $TOKEN stand for the job and the lease of the last answer that named one,
 * $KEY for a good API key, $SESSION and $CSRF for a session.
 */
#ifndef FUZZ_HTTP_H
#define FUZZ_HTTP_H

#include "fuzz.h"

#include "fcgi/connection.h"
#include "fcgi/request.h"

/* The server, set up at the first call. Its options are kinora.conf's defaults where they do not
 * get in the way. */
struct server *http_server(void);

/* One request, begun: zero it first, and end with http_end(). */
struct http_exchange {
	struct connection connection;
	struct request req;
	FCGX_Stream in, out;
	struct bytes sent; /* what the client gets, ended by a NUL */
	const uint8_t *body;
	size_t body_left;
	struct fuzz_chunks chunks;
	char *params[66];
	size_t params_n;
};
/* text: a request as above, up to and with its body. */
void http_begin(struct http_exchange *exchange, const char *dialects, const uint8_t *text,
		size_t size);
void http_end(struct http_exchange *exchange);

/* Runs the requests, with the checks, and removes the jobs that they made. */
void http_run(const char *dialects, const uint8_t *text, size_t size);

#endif
