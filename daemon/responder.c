#include "responder.h"

#include "child.h"
#include "client.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "pidfile.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define PING_EVERY_US USEC_PER_SEC
#define PING_LIMIT_US (4 * USEC_PER_SEC)
/* The first answer comes after recovery, which a large log makes long. */
#define START_LIMIT_US (120 * USEC_PER_SEC)
#define STOP_LIMIT_US (15 * USEC_PER_SEC)
/* A responder that ended before it ever answered makes the next one wait, each time longer. */
#define BACKOFF_FIRST_US (10 * USEC_PER_MSEC)
#define BACKOFF_MAX_US USEC_PER_SEC
/* Between two ticks: we were stopped ourselves, and have no right to judge. */
#define STALLED_US (2 * USEC_PER_SEC)

struct responder {
	struct responder_setup setup;
	char program[PATH_MAX];
	struct client *pings;
	struct client_events events;
	pid_t pid; /* 0: none */
	int pidfd; /* of an orphan: it is not our child; else -1 */
	int64_t start_at, backoff;
	int64_t ping_at, good_at, ticked;
	bool pinging, has_answered;
	bool is_noted; /* in its pid file */
	bool stopping;
	int64_t kill_at; /* stopping: patience ends */
};

static const char *find_program(char *path, size_t size)
{
	const char *whole = getenv("KINORA_FCGI"), *dir = getenv("KINORA_LIBEXEC_DIR");

	if (whole != NULL)
		snprintf(path, size, "%s", whole);
	else
		snprintf(path, size, "%s/kinora-fcgi", dir != NULL ? dir : KINORA_LIBEXEC_DIR);
	return path;
}

/* --- how it ends --- */

static void gone(struct responder *responder, const char *how)
{
	int64_t now = clock_mono_us();

	if (responder->pidfd >= 0) {
		loop_unwatch(responder->setup.loop, responder->pidfd);
		close(responder->pidfd);
		responder->pidfd = -1;
	}
	if (responder->stopping)
		log_info("kinora-fcgi %d %s", (int)responder->pid, how);
	else
		log_error("kinora-fcgi %d %s", (int)responder->pid, how);
	responder->pid = 0;
	unlink(responder->setup.pid_file);
	client_drop(responder->pings);
	if (responder->has_answered)
		responder->backoff = 0;
	else if (responder->backoff == 0)
		responder->backoff = BACKOFF_FIRST_US;
	else if (responder->backoff < BACKOFF_MAX_US / 2)
		responder->backoff *= 2;
	else
		responder->backoff = BACKOFF_MAX_US;
	responder->start_at = now + responder->backoff;
}

bool responder_exited(struct responder *responder, pid_t pid, int status)
{
	char how[64];

	if (pid != responder->pid)
		return false;
	child_describe(status, how, sizeof(how));
	gone(responder, how);
	return true;
}

static void orphan_ended(void *arg, short revents)
{
	(void)revents;
	gone(arg, "has ended");
}

/* --- how it starts --- */

static void begin_watch(struct responder *responder, pid_t pid, int64_t now)
{
	responder->pid = pid;
	responder->good_at = responder->ping_at = now;
	responder->has_answered = false;
}

/* On a full disk it is more important that there is a responder; the file comes later. */
static enum kn_err write_pid(void *arg, pid_t pid)
{
	struct responder *responder = arg;
	enum kn_err err = pidfile_write(responder->setup.pid_file, pid);

	responder->is_noted = err == KN_OK;
	return err == KN_ERR_FULL ? KN_OK : err;
}

static void start(struct responder *responder, int64_t now)
{
	const struct sockets *sockets = responder->setup.sockets;
	struct child_spec spec = {
		.argv = responder->setup.args,
		.envp = environ,
		.fds = {sockets->fcgi, STDOUT_FILENO, STDERR_FILENO, sockets->control},
		.fds_n = 4,
		.ready = write_pid,
		.arg = responder,
	};
	pid_t pid = 0;

	responder->setup.args[0] = responder->program;
	if (child_start(&spec, &pid) != KN_OK) {
		responder->start_at = now + BACKOFF_MAX_US;
		return;
	}
	log_info("kinora-fcgi %d started", (int)pid);
	begin_watch(responder, pid, now);
}

static enum kn_err adopt(struct responder *responder, pid_t pid)
{
	responder->pidfd = pidfd_open(pid, 0);
	if (responder->pidfd < 0)
		return kn_err_from_errno(errno);
	begin_watch(responder, pid, clock_mono_us());
	write_pid(responder, pid);
	return loop_watch(responder->setup.loop, responder->pidfd, POLLIN, orphan_ended, responder);
}

static bool is_a_responder(pid_t pid)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fgets(name, sizeof(name), file) == NULL)
		name[0] = '\0';
	fclose(file);
	return strcmp(name, "kinora-fcgi\n") == 0;
}

