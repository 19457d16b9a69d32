/* The request threads: each accepts, routes, answers, and does it again. */
#ifndef SERVE_H
#define SERVE_H

#include "lib/err.h"
#include "server.h"

#include <stddef.h>

struct request;
struct serve;

/* Makes the calling process ready for libfcgi: signal handlers that libfcgi then leaves alone.
 * Before any thread is started; SIGTERM and SIGINT are blocked from then on, in all threads. */
enum kn_err serve_init(void);
/* Answers a request that was begun: checks, routes, reads its body, calls its handler. What a
 * thread does with each, and what tests do without a socket. */
void serve_answer(struct request *req);
/* Starts the threads on the listening socket at descriptor 0. */
enum kn_err serve_start(struct server *server, size_t threads, struct serve **out);
/* Takes no more requests, lets those in flight finish, joins the threads. Call events_shutdown()
 * before. */
void serve_stop(struct serve **serve);

#endif
