#include "dispatcher.h"

#include "attempt.h"
#include "client.h"
#include "leftovers.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "workdir.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name under which claims are made; the worker's name follows. */
#define HOLDER "kinorad/"
/* Events say when to ask. This is for jobs that become ready by the clock: those that wait for
 * another try. */
#define ASK_EVERY_US USEC_PER_SEC
#define LEFTOVERS_LIMIT_US (3 * USEC_PER_SEC)

enum { LEFTOVERS_EVERY_MS = 10 };

/* A [worker] section at work. */
struct class
{
	struct dispatcher *dispatcher;
	const struct conf_worker *worker;
	int running;
	bool asking;   /* a claim is under way */
	bool has_news; /* something came since it was sent */
	int64_t ask_at;
};

struct dispatcher {
	struct attempt_host host;
	struct client *events;
	struct client_events on_work, on_results, on_events;
	struct class *classes;
	size_t classes_n;
	struct attempt **attempts;
	size_t attempts_n;
	bool is_settled; /* the responder knows which jobs we hold */
	bool stopping;
};

/* --- attempts --- */

static struct class *class_of(struct dispatcher *dispatcher, const struct conf_worker *worker)
{
	return &dispatcher->classes[worker - dispatcher->host.conf->workers];
}

/* There is room: it was made for all slots. */
static void add_attempt(struct class *class, json_object *job, const char *token)
{
	struct dispatcher *dispatcher = class->dispatcher;
	struct attempt *attempt;

	/* Out of memory: the lease ends, and the job is queued again. */
	if (attempt_start(&dispatcher->host, class->worker, job, token, &attempt) != KN_OK)
		return;
	dispatcher->attempts[dispatcher->attempts_n++] = attempt;
	class->running++;
}

static void drop_attempt(struct dispatcher *dispatcher, size_t i)
{
	struct class *class = class_of(dispatcher, attempt_worker(dispatcher->attempts[i]));

	attempt_free(&dispatcher->attempts[i]);
	dispatcher->attempts[i] = dispatcher->attempts[--dispatcher->attempts_n];
	class->running--;
	class->ask_at = 0;
}

static int64_t tick_attempts(struct dispatcher *dispatcher, int64_t now)
{
	int64_t next = LOOP_NEVER;
	size_t i = 0;

	while (i < dispatcher->attempts_n) {
		int64_t wanted = attempt_tick(dispatcher->attempts[i], now);

		if (attempt_is_over(dispatcher->attempts[i])) {
			drop_attempt(dispatcher, i);
			continue;
		}
		if (wanted < next)
			next = wanted;
		i++;
	}
	return next;
}

bool dispatcher_exited(struct dispatcher *dispatcher, pid_t pid, int status)
{
	for (size_t i = 0; i < dispatcher->attempts_n; i++)
		if (attempt_exited(dispatcher->attempts[i], pid, status))
			return true;
	return false;
}

/* --- claims --- */

static void on_claim(void *arg, enum kn_err err, const char *text, json_object *body)
{
	struct class *class = arg;
	const char *token = json_get_string(body, "token");
	json_object *job = json_get_object(body, "job");

	class->asking = false;
	if (class->dispatcher->stopping)
		return; /* the next kinorad gives the job back when it settles */
	if (err == KN_OK && token != NULL && json_get_string(job, "id") != NULL) {
		add_attempt(class, job, token);
		class->ask_at = 0;
		return;
	}
	if (err != KN_ERR_NOT_FOUND && err != KN_ERR_SHUTDOWN)
		log_warn("cannot claim for worker %s: %s", class->worker->name, text);
	class->ask_at = class->has_news ? 0 : clock_mono_us() + ASK_EVERY_US;
}

static void ask(struct class *class, int64_t now)
{
	const struct conf_worker *worker = class->worker;
	json_object *body = json_object_new_object(), *classes = json_object_new_array();
	char holder[128];

	snprintf(holder, sizeof(holder), HOLDER "%s", worker->name);
	for (size_t i = 0; i < worker->serves_n; i++)
		json_object_array_add(classes, json_object_new_string(worker->serves[i]));
	json_object_object_add(body, "classes", classes);
	json_add_string(body, "worker", holder);
	json_add_int(body, "lease", ATTEMPT_LEASE_SECONDS);
	class->has_news = false;
	class->ask_at = now + ASK_EVERY_US;
	class->asking =
		client_call(class->dispatcher->host.work, "claim", body, on_claim, class) == KN_OK;
}

