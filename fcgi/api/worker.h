/* What the files of /worker/v1 share. */
#ifndef WORKER_V1_H
#define WORKER_V1_H

#include "fcgi/request.h"

/* Bounds of a lease that a worker asks for, in seconds. */
enum { LEASE_MIN_SECONDS = 1, LEASE_MAX_SECONDS = 86400 };

/* POST /worker/v1/claim, with its long poll: worker_claim.c. */
void worker_claim(struct request *req);

#endif
