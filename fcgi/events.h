/*
 * Who waits for what: the control socket's subscribers, long polls and
 * requests that wait for a job's end. The store's change hook feeds it, after
 * the flush and in commit order; waiting costs no polling. Progress is no event.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "lib/job.h"

#include <stdint.h>

struct events;

/* NULL when memory is out. Everybody has unsubscribed before events_free(). */
struct events *events_new(void);
void events_free(struct events **events);
/* A store_change_fn. */
void events_on_change(void *events, const struct job *old, const struct job *new);

/* --- waiting --- */

/* A number that grows whenever a job comes, goes or changes its state; sample it before looking,
 * then wait for it to pass. */
uint64_t events_now(struct events *events);
/* Waits until it has passed `seen`, or until deadline (monotonic µs), or shutdown. Returns the
 * present number. */
uint64_t events_wait(struct events *events, uint64_t seen, int64_t deadline);
/* Wakes everybody for good: the process stops. From then on nobody waits. */
void events_shutdown(struct events *events);
bool events_is_shut_down(struct events *events);

/* --- subscribing: each event in order, or the word that some were missed --- */

enum event_kind {
	EVENT_READY,     /* a job entered the queue; to be claimed from run_at on */
	EVENT_CANCELLED, /* a claim ended and not by completing: its worker may stop */
	EVENT_MISSED,    /* this subscriber was too slow: look at everything again */
};

enum { EVENT_CLASS_SIZE = 96 };

struct event {
	enum event_kind kind;
	int64_t run_at; /* wall µs, of EVENT_READY */
	char id[ID_SIZE];
	char class_name[EVENT_CLASS_SIZE]; /* "api/model" */
};

struct events_subscriber;

/* Sees what happens from now on. NULL when memory or descriptors are out. */
struct events_subscriber *events_subscribe(struct events *events);
void events_unsubscribe(struct events_subscriber **subscriber);
/* An eventfd, for poll(2): readable when there may be an event. */
int events_subscriber_fd(const struct events_subscriber *subscriber);
/* The next event; never waits. False: none now, and the eventfd is clear until there is one. */
bool events_next(struct events_subscriber *subscriber, struct event *event);

#endif
