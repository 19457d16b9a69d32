/*
 * Keeps kinora-fcgi alive: starts it on the sockets, starts it again when it
 * ends, and ends it when it does not answer a ping through its writer.
 */
#ifndef RESPONDER_H
#define RESPONDER_H

#include "lib/err.h"
#include "loop.h"
#include "sockets.h"

#include <stdbool.h>
#include <sys/types.h>

struct responder;

struct responder_setup {
	struct loop *loop;
	const struct sockets *sockets;
	char **args; /* for the program: --conf, --set; ends with NULL */
	const char *pid_file;
	pid_t orphan; /* one that runs already, or 0 */
};

/* All of setup outlives the responder. */
enum kn_err responder_new(const struct responder_setup *setup, struct responder **out);
void responder_free(struct responder **responder);

/* A duty. */
int64_t responder_tick(void *responder, int64_t now);
/* A child was reaped. False: it is not the responder. */
bool responder_exited(struct responder *responder, pid_t pid, int status);
/* Asks it to end, and starts no other. */
void responder_stop(struct responder *responder);
bool responder_is_gone(const struct responder *responder);

#endif
