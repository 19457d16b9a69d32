#include "serve.h"

#include "auth.h"
#include "connection.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/text.h"
#include "request_log.h"
#include "response.h"
#include "router.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	URI_MAX = 8192,
	RETRY_US = 100000, /* after a failed accept: descriptors run out, and come back */
	NUDGE_US = 5000,
};

enum thread_state {
	THREAD_BUSY,
	THREAD_IDLE, /* waits in accept, or for the next request of a kept connection */
	THREAD_GONE,
};

struct serve_thread {
	pthread_t id;
	atomic_int state;
	struct serve *serve;
	struct connection connection;
};

struct serve {
	struct server *server;
	atomic_bool stopping;
	size_t n;
	struct serve_thread threads[];
};

static void sleep_us(int64_t us)
{
	struct timespec t = {us / USEC_PER_SEC, us % USEC_PER_SEC * 1000};

	nanosleep(&t, NULL);
}

static void nothing(int signal)
{
	(void)signal;
}

enum kn_err serve_init(void)
{
	struct sigaction action = {.sa_handler = nothing};
	sigset_t ends;

	/* FCGX_Init() replaces the default and the ignored with its own, which stop the process at
	 * once. SIGUSR1 interrupts an idle thread's wait, hence no SA_RESTART. */
	sigemptyset(&action.sa_mask);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	return FCGX_Init() == 0 ? KN_OK : KN_ERR_INTERNAL;
}

static bool is_clean_path(const char *path)
{
	for (const char *c = path; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	return text_is_utf8(path, strlen(path));
}

static enum kn_err check_line(const struct request *req, const char **why)
{
	if (strlen(req->path) > URI_MAX || strlen(req->query) > URI_MAX)
		return KN_ERR_URI_TOO_LONG;
	*why = "Invalid path";
	if (!is_clean_path(req->path))
		return KN_ERR_INVALID;
	*why = "Invalid Content-Length";
	return req->content_length < -1 ? KN_ERR_INVALID : KN_OK;
}

void serve_answer(struct request *req)
{
	const char *why = NULL;
	enum kn_err err = check_line(req, &why);

	if (err == KN_OK) {
		if (router_match(req) == NULL)
			return;
		if (!auth_admit(req))
			return;
		why = NULL;
		err = body_admit(req);
	}
	if (err == KN_OK && !req->is_check)
		err = body_read(req, &why);
	if (err == KN_OK && req->is_check)
		respond_empty(req, 204);
	else if (err == KN_OK)
		req->route->handle(req);
	else
		respond_error(req, err, why);
}

static void serve_one(struct serve_thread *thread)
{
	struct connection *connection = &thread->connection;
	struct server *server = thread->serve->server;
	struct request req;

	request_begin(&req, connection, server);
	serve_answer(&req);
	if (req.is_check)
		response_to_check(&req);
	response_send(&req);
	body_drain(connection);
	if (!req.is_check) /* the path is the connection's, until it is finished */
		request_log_request(server->log, &req);
	FCGX_Finish_r(&connection->fcgx);
	request_end(&req);
}

/*
 * Until a kept connection has something to read, or a signal comes. read() alone would do, but it
 * also wakes when nginx takes the last answer out of the socket, for nothing: one more switch of
 * threads a request. poll() wakes for what it asks for only. False: it is the end, and no request
 * came before it.
 */
static bool await_request(const struct serve_thread *thread)
{
	struct pollfd web = {.fd = thread->connection.fcgx.ipcFd, .events = POLLIN};

	if (web.fd >= 0)
		poll(&web, 1, -1);
	/* The signal may have been faster than what was there before it. */
	return !atomic_load(&thread->serve->stopping) || poll(&web, 1, 0) > 0;
}

static void *run(void *arg)
{
	struct serve_thread *thread = arg;
	struct connection *connection = &thread->connection;
	bool is_last = false;

	json_begin_thread();
	while (!is_last) {
		int status;

		atomic_store(&thread->state, THREAD_IDLE);
		if (!await_request(thread))
			break;
		/* One may have come on a kept connection since the last answer, before the end. */
		is_last = atomic_load(&thread->serve->stopping);
		status = FCGX_Accept_r(&connection->fcgx);
		atomic_store(&thread->state, THREAD_BUSY);
		if (status == 0) {
			serve_one(thread);
		} else if (!atomic_load(&thread->serve->stopping)) {
			log_warn("accept: %s", strerror(-status));
			sleep_us(RETRY_US);
		}
	}
	FCGX_Free(&connection->fcgx, 1);
	response_free(connection);
	arena_free(&connection->arena);
	atomic_store(&thread->state, THREAD_GONE);
	return NULL;
}

static bool start_thread(struct serve *serve, struct serve_thread *thread)
{
	thread->serve = serve;
	return FCGX_InitRequest(&thread->connection.fcgx, 0, 0) == 0 &&
	       pthread_create(&thread->id, NULL, run, thread) == 0;
}

enum kn_err serve_start(struct server *server, size_t threads, struct serve **out)
{
	struct serve *serve = calloc(1, sizeof(*serve) + threads * sizeof(serve->threads[0]));

	if (serve == NULL)
		return KN_ERR_NOMEM;
	serve->server = server;
	while (serve->n < threads && start_thread(serve, &serve->threads[serve->n]))
		serve->n++;
	*out = serve;
	if (serve->n == threads)
		return KN_OK;
	serve_stop(out);
	return KN_ERR_NOMEM;
}

/* A signal to a busy thread would look like an error of its body, so only waiting ones are woken;
 * one that was about to wait is found the next time. */
static size_t nudge_idle(struct serve *serve)
{
	size_t left = 0;

	for (size_t i = 0; i < serve->n; i++) {
		int state = atomic_load(&serve->threads[i].state);

		left += state != THREAD_GONE;
		if (state == THREAD_IDLE)
			pthread_kill(serve->threads[i].id, SIGUSR1);
	}
	return left;
}

void serve_stop(struct serve **serve)
{
	atomic_store(&(*serve)->stopping, true);
	FCGX_ShutdownPending();
	while (nudge_idle(*serve) > 0)
		sleep_us(NUDGE_US);
	for (size_t i = 0; i < (*serve)->n; i++)
		pthread_join((*serve)->threads[i].id, NULL);
	free(*serve);
	*serve = NULL;
}
