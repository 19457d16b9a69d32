#include "client.h"

#include "lib/clock.h"
#include "lib/control.h"
#include "lib/lines.h"
#include "lib/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { RETRY_US = 100000 };

struct call {
	struct call *next;
	int64_t id;
	client_answer_fn *answer;
	void *arg;
};

struct client {
	struct loop *loop;
	const char *path, *name;
	const struct client_events *events;
	int fd;
	int64_t retry_at;
	int64_t last_id;
	struct call *first, **last; /* answers come in the order of the requests */
	struct lines in;
	char *out;
	size_t out_len, out_size;
};

static loop_watch_fn on_ready;

struct client *client_new(struct loop *loop, const char *path, const char *name,
			  const struct client_events *events)
{
	struct client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return NULL;
	*client = (struct client){.loop = loop,
				  .path = path,
				  .name = name,
				  .events = events,
				  .fd = -1,
				  .in = {.max = CONTROL_LINE_MAX}};
	client->last = &client->first;
	return client;
}

static void disconnect(struct client *client)
{
	if (client->fd >= 0) {
		loop_unwatch(client->loop, client->fd);
		close(client->fd);
	}
	client->fd = -1;
	client->out_len = 0;
	lines_free(&client->in);
}

/* The list is taken off first: an answer may make another call. */
static struct call *take_calls(struct client *client)
{
	struct call *calls = client->first;

	client->first = NULL;
	client->last = &client->first;
	return calls;
}

void client_drop(struct client *client)
{
	struct call *call = take_calls(client);

	disconnect(client);
	while (call != NULL) {
		struct call *next = call->next;

		call->answer(call->arg, KN_ERR_SHUTDOWN, kn_err_text(KN_ERR_SHUTDOWN), NULL);
		free(call);
		call = next;
	}
}

void client_free(struct client **client)
{
	struct call *call;

	if (*client == NULL)
		return;
	disconnect(*client);
	call = take_calls(*client);
	while (call != NULL) {
		struct call *next = call->next;

		free(call);
		call = next;
	}
	free((*client)->out);
	free(*client);
	*client = NULL;
}

static bool connect_now(struct client *client)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	memcpy(address.sun_path, client->path, strnlen(client->path, sizeof(address.sun_path) - 1));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    loop_watch(client->loop, fd, POLLIN, on_ready, client) != KN_OK) {
		log_debug("%s: cannot connect to %s: %s", client->name, client->path,
			  strerror(errno));
		close(fd);
		return false;
	}
	client->fd = fd;
	return true;
}

int64_t client_tick(void *arg, int64_t now)
{
	struct client *client = arg;

	if (client->fd >= 0)
		return LOOP_NEVER;
	if (now < client->retry_at)
		return client->retry_at;
	client->retry_at = now + RETRY_US;
	if (!connect_now(client))
		return client->retry_at;
	if (client->events->connected != NULL)
		client->events->connected(client->events->arg);
	return client->fd >= 0 ? LOOP_NEVER : client->retry_at;
}

/* False when the connection is no more. */
static bool send_out(struct client *client)
{
	size_t sent = 0;

	while (sent < client->out_len) {
		ssize_t n =
			send(client->fd, client->out + sent, client->out_len - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0 && errno != EINTR)
			return false;
		sent += n > 0 ? (size_t)n : 0;
	}
	client->out_len -= sent;
	memmove(client->out, client->out + sent, client->out_len);
	return loop_watch(client->loop, client->fd, POLLIN | (client->out_len > 0 ? POLLOUT : 0),
			  on_ready, client) == KN_OK;
}

static enum kn_err queue_line(struct client *client, const char *line)
{
	size_t len = strlen(line);

	if (client->out_size - client->out_len < len) {
		size_t size = (client->out_len + len) * 2;
		char *out = realloc(client->out, size);

		if (out == NULL)
			return KN_ERR_NOMEM;
		client->out = out;
		client->out_size = size;
	}
	memcpy(client->out + client->out_len, line, len);
	client->out_len += len;
	return KN_OK;
}

enum kn_err client_call(struct client *client, const char *op, json_object *body,
			client_answer_fn *answer, void *arg)
{
	struct call *call = NULL;
	char *line = control_format_request(client->last_id + 1, op, body);
	enum kn_err err = KN_ERR_SHUTDOWN;

	if (client->fd < 0)
		goto out;
	err = KN_ERR_NOMEM;
	call = malloc(sizeof(*call));
	if (line == NULL || call == NULL || queue_line(client, line) != KN_OK)
		goto out;
	*call = (struct call){.id = ++client->last_id, .answer = answer, .arg = arg};
	*client->last = call;
	client->last = &call->next;
	call = NULL;
	/* Sent by the loop: a broken connection is found, and answered for, there. */
	err = KN_OK;
	loop_watch(client->loop, client->fd, POLLIN | POLLOUT, on_ready, client);
out:
	free(call);
	free(line);
	return err;
}

/* False: this is not the protocol, drop the connection. */
static bool take_message(struct client *client, const struct control_message *message)
{
	struct call *call = client->first;

	if (message->event != NULL) {
		if (client->events->event != NULL)
			client->events->event(client->events->arg, message->event, message->body);
		return true;
	}
	if (message->op != NULL || call == NULL || message->id != call->id)
		return false;
	client->first = call->next;
	if (client->first == NULL)
		client->last = &client->first;
	call->answer(call->arg, message->err, message->text != NULL ? message->text : "",
		     message->body);
	free(call);
	return true;
}

/* False: drop the connection. An answer may have dropped it already. */
static bool take_lines(struct client *client)
{
	enum lines_got got;
	char *line;
	size_t len;

	while (client->fd >= 0 && (got = lines_next(&client->in, &line, &len)) != LINES_NONE) {
		struct control_message message;
		bool understood;

		if (got == LINES_TOO_LONG || control_parse(line, len, &message) != KN_OK)
			return false;
		understood = take_message(client, &message);
		control_message_free(&message);
		if (!understood)
			return false;
	}
	return true;
}

static void on_ready(void *arg, short revents)
{
	struct client *client = arg;
	ssize_t n;

	if ((revents & POLLOUT) != 0 && !send_out(client)) {
		client_drop(client);
		return;
	}
	if ((revents & ~POLLOUT) == 0)
		return;
	n = lines_read(&client->in, client->fd);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && take_lines(client))
		return;
	if (n > 0)
		log_warn("%s: the responder speaks another protocol", client->name);
	client_drop(client);
}
