/*
 * Who waits for what: the control socket's subscribers and long polls. The
 * store's change hook feeds it; waiting costs no polling.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "lib/job.h"

#include <stdint.h>

struct events;

struct events *events_new(void);
void events_free(struct events **events);
/* A store_change_fn. */
void events_on_change(void *events, const struct job *old, const struct job *new);

/* A number that grows with each change; sample it before looking, then wait for it to pass. */
uint64_t events_now(struct events *events);
/* Waits until it has passed `seen`, or until deadline (monotonic µs), or shutdown. Returns the present number. */
uint64_t events_wait(struct events *events, uint64_t seen, int64_t deadline);
/* Wakes everybody for good: the process stops. */
void events_shutdown(struct events *events);

#endif