static int64_t tick_claims(struct dispatcher *dispatcher, int64_t now)
{
	int64_t next = LOOP_NEVER;

	if (!dispatcher->is_settled || dispatcher->stopping)
		return LOOP_NEVER;
	for (size_t i = 0; i < dispatcher->classes_n; i++) {
		struct class *class = &dispatcher->classes[i];

		if (class->asking || class->running >= class->worker->slots)
			continue;
		if (now >= class->ask_at)
			ask(class, now);
		if (!class->asking && class->ask_at < next)
			next = class->ask_at;
	}
	return next;
}

/* --- what the responder says --- */

static bool serves(const struct conf_worker *worker, const char *class_name)
{
	for (size_t i = 0; i < worker->serves_n; i++)
		if (strcmp(worker->serves[i], class_name) == 0)
			return true;
	return false;
}

/* class_name NULL: anything may be ready. */
static void hear_ready(struct dispatcher *dispatcher, const char *class_name)
{
	for (size_t i = 0; i < dispatcher->classes_n; i++) {
		struct class *class = &dispatcher->classes[i];

		if (class_name != NULL && !serves(class->worker, class_name))
			continue;
		class->has_news = true;
		class->ask_at = 0;
	}
}

static void hear_cancelled(struct dispatcher *dispatcher, const char *id)
{
	for (size_t i = 0; id != NULL && i < dispatcher->attempts_n; i++)
		if (strcmp(attempt_job(dispatcher->attempts[i]), id) == 0)
			attempt_check(dispatcher->attempts[i]);
}

static void on_event(void *arg, const char *name, json_object *body)
{
	struct dispatcher *dispatcher = arg;

	if (strcmp(name, "ready") == 0) {
		hear_ready(dispatcher, json_get_string(body, "class"));
	} else if (strcmp(name, "cancelled") == 0) {
		hear_cancelled(dispatcher, json_get_string(body, "id"));
	} else if (strcmp(name, "missed") == 0) {
		hear_ready(dispatcher, NULL);
		for (size_t i = 0; i < dispatcher->attempts_n; i++)
			attempt_check(dispatcher->attempts[i]);
	}
}

static void on_subscribed(void *arg, enum kn_err err, const char *text, json_object *body)
{
	struct dispatcher *dispatcher = arg;

	(void)body;
	if (err == KN_OK)
		hear_ready(dispatcher, NULL); /* what came before we listened */
	else if (err != KN_ERR_SHUTDOWN)
		log_error("cannot hear of jobs: %s", text);
}

static void subscribe(void *arg)
{
	struct dispatcher *dispatcher = arg;
	json_object *body = json_object_new_object(), *classes = json_object_new_array();

	for (size_t i = 0; i < dispatcher->classes_n; i++)
		for (size_t k = 0; k < dispatcher->classes[i].worker->serves_n; k++)
			json_object_array_add(
				classes,
				json_object_new_string(dispatcher->classes[i].worker->serves[k]));
	json_object_object_add(body, "classes", classes);
	client_call(dispatcher->events, "events", body, on_subscribed, dispatcher);
}

static void on_settled(void *arg, enum kn_err err, const char *text, json_object *body)
{
	struct dispatcher *dispatcher = arg;
	int64_t n = json_get_int(body, "released", 0);

	if (err == KN_OK) {
		dispatcher->is_settled = true;
		hear_ready(dispatcher, NULL);
		if (n > 0)
			log_info("gave back %d jobs of an earlier connection", (int)n);
	} else if (err != KN_ERR_SHUTDOWN) {
		log_error("cannot give jobs back: %s", text);
		client_drop(dispatcher->host.work); /* once more, from the start */
	}
}

/* On a new connection the leases of the jobs that we run are extended first; then the responder
 * gives back what else is held in our name: by a kinorad that died, or by a claim whose answer was
 * lost. */
static void settle(void *arg)
{
	struct dispatcher *dispatcher = arg;
	json_object *body = json_object_new_object(), *except = json_object_new_array();

	dispatcher->is_settled = false;
	for (size_t i = 0; i < dispatcher->attempts_n; i++) {
		attempt_check(dispatcher->attempts[i]);
		json_object_array_add(except,
				      json_object_new_string(attempt_job(dispatcher->attempts[i])));
	}
	json_add_string(body, "worker", HOLDER);
	json_object_object_add(body, "except", except);
	client_call(dispatcher->host.work, "release_worker", body, on_settled, dispatcher);
}

/* --- life --- */

static void connect_clients(struct dispatcher *dispatcher, int64_t now, int64_t *next)
{
	struct client *const clients[] = {dispatcher->host.work, dispatcher->host.results,
					  dispatcher->events};

	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		int64_t wanted = client_tick(clients[i], now);

		if (wanted < *next)
			*next = wanted;
	}
}

