/*
 * Finds local workers for jobs: hears of ready jobs from the responder, claims
 * while a worker class has free slots, and follows each attempt to its end.
 */
#ifndef DISPATCHER_H
#define DISPATCHER_H

#include "lib/conf.h"
#include "loop.h"

#include <stdbool.h>
#include <sys/types.h>

struct dispatcher;

/* conf and control_path outlive it. Ends what workers of an earlier kinorad left behind. */
enum kn_err dispatcher_new(struct loop *loop, const struct conf *conf, const char *control_path,
			   struct dispatcher **out);
void dispatcher_free(struct dispatcher **dispatcher);

/* A duty. */
int64_t dispatcher_tick(void *dispatcher, int64_t now);
/* A child was reaped. False: it is no worker. */
bool dispatcher_exited(struct dispatcher *dispatcher, pid_t pid, int status);
/* Claims no more, ends the workers and gives their jobs back. */
void dispatcher_stop(struct dispatcher *dispatcher);
bool dispatcher_is_idle(const struct dispatcher *dispatcher);
/* Whether the present responder knows which jobs run here: their leases are extended. */
bool dispatcher_is_settled(const struct dispatcher *dispatcher);

#endif
