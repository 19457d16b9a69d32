#include "control.h"

#include "control_priv.h"
#include "lib/lines.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 32,    /* kinorad has five, each kinoractl one */
	STACK_SIZE = 256 * 1024, /* ThreadSanitizer leaves half of it: large buffers go elsewhere */
	SEND_LIMIT_SECONDS = 5,
};

struct connection {
	struct control *control;
	pthread_t thread;
	int fd;           /* -1: this place is free */
	atomic_bool done; /* its thread is about to return */
};

struct control {
	struct server *server;
	int listen_fd;
	int stop[2]; /* a pipe that becomes readable at the end */
	atomic_bool stopping;
	pthread_t acceptor;
	struct connection connections[CONNECTIONS_MAX]; /* the acceptor's alone */
};

/* --- one connection --- */

bool control_fits(json_object *row, size_t *bytes)
{
	enum { FRAME_BYTES = 4096 }; /* of the answer around its rows */
	size_t len;

	json_object_to_json_string_length(row, JSON_C_TO_STRING_PLAIN, &len);
	*bytes += len + 1;
	return *bytes <= CONTROL_LINE_MAX - FRAME_BYTES;
}

/* To a line that is too long the peer would hang up, and ask again on its next connection. */
static char *format_answer(const struct control_call *call, int64_t id, enum kn_err err)
{
	char *line = control_format_answer(id, err, call->text, call->result);

	if (line == NULL || strlen(line) <= CONTROL_LINE_MAX)
		return line;
	free(line);
	return control_format_answer(id, KN_ERR_TOO_LARGE,
				     "The answer is too long for the control socket", NULL);
}

static enum kn_err answer(struct control_call *call, const struct control_message *message,
			  enum kn_err err)
{
	char *line = format_answer(call, message->id, err);

	call->result = NULL;
	if (line == NULL)
		return KN_ERR_NOMEM;
	err = control_send(call->socket, line, strlen(line), call->fds, call->fds_n);
	free(line);
	return err;
}

/* False: the connection is at its end. */
static bool serve_message(struct connection *connection, const struct control_message *message)
{
	struct control *control = connection->control;
	struct control_call call = {.server = control->server,
				    .body = message->body,
				    .socket = connection->fd,
				    .listen_fd = control->listen_fd,
				    .stopping = &control->stopping};
	const struct control_op *op = control_op_find(message->op);
	enum kn_err err = KN_ERR_METHOD;

	if (op != NULL)
		err = op->run(&call);
	err = answer(&call, message, err);
	free(call.text);
	if (call.then != NULL)
		call.then(&call);
	return err == KN_OK && call.then == NULL;
}

/* False: no request, or the end. */
static bool serve_line(struct connection *connection, const char *line, size_t len)
{
	struct control_message message;
	bool goes_on = false;

	if (control_parse(line, len, &message) != KN_OK)
		return false;
	if (message.op != NULL)
		goes_on = serve_message(connection, &message);
	control_message_free(&message);
	return goes_on;
}

static void *serve_connection(void *arg)
{
	struct connection *connection = arg;
	struct lines lines = {.max = CONTROL_LINE_MAX};
	bool goes_on = true;

	while (goes_on) {
		enum lines_got got;
		char *line;
		size_t len;
		ssize_t n = lines_read(&lines, connection->fd);

		goes_on = n > 0 || (n < 0 && errno == EINTR);
		while (goes_on && (got = lines_next(&lines, &line, &len)) != LINES_NONE)
			goes_on = got == LINES_ONE && serve_line(connection, line, len) &&
				  !connection->control->stopping;
	}
	lines_free(&lines);
	/* The peer learns of the end now; the descriptor is closed when the thread is joined. */
	shutdown(connection->fd, SHUT_RDWR);
	connection->done = true;
	return NULL;
}

/* --- accepting --- */

static bool is_one_of_us(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return false;
	if (peer.uid == geteuid() || peer.uid == 0)
		return true;
	log_warn("control socket: refused uid %u (pid %d)", peer.uid, (int)peer.pid);
	return false;
}

static void end_connection(struct connection *connection)
{
	pthread_join(connection->thread, NULL);
	close(connection->fd);
	connection->fd = -1;
}

static struct connection *free_place(struct control *control)
{
	struct connection *found = NULL;

	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct connection *connection = &control->connections[i];

		if (connection->fd >= 0 && connection->done)
			end_connection(connection);
		if (connection->fd < 0)
			found = connection;
	}
	return found;
}

/* A peer that does not read what it asked for must not hold up our end. */
static void limit_sending(int fd)
{
	struct timeval limit = {.tv_sec = SEND_LIMIT_SECONDS};

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static bool start_connection(struct control *control, int fd)
{
	struct connection *connection = free_place(control);
	pthread_attr_t attributes;
	bool started;

	if (connection == NULL) {
		log_warn("control socket: more than %d connections", CONNECTIONS_MAX);
		return false;
	}
	connection->fd = fd;
	connection->done = false;
	limit_sending(fd);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	started =
		pthread_create(&connection->thread, &attributes, serve_connection, connection) == 0;
	pthread_attr_destroy(&attributes);
	if (!started)
		connection->fd = -1;
	return started;
}

static void accept_one(struct control *control)
{
	int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			poll(NULL, 0, 100); /* it stays readable: do not spin on it */
		return;
	}
	if (!is_one_of_us(fd) || !start_connection(control, fd))
		close(fd);
}

static void *accept_all(void *arg)
{
	struct control *control = arg;
	struct pollfd fds[] = {{.fd = control->listen_fd, .events = POLLIN},
			       {.fd = control->stop[0], .events = POLLIN}};

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			log_error("control socket: poll: %s", strerror(errno));
		if (control->stopping)
			return NULL;
		if ((fds[0].revents & POLLIN) != 0)
			accept_one(control);
	}
}

/* --- life --- */

static void free_control(struct control *control)
{
	for (int i = 0; i < 2; i++)
		if (control->stop[i] >= 0)
			close(control->stop[i]);
	free(control);
}

enum kn_err control_start(struct server *server, int listen_fd, struct control **out)
{
	struct control *control = calloc(1, sizeof(*control));
	int error;

	if (control == NULL)
		return KN_ERR_NOMEM;
	control->server = server;
	control->listen_fd = listen_fd;
	control->stop[0] = control->stop[1] = -1;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		control->connections[i] = (struct connection){.control = control, .fd = -1};
	/* Not blocking: a connection that goes between poll and accept must not hold up our end. */
	if (pipe2(control->stop, O_CLOEXEC) < 0 ||
	    fcntl(listen_fd, F_SETFL, fcntl(listen_fd, F_GETFL) | O_NONBLOCK) < 0)
		error = errno;
	else
		error = pthread_create(&control->acceptor, NULL, accept_all, control);
	if (error != 0) {
		free_control(control);
		return kn_err_from_errno(error);
	}
	*out = control;
	return KN_OK;
}

void control_stop(struct control **out)
{
	struct control *control = *out;

	control->stopping = true;
	if (write(control->stop[1], "", 1) < 0)
		log_error("control socket: %s", strerror(errno));
	pthread_join(control->acceptor, NULL);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (control->connections[i].fd < 0)
			continue;
		shutdown(control->connections[i].fd, SHUT_RD);
		end_connection(&control->connections[i]);
	}
	free_control(control);
	*out = NULL;
}
