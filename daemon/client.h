/*
 * A connection to the responder that never blocks and comes back by itself.
 *
 * kinorad holds the listening socket, so connecting succeeds even while no
 * responder lives: the requests wait in the socket until the next one accepts.
 * What was not answered when a responder dies is answered KN_ERR_SHUTDOWN; whether
 * it was done nobody knows, and asking again is the caller's decision.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "lib/err.h"
#include "loop.h"

#include <json-c/json.h>

struct client;

/* text is never NULL; body may be. Both are gone after the call. */
typedef void client_answer_fn(void *arg, enum kn_err err, const char *text, json_object *body);

struct client_events {
	void (*connected)(void *arg); /* a fresh connection; may call */
	void (*event)(void *arg, const char *name, json_object *body);
	void *arg;
};

/* name is for the log; events and path must outlive the client. NULL: out of memory. */
struct client *client_new(struct loop *loop, const char *path, const char *name,
			  const struct client_events *events);
/* Outstanding calls are dropped without an answer. */
void client_free(struct client **client);

/* A duty: connects when there is no connection. */
int64_t client_tick(void *client, int64_t now);

/* Consumes body. answer() is called exactly once, later, unless an error is returned here.
 * KN_ERR_SHUTDOWN: no connection now. */
enum kn_err client_call(struct client *client, const char *op, json_object *body,
			client_answer_fn *answer, void *arg);
/* Ends the connection; the next tick makes another. */
void client_drop(struct client *client);

#endif
