/*
 * Routes as tables. A dialect is a name, a table of routes and the shape of its
 * errors; nginx says by the parameter KINORA_DIALECTS (names separated by
 * spaces) which of them a server or location speaks.
 *
 * Patterns are literal segments and {…} segments ("/v1/video/generations/{id}"),
 * a {…} matching one non-empty segment; "{id}.mp4" takes a suffix. The first match
 * wins. A path that matches with another method is 405 with Allow; HEAD goes
 * where GET goes; OPTIONS is answered here (CORS).
 */
#ifndef ROUTER_H
#define ROUTER_H

#include "request.h"

enum route_body {
	ROUTE_NO_BODY, /* drained and ignored */
	ROUTE_JSON,    /* req->json, whatever Content-Type says, or the dialect's 400 when it is not
			  JSON; NULL for `null` and for an empty body */
	ROUTE_FORM, /* multipart, urlencoded or a JSON object, all as req->form, which is empty when
		       nothing was sent; else 415 */
	ROUTE_FILE, /* any bytes, spooled to disk: req->body_file */
};

enum route_cap {
	ROUTE_CAP_SMALL,  /* 1 MiB */
	ROUTE_CAP_IMAGE,  /* max_image_size in base64 and 1 MiB more */
	ROUTE_CAP_UPLOAD, /* max_upload_size, and 1 MiB more for what a form adds */
};

enum route_auth {
	ROUTE_OPEN,
	ROUTE_WORKER,  /* worker_token, or loopback when none is configured */
	ROUTE_KEY,     /* an API key or a session: req->principal */
	ROUTE_SESSION, /* a session of the account page: req->principal */
};

struct route {
	const char *method;
	const char *pattern;
	void (*handle)(struct request *req);
	enum route_auth auth;
	enum route_body body;
	enum route_cap cap;
};

struct dialect {
	const char *name;
	const char *root; /* of its paths, as "/api": what is nobody's there gets its errors. NULL:
			     none */
	const struct route *routes;
	size_t routes_n;
	/* The body of an error answer. `text` is never NULL. */
	json_object *(*error_body)(enum kn_err err, const char *text);
	/* Its status where the dialect's documents want another than the error's own; may be NULL.
	 */
	int (*error_status)(enum kn_err err);
};

/* Defined in fcgi/api/NAME.c. */
extern const struct dialect dialect_grok_imagine, dialect_text_to_video, dialect_grok_3d,
	dialect_vivid_flow, dialect_worker;

/* The dialect of that name, or NULL; dialects.c. */
const struct dialect *dialect_find(const char *name, size_t len);

/* The dialect whose path it is, by any method. Paths that are nobody's have the errors of the
 * dialect whose root they are under, or of the first that is spoken here; NULL if there is none. */
const struct dialect *router_dialect(const struct request *req);
/* Finds the route, or answers (404, 405, OPTIONS) and returns NULL. Sets req->dialect, ->route and
 * ->args. */
const struct route *router_match(struct request *req);

#endif
