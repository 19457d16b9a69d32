/*
 * The responder's end of the control socket: one thread accepts, one thread
 * serves each connection (a bounded number), and a table maps the operations
 * of lib/control.h to work.h and the store.
 *
 * Peers must have our own uid, or be root (SO_PEERCRED).
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "lib/err.h"
#include "server.h"

struct control;

/* Serves connections to the listening socket, which stays the caller's. `takeover` hands it out
 * together with descriptor 0, the FastCGI socket. */
enum kn_err control_start(struct server *server, int listen_fd, struct control **out);
/* Lets operations that run finish, ends the connections, joins the threads. Call events_shutdown()
 * before. */
void control_stop(struct control **control);

#endif