int64_t dispatcher_tick(void *arg, int64_t now)
{
	struct dispatcher *dispatcher = arg;
	int64_t next = LOOP_NEVER, attempts, claims;

	connect_clients(dispatcher, now, &next);
	attempts = tick_attempts(dispatcher, now);
	claims = tick_claims(dispatcher, now);
	if (attempts < next)
		next = attempts;
	return claims < next ? claims : next;
}

void dispatcher_stop(struct dispatcher *dispatcher)
{
	if (dispatcher->stopping)
		return;
	dispatcher->stopping = true;
	for (size_t i = 0; i < dispatcher->attempts_n; i++)
		attempt_stop(dispatcher->attempts[i]);
}

bool dispatcher_is_idle(const struct dispatcher *dispatcher)
{
	return dispatcher->attempts_n == 0;
}

bool dispatcher_is_settled(const struct dispatcher *dispatcher)
{
	return dispatcher->is_settled;
}

/* One that waits for a disk or a device dies when that answers: the service cannot wait for it. */
static void end_leftovers(const char *data_path)
{
	int64_t end = clock_mono_us() + LEFTOVERS_LIMIT_US;
	char *prefix;
	size_t n;

	if (asprintf(&prefix, "%s/work/", data_path) < 0)
		return;
	n = leftovers_kill(prefix);
	if (n > 0)
		log_info("ending %zu processes of earlier workers", n);
	while (n > 0 && clock_mono_us() < end) {
		poll(NULL, 0, LEFTOVERS_EVERY_MS);
		n = leftovers_kill(prefix);
	}
	if (n > 0)
		log_warn("%zu processes of earlier workers will not die", n);
	workdir_clear(data_path);
	free(prefix);
}

static enum kn_err make_room(struct dispatcher *dispatcher)
{
	const struct conf *conf = dispatcher->host.conf;
	size_t slots = 1;

	dispatcher->classes = calloc(conf->workers_n + 1, sizeof(*dispatcher->classes));
	if (dispatcher->classes == NULL)
		return KN_ERR_NOMEM;
	/* Without dispatch there is nothing to claim, but still an earlier kinorad's work to end.
	 */
	dispatcher->classes_n = conf->dispatch ? conf->workers_n : 0;
	for (size_t i = 0; i < dispatcher->classes_n; i++) {
		dispatcher->classes[i] =
			(struct class){.dispatcher = dispatcher, .worker = &conf->workers[i]};
		slots += (size_t)conf->workers[i].slots;
	}
	dispatcher->attempts = calloc(slots, sizeof(*dispatcher->attempts));
	return dispatcher->attempts != NULL ? KN_OK : KN_ERR_NOMEM;
}

enum kn_err dispatcher_new(struct loop *loop, const struct conf *conf, const char *control_path,
			   struct dispatcher **out)
{
	struct dispatcher *dispatcher = calloc(1, sizeof(*dispatcher));

	if (dispatcher == NULL)
		return KN_ERR_NOMEM;
	dispatcher->on_work = (struct client_events){.connected = settle, .arg = dispatcher};
	dispatcher->on_results = (struct client_events){.arg = dispatcher};
	dispatcher->on_events = (struct client_events){
		.connected = subscribe, .event = on_event, .arg = dispatcher};
	dispatcher->host = (struct attempt_host){
		.loop = loop,
		.conf = conf,
		.work = client_new(loop, control_path, "work", &dispatcher->on_work),
		.results = client_new(loop, control_path, "results", &dispatcher->on_results),
	};
	dispatcher->events = client_new(loop, control_path, "events", &dispatcher->on_events);
	if (dispatcher->host.work == NULL || dispatcher->host.results == NULL ||
	    dispatcher->events == NULL || make_room(dispatcher) != KN_OK) {
		dispatcher_free(&dispatcher);
		return KN_ERR_NOMEM;
	}
	end_leftovers(conf->data_path);
	*out = dispatcher;
	return KN_OK;
}

void dispatcher_free(struct dispatcher **out)
{
	struct dispatcher *dispatcher = *out;

	if (dispatcher == NULL)
		return;
	for (size_t i = 0; i < dispatcher->attempts_n; i++)
		attempt_free(&dispatcher->attempts[i]);
	client_free(&dispatcher->host.work);
	client_free(&dispatcher->host.results);
	client_free(&dispatcher->events);
	free(dispatcher->attempts);
	free(dispatcher->classes);
	free(dispatcher);
	*out = NULL;
}
