/* Cross-origin requests, by the option cors_origins: "*", a list, or nothing. */
#ifndef CORS_H
#define CORS_H

#include "request.h"

/* Adds what a browser needs to see this answer. */
void cors_add_headers(struct request *req);
/* Adds what it asks before it sends; methods as in Allow: "GET, HEAD, OPTIONS". */
void cors_add_preflight_headers(struct request *req, const char *methods);

#endif
