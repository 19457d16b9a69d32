/*
 * One HTTP request as handlers see it. It lives from accept to finish in one
 * thread; strings point into the FastCGI parameters or the request's own
 * memory and die with it.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "lib/err.h"
#include "lib/id.h"
#include "server.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct form;
struct response;
struct route;
struct dialect;
struct principal;

enum { REQUEST_ARGS_MAX = 4, REQUEST_ID_SIZE = 33 };

struct request {
	struct server *server;
	const char *method;       /* "GET"; never NULL, as the next four */
	const char *path;         /* decoded and normalised by nginx, without the query */
	const char *query;        /* raw, "" for none */
	const char *content_type; /* "" for none */
	const char *host;         /* "localhost:8000" */
	const char *scheme;       /* "http" or "https" */
	const char *remote_addr;
	const char *dialects;     /* what is spoken here, "" for nothing: router.h */
	const char *origin;       /* of the page that asks, "" for none: cors.c */
	int64_t content_length;   /* -1: not given */
	char id[REQUEST_ID_SIZE]; /* answered as X-Request-Id */
	int64_t received;         /* monotonic µs */
	bool is_check; /* nginx asks whether it may take the body: 204, or a refusal in headers */

	const struct dialect *dialect; /* NULL until routed */
	const struct route *route;
	char *args[REQUEST_ARGS_MAX]; /* what the pattern's {…} matched, in order */

	/* The parsed body, by the route's body kind; NULL otherwise. */
	json_object *json; /* ROUTE_JSON: any JSON value */
	struct form *form; /* ROUTE_FORM: fields and spooled files; see form.h */
	char *body_file;   /* ROUTE_FILE, or spooled by nginx: path of the raw body; unlinked at the
			      end unless taken */
	uint64_t body_bytes;

	const struct principal *principal; /* who asks, on routes that need a key or a session */
	struct response *res;
	char job_id[ID_SIZE]; /* handlers set it for the log: request_set_job() */
	void *connection;     /* FCGX_Request of serve.c */
};

/* A FastCGI parameter or HTTP header ("HTTP_X_API_KEY"), or NULL. */
const char *request_param(const struct request *req, const char *name);
/* The value of a query argument, percent-decoded (lives as long as the request), or NULL. A
 * malformed or non-UTF-8 value gives KN_ERR_INVALID; a repeated argument: the last counts. */
enum kn_err request_query(struct request *req, const char *name, const char **value);
/* Names the job that the request is about. */
void request_set_job(struct request *req, const char *job_id);
/* Whether nobody waits for the answer any more: worth a look before a job is handed to it. */
bool request_is_abandoned(const struct request *req);
/* "http://localhost:8000" (public_url if configured), living as long as the request; NULL when
 * memory is out. */
const char *request_base_url(const struct request *req);

#endif
