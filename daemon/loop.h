/*
 * The daemon's one thread: poll(2) on watched descriptors, signals by a pipe,
 * and duties. A duty is a function of the time that says when it next wants to
 * run; all run after every wake-up, so what a handler notes is acted on at once.
 *
 * `now` is monotonic microseconds and passed in: tests own the clock.
 */
#ifndef LOOP_H
#define LOOP_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

#define LOOP_NEVER INT64_MAX

struct loop;

typedef void loop_watch_fn(void *arg, short revents);
typedef int64_t loop_duty_fn(void *arg, int64_t now);

struct loop *loop_new(void);
void loop_free(struct loop **loop);

/* Watches fd for events of poll(2), or changes what it is watched for. The fd stays the caller's,
 * who unwatches it before closing. */
enum kn_err loop_watch(struct loop *loop, int fd, short events, loop_watch_fn *fn, void *arg);
void loop_unwatch(struct loop *loop, int fd);
enum kn_err loop_add_duty(struct loop *loop, loop_duty_fn *fn, void *arg);

/* SIGTERM and SIGINT ask for the end, SIGCHLD wakes. Call once per process. */
enum kn_err loop_catch_signals(struct loop *loop);
/* Whether SIGTERM or SIGINT has come. */
bool loop_asked_to_stop(const struct loop *loop);

/* Runs until loop_end(). */
void loop_run(struct loop *loop);
void loop_end(struct loop *loop);

#endif
