#include "reaper.h"

#include "client.h"
#include "dispatcher.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"

#include <stdlib.h>

/* A lease that is granted meanwhile is no shorter than this matters for. */
#define REAP_EVERY_US (5 * USEC_PER_SEC)
/* Retention is in days; the limit on waiting in the queue is in seconds. */
#define RETAIN_EVERY_US (10 * USEC_PER_SEC)
/* Until the next batch, where much is past its time: they must not come faster than they go. */
#define RETAIN_MORE_US (200 * USEC_PER_MSEC)
/* After a connection, until the dispatcher has noticed too that there is a new responder. */
#define SETTLE_US (500 * USEC_PER_MSEC)

struct reaper {
	const struct dispatcher *dispatcher;
	struct client *client;
	struct client_events events;
	int64_t reap_at, retain_at;
	bool reaping, retaining;
};

static void on_reaped(void *arg, enum kn_err err, const char *text, json_object *body)
{
	struct reaper *reaper = arg;
	int64_t n = json_get_int(body, "reaped", 0), next = json_get_int(body, "next", INT64_MAX);
	int64_t wait = next == INT64_MAX ? REAP_EVERY_US : next - clock_wall_us();

	reaper->reaping = false;
	if (err != KN_OK && err != KN_ERR_SHUTDOWN)
		log_warn("cannot end leases: %s", text);
	if (n > 0)
		log_info("ended %d leases that were over", (int)n);
	if (err != KN_OK || wait > REAP_EVERY_US)
		wait = REAP_EVERY_US;
	if (wait < 0)
		wait = 0;
	reaper->reap_at = clock_mono_us() + wait + USEC_PER_MSEC;
}

static void on_retained(void *arg, enum kn_err err, const char *text, json_object *body)
{
	struct reaper *reaper = arg;
	int64_t n = json_get_int(body, "removed", 0);

	reaper->retaining = false;
	if (json_object_get_boolean(json_object_object_get(body, "more")))
		reaper->retain_at = clock_mono_us() + RETAIN_MORE_US;
	if (err != KN_OK && err != KN_ERR_SHUTDOWN)
		log_warn("cannot apply retention: %s", text);
	if (n > 0)
		log_info("removed or failed %d jobs that were past their time", (int)n);
}

static void on_connected(void *arg)
{
	struct reaper *reaper = arg;

	reaper->reap_at = clock_mono_us() + SETTLE_US;
	reaper->retain_at = reaper->reap_at;
}

int64_t reaper_tick(void *arg, int64_t now)
{
	struct reaper *reaper = arg;
	int64_t next = client_tick(reaper->client, now);

	if (!reaper->reaping && now >= reaper->reap_at) {
		bool may = dispatcher_is_settled(reaper->dispatcher);

		reaper->reap_at = now + (may ? REAP_EVERY_US : SETTLE_US);
		reaper->reaping = may && client_call(reaper->client, "reap", NULL, on_reaped,
						     reaper) == KN_OK;
	}
	if (!reaper->retaining && now >= reaper->retain_at) {
		reaper->retain_at = now + RETAIN_EVERY_US;
		reaper->retaining =
			client_call(reaper->client, "retain", NULL, on_retained, reaper) == KN_OK;
	}
	/* What is asked already waits for its answer, not for the clock. */
	if (!reaper->reaping && reaper->reap_at < next)
		next = reaper->reap_at;
	if (!reaper->retaining && reaper->retain_at < next)
		next = reaper->retain_at;
	return next;
}

enum kn_err reaper_new(struct loop *loop, const struct dispatcher *dispatcher,
		       const char *control_path, struct reaper **out)
{
	struct reaper *reaper = calloc(1, sizeof(*reaper));

	if (reaper == NULL)
		return KN_ERR_NOMEM;
	reaper->dispatcher = dispatcher;
	reaper->events = (struct client_events){.connected = on_connected, .arg = reaper};
	reaper->client = client_new(loop, control_path, "reaper", &reaper->events);
	if (reaper->client == NULL) {
		reaper_free(&reaper);
		return KN_ERR_NOMEM;
	}
	*out = reaper;
	return KN_OK;
}

void reaper_free(struct reaper **reaper)
{
	if (*reaper == NULL)
		return;
	client_free(&(*reaper)->client);
	free(*reaper);
	*reaper = NULL;
}
