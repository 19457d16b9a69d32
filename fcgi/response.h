/*
 * The answer. A handler calls exactly one of the respond_…() functions; the
 * server adds X-Request-Id, CORS and the length, and sends it in one write.
 */
#ifndef RESPONSE_H
#define RESPONSE_H

#include "lib/bytes.h"
#include "request.h"

/* Retry-After of a full queue: a place becomes free as soon as a worker takes a job. */
enum { RESPONSE_QUEUE_RETRY_SECONDS = 10 };

/* Takes ownership of the body. */
void respond_json(struct request *req, int status, json_object *body);
/* For a handler that writes the JSON itself, with json_text.h, to what is returned. */
struct bytes *respond_json_text(struct request *req, int status);
/* No body: 204. */
void respond_empty(struct request *req, int status);
/* nginx sends the file (X-Accel-Redirect). rel as in asset.h ("output/video_ID.mp4"), or the path
 * of an internal location, with its "/" in front; download_name NULL: inline. */
void respond_file(struct request *req, const char *rel, const char *mime,
		  const char *download_name);
/* In the shape of the request's dialect; text NULL: the error's own. */
void respond_error(struct request *req, enum kn_err err, const char *text);
/* An extra header, before or after one of the above. Values with CR or LF are refused. */
void response_header(struct request *req, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The status given so far, 0 for none. */
int response_status(const struct request *req);

#endif
