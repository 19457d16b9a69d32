/* Events: who waits is woken, who subscribes sees each event once and in order, or hears that it
 * missed some. */
#include "fcgi/events.h"
#include "lib/clock.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct job *make_job(const char *id, enum job_state state)
{
	struct job *job = job_new(JOB_GROK_IMAGINE, "grok");

	assert_non_null(job);
	snprintf(job->id, sizeof(job->id), "%s", id);
	job->state = state;
	return job;
}

static void change(struct events *events, const char *id, int from, int to)
{
	struct job *old = from >= 0 ? make_job(id, (enum job_state)from) : NULL;
	struct job *new = to >= 0 ? make_job(id, (enum job_state)to) : NULL;

	events_on_change(events, old, new);
	job_free(&old);
	job_free(&new);
}

static bool is_readable(const struct events_subscriber *subscriber)
{
	struct pollfd fd = {.fd = events_subscriber_fd(subscriber), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

enum { NONE = -1, NO_EVENT = -1 };

static void test_which_change_is_which_event(void **state)
{
	static const struct {
		int from, to, kind;
	} cases[] = {
		{NONE, JOB_QUEUED, EVENT_READY},
		{JOB_PROCESSING, JOB_QUEUED, EVENT_READY},
		{JOB_FAILED, JOB_QUEUED, EVENT_READY},
		{JOB_QUEUED, JOB_QUEUED, NO_EVENT},
		{JOB_QUEUED, JOB_PROCESSING, NO_EVENT},
		{JOB_PROCESSING, JOB_PROCESSING, NO_EVENT},
		{JOB_PROCESSING, JOB_COMPLETED, NO_EVENT},
		{JOB_PROCESSING, JOB_CANCELLED, EVENT_CANCELLED},
		{JOB_PROCESSING, JOB_FAILED, EVENT_CANCELLED},
		{JOB_PROCESSING, NONE, EVENT_CANCELLED},
		{JOB_QUEUED, JOB_CANCELLED, NO_EVENT},
		{JOB_COMPLETED, NONE, NO_EVENT},
	};
	struct events *events = events_new();
	struct events_subscriber *subscriber = events_subscribe(events);
	struct event event;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool expected = cases[i].kind != NO_EVENT;

		change(events, "job_1", cases[i].from, cases[i].to);
		assert_int_equal(is_readable(subscriber), expected);
		assert_int_equal(events_next(subscriber, &event), expected);
		if (expected) {
			assert_int_equal(event.kind, cases[i].kind);
			assert_string_equal(event.id, "job_1");
			assert_string_equal(event.class_name, "grok_imagine/grok");
			assert_false(events_next(subscriber, &event));
		}
		assert_false(is_readable(subscriber));
	}
	events_unsubscribe(&subscriber);
	events_free(&events);
}

static void test_progress_wakes_nobody(void **state)
{
	struct events *events = events_new();
	uint64_t seen = events_now(events);

	(void)state;
	change(events, "job_1", JOB_PROCESSING, JOB_PROCESSING);
	assert_int_equal(events_now(events), seen);
	assert_int_equal(events_wait(events, seen, clock_mono_us() + 1000), seen);
	events_free(&events);
}

static void test_slow_subscriber_hears_that_it_missed_some(void **state)
{
	struct events *events = events_new();
	struct events_subscriber *slow = events_subscribe(events),
				 *quick = events_subscribe(events);
	struct event event;
	char id[ID_SIZE];

	(void)state;
	for (int i = 0; i < 3000; i++) {
		snprintf(id, sizeof(id), "job_%d", i);
		change(events, id, NONE, JOB_QUEUED);
		assert_true(events_next(quick, &event));
		assert_string_equal(event.id, id);
	}
	assert_true(events_next(slow, &event));
	assert_int_equal(event.kind, EVENT_MISSED);
	assert_false(events_next(slow, &event));
	change(events, "job_x", NONE, JOB_QUEUED);
	assert_true(events_next(slow, &event));
	assert_string_equal(event.id, "job_x");
	events_unsubscribe(&slow);
	events_unsubscribe(&quick);
	events_free(&events);
}

static void *wait_long(void *arg)
{
	struct events *events = arg;

	events_wait(events, events_now(events), clock_mono_us() + 60 * USEC_PER_SEC);
	return NULL;
}

static void test_shutdown_wakes_everybody_for_good(void **state)
{
	struct events *events = events_new();
	struct events_subscriber *subscriber = events_subscribe(events);
	pthread_t threads[4];
	struct event event;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_long, events), 0);
	usleep(10000);
	assert_false(events_is_shut_down(events));
	events_shutdown(events);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(events_is_shut_down(events));
	assert_false(events_next(subscriber, &event));
	assert_true(is_readable(subscriber));
	wait_long(events);
	events_unsubscribe(&subscriber);
	events_free(&events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_change_is_which_event),
		cmocka_unit_test(test_progress_wakes_nobody),
		cmocka_unit_test(test_slow_subscriber_hears_that_it_missed_some),
		cmocka_unit_test(test_shutdown_wakes_everybody_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
