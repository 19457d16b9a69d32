/* What the log keeps of a request's body. */
#ifndef REQUEST_PAYLOAD_H
#define REQUEST_PAYLOAD_H

#include "request.h"

/* The parsed body as JSON text, malloc'd, at most a few KiB: an `image` is cut to its type and
 * size, an uploaded file to its size. NULL: no body, or memory is out. */
char *request_payload_text(const struct request *req);

#endif
