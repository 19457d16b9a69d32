/*
 * Links to results that have an owner: signed and expiring, checked by nginx
 * (ngx_http_secure_link_module) without asking the responder.
 *
 *   BASE/results/ID.mp4?expires=SECONDS&md5=BASE64URL(MD5("SECONDS/results/ID.mp4 SECRET"))
 *
 * The secret is the option link_secret, which nginx's configuration repeats.
 * Without one the link is bare, and answers only to its owner's key.
 */
#ifndef RESULT_LINK_H
#define RESULT_LINK_H

#include "request.h"

/* malloc'd; NULL when memory is out. now: wall µs. */
char *result_link(const struct request *req, const char *job_id, int64_t now);

#endif
