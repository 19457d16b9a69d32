#include "events.h"

#include "lib/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* A subscriber that lags by more has missed some. A power of two. */
enum { RING = 1024 };

struct events {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t changes;
	bool stopping;
	struct event ring[RING];
	uint64_t head; /* events so far; event n is at ring[n % RING] */
	struct events_subscriber *subscribers;
};

struct events_subscriber {
	struct events *events;
	struct events_subscriber *next;
	uint64_t seen;
	int fd;
	bool woken; /* fd is readable */
};

struct events *events_new(void)
{
	struct events *events = calloc(1, sizeof(*events));
	pthread_condattr_t attr;

	if (events == NULL)
		return NULL;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&events->lock, NULL);
	pthread_cond_init(&events->changed, &attr);
	pthread_condattr_destroy(&attr);
	return events;
}

void events_free(struct events **events)
{
	if (*events == NULL)
		return;
	pthread_cond_destroy(&(*events)->changed);
	pthread_mutex_destroy(&(*events)->lock);
	free(*events);
	*events = NULL;
}

/* Whether the change is an event, and which. */
static bool classify(const struct job *old, const struct job *new, enum event_kind *kind)
{
	bool was_queued = old != NULL && old->state == JOB_QUEUED;
	bool was_claimed = old != NULL && old->state == JOB_PROCESSING;

	/* A claim that goes back to the queue is both; its worker learns of it by its dead token.
	 */
	*kind = EVENT_READY;
	if (new != NULL &&new->state == JOB_QUEUED)
		return !was_queued;
	*kind = EVENT_CANCELLED;
	return was_claimed &&
	       (new == NULL || (new->state != JOB_PROCESSING &&new->state != JOB_COMPLETED));
}

/* Once until the subscriber has heard of everything: a write for each of many jobs would cost the
 * store's writer more than the jobs. Call locked. */
static void wake(struct events_subscriber *subscriber)
{
	if (!subscriber->woken)
		subscriber->woken = eventfd_write(subscriber->fd, 1) == 0;
}

static void push(struct events *events, enum event_kind kind, const struct job *job)
{
	struct event *event = &events->ring[events->head++ % RING];

	event->kind = kind;
	event->run_at = job->run_at;
	snprintf(event->id, sizeof(event->id), "%s", job->id);
	snprintf(event->class_name, sizeof(event->class_name), "%s/%s", job_api_name(job->api),
		 job->model != NULL ? job->model : "");
	for (struct events_subscriber *s = events->subscribers; s != NULL; s = s->next)
		wake(s);
}

void events_on_change(void *arg, const struct job *old, const struct job *new)
{
	struct events *events = arg;
	enum event_kind kind;

	if (old != NULL && new != NULL && old->state == new->state)
		return;
	pthread_mutex_lock(&events->lock);
	events->changes++;
	if (classify(old, new, &kind))
		push(events, kind, new != NULL ? new : old);
	pthread_cond_broadcast(&events->changed);
	pthread_mutex_unlock(&events->lock);
}

uint64_t events_now(struct events *events)
{
	uint64_t now;

	pthread_mutex_lock(&events->lock);
	now = events->changes;
	pthread_mutex_unlock(&events->lock);
	return now;
}

uint64_t events_wait(struct events *events, uint64_t seen, int64_t deadline)
{
	struct timespec until = {.tv_sec = deadline / USEC_PER_SEC,
				 .tv_nsec = deadline % USEC_PER_SEC * 1000};
	uint64_t now;
	int timed_out = 0;

	pthread_mutex_lock(&events->lock);
	while (events->changes <= seen && !events->stopping && timed_out == 0)
		timed_out = pthread_cond_timedwait(&events->changed, &events->lock, &until);
	now = events->changes;
	pthread_mutex_unlock(&events->lock);
	return now;
}

void events_shutdown(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->stopping = true;
	for (struct events_subscriber *s = events->subscribers; s != NULL; s = s->next)
		wake(s);
	pthread_cond_broadcast(&events->changed);
	pthread_mutex_unlock(&events->lock);
}

bool events_is_shut_down(struct events *events)
{
	bool stopping;

	pthread_mutex_lock(&events->lock);
	stopping = events->stopping;
	pthread_mutex_unlock(&events->lock);
	return stopping;
}

struct events_subscriber *events_subscribe(struct events *events)
{
	struct events_subscriber *subscriber = calloc(1, sizeof(*subscriber));

	if (subscriber == NULL)
		return NULL;
	subscriber->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (subscriber->fd < 0) {
		free(subscriber);
		return NULL;
	}
	subscriber->events = events;
	pthread_mutex_lock(&events->lock);
	subscriber->seen = events->head;
	subscriber->next = events->subscribers;
	events->subscribers = subscriber;
	pthread_mutex_unlock(&events->lock);
	return subscriber;
}

void events_unsubscribe(struct events_subscriber **subscriber)
{
	struct events_subscriber **at;
	struct events *events;

	if (*subscriber == NULL)
		return;
	events = (*subscriber)->events;
	pthread_mutex_lock(&events->lock);
	for (at = &events->subscribers; *at != *subscriber; at = &(*at)->next)
		;
	*at = (*subscriber)->next;
	pthread_mutex_unlock(&events->lock);
	close((*subscriber)->fd);
	free(*subscriber);
	*subscriber = NULL;
}

int events_subscriber_fd(const struct events_subscriber *subscriber)
{
	return subscriber->fd;
}

bool events_next(struct events_subscriber *subscriber, struct event *event)
{
	struct events *events = subscriber->events;
	eventfd_t ignored;
	bool found = true;

	pthread_mutex_lock(&events->lock);
	if (events->head - subscriber->seen > RING) {
		*event = (struct event){.kind = EVENT_MISSED};
		subscriber->seen = events->head;
	} else if (events->head > subscriber->seen) {
		*event = events->ring[subscriber->seen++ % RING];
	} else {
		found = false;
		/* Under the lock, so that no event comes between the look and the clearing. After
		 * shutdown it stays readable. */
		if (!events->stopping) {
			eventfd_read(subscriber->fd, &ignored);
			subscriber->woken = false;
		}
	}
	pthread_mutex_unlock(&events->lock);
	return found;
}