/* One that did not answer `takeover`: it holds the store, so it must go before another can start.
 */
static void end_mute_orphan(const char *pid_file)
{
	pid_t pid = pidfile_read(pid_file);
	struct pollfd wait = {.events = POLLIN};

	if (pid == 0 || (wait.fd = pidfd_open(pid, 0)) < 0)
		return;
	if (is_a_responder(pid)) {
		log_warn("kinora-fcgi %d is left over and does not answer: ending it", (int)pid);
		pidfd_send_signal(wait.fd, SIGKILL, NULL, 0);
		poll(&wait, 1, 5000);
	}
	close(wait.fd);
}

/* --- the watchdog --- */

static void on_pong(void *arg, enum kn_err err, const char *text, json_object *body)
{
	struct responder *responder = arg;
	int64_t now = clock_mono_us();

	(void)body;
	responder->pinging = false;
	responder->ping_at = now + PING_EVERY_US;
	if (err == KN_OK) {
		if (!responder->has_answered)
			log_debug("kinora-fcgi %d answers", (int)responder->pid);
		responder->good_at = now;
		responder->has_answered = true;
		if (!responder->is_noted)
			write_pid(responder, responder->pid);
	} else if (err != KN_ERR_SHUTDOWN) {
		log_warn("kinora-fcgi answers a ping with: %s", text);
	}
}

static void ping(struct responder *responder, int64_t now)
{
	responder->ping_at = now + PING_EVERY_US;
	responder->pinging =
		client_call(responder->pings, "ping", NULL, on_pong, responder) == KN_OK;
}

/* The first answer says that it serves, and that from now on it must answer soon. So the question
 * waits in its socket while it recovers. */
static void on_connected(void *arg)
{
	struct responder *responder = arg;

	responder->ping_at = 0;
}

static void watch_over(struct responder *responder, int64_t now)
{
	int64_t limit = responder->has_answered ? PING_LIMIT_US : START_LIMIT_US;

	if (now - responder->ticked > STALLED_US)
		responder->good_at = now;
	if (now - responder->good_at > limit) {
		log_error("kinora-fcgi %d has not answered for %d seconds: ending it",
			  (int)responder->pid, (int)(limit / USEC_PER_SEC));
		kill(responder->pid, SIGKILL);
		responder->good_at = now; /* asks again if even that does not help */
	}
	if (!responder->pinging && now >= responder->ping_at)
		ping(responder, now);
}

static int64_t press(struct responder *responder, int64_t now)
{
	if (now >= responder->kill_at) {
		log_warn("kinora-fcgi %d does not stop: ending it", (int)responder->pid);
		kill(responder->pid, SIGKILL);
		responder->kill_at = now + USEC_PER_SEC;
	}
	return responder->kill_at;
}

int64_t responder_tick(void *arg, int64_t now)
{
	struct responder *responder = arg;
	int64_t next;

	if (responder->pid == 0 && responder->stopping)
		return LOOP_NEVER;
	if (responder->pid == 0 && now < responder->start_at)
		return responder->start_at;
	if (responder->pid == 0)
		start(responder, now);
	if (responder->pid == 0)
		return responder->start_at;
	if (responder->stopping)
		return press(responder, now);
	next = client_tick(responder->pings, now);
	watch_over(responder, now);
	responder->ticked = now;
	return next < now + PING_EVERY_US ? next : now + PING_EVERY_US;
}

void responder_stop(struct responder *responder)
{
	if (responder->stopping)
		return;
	responder->stopping = true;
	responder->kill_at = clock_mono_us() + STOP_LIMIT_US;
	if (responder->pid != 0)
		kill(responder->pid, SIGTERM);
}

bool responder_is_gone(const struct responder *responder)
{
	return responder->pid == 0;
}

enum kn_err responder_new(const struct responder_setup *setup, struct responder **out)
{
	struct responder *responder = calloc(1, sizeof(*responder));
	enum kn_err err = KN_ERR_NOMEM;

	if (responder == NULL)
		return KN_ERR_NOMEM;
	responder->setup = *setup;
	responder->pidfd = -1;
	find_program(responder->program, sizeof(responder->program));
	responder->events = (struct client_events){.connected = on_connected, .arg = responder};
	responder->pings =
		client_new(setup->loop, setup->sockets->control_path, "ping", &responder->events);
	if (responder->pings == NULL)
		goto out;
	if (setup->orphan == 0)
		end_mute_orphan(setup->pid_file);
	err = setup->orphan != 0 ? adopt(responder, setup->orphan) : KN_OK;
	if (err != KN_OK)
		goto out;
	*out = responder;
	responder = NULL;
out:
	responder_free(&responder);
	return err;
}

void responder_free(struct responder **responder)
{
	if (*responder == NULL)
		return;
	if ((*responder)->pidfd >= 0)
		close((*responder)->pidfd);
	client_free(&(*responder)->pings);
	free(*responder);
	*responder = NULL;
}
