/* `events`: the answer, and from then on a line for each thing that a dispatcher must hear. */
#include "control_priv.h"
#include "events.h"
#include "lib/json.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Between two rounds: a burst of new jobs is told in a few lines, and still within 50 ms. */
enum { PAUSE_MS = 5 };

struct feed {
	struct events_subscriber *subscriber;
	json_object *classes; /* that the peer wants to hear of */
	json_object *ready;   /* the set of those that had news in this round */
	bool missed;
};

static enum kn_err send_event(struct control_call *call, const char *name, json_object *body)
{
	char *line = control_format_event(name, body);
	enum kn_err err = KN_ERR_NOMEM;

	if (line != NULL)
		err = control_send(call->socket, line, strlen(line), NULL, 0);
	free(line);
	return err;
}

static bool wants(const struct feed *feed, const char *class_name)
{
	for (size_t i = 0; i < json_object_array_length(feed->classes); i++) {
		const char *one =
			json_object_get_string(json_object_array_get_idx(feed->classes, i));

		if (one != NULL && strcmp(one, class_name) == 0)
			return true;
	}
	return false;
}

static enum kn_err take_event(struct control_call *call, struct feed *feed,
			      const struct event *event)
{
	json_object *body;

	switch (event->kind) {
	case EVENT_READY:
		if (wants(feed, event->class_name))
			json_object_object_add(feed->ready, event->class_name, NULL);
		break;
	case EVENT_MISSED:
		feed->missed = true;
		break;
	case EVENT_CANCELLED:
		body = json_object_new_object();
		json_add_string(body, "id", event->id);
		return send_event(call, "cancelled", body);
	}
	return KN_OK;
}

static enum kn_err send_round(struct control_call *call, struct feed *feed)
{
	struct event event;
	enum kn_err err = KN_OK;

	feed->ready = json_object_new_object();
	feed->missed = false;
	while (err == KN_OK && events_next(feed->subscriber, &event))
		err = take_event(call, feed, &event);
	json_object_object_foreach (feed->ready, class_name, unused) {
		json_object *body = json_object_new_object();

		(void)unused;
		json_add_string(body, "class", class_name);
		if (err == KN_OK)
			err = send_event(call, "ready", body);
		else
			json_object_put(body);
	}
	if (err == KN_OK && feed->missed)
		err = send_event(call, "missed", NULL);
	json_object_put(feed->ready);
	return err;
}

/* Until the peer speaks or goes, or we stop: control_stop() shuts the socket down. */
static void follow(struct control_call *call)
{
	struct feed *feed = call->state;
	struct pollfd fds[] = {{.fd = call->socket, .events = POLLIN | POLLRDHUP},
			       {.fd = events_subscriber_fd(feed->subscriber), .events = POLLIN}};

	while (!*call->stopping && poll(fds, 2, -1) > 0 && fds[0].revents == 0) {
		if (send_round(call, feed) != KN_OK)
			break;
		poll(fds, 1, PAUSE_MS);
	}
	events_unsubscribe(&feed->subscriber);
	json_object_put(feed->classes);
	free(feed);
}

enum kn_err control_op_events(struct control_call *call)
{
	json_object *classes = json_get_array(call->body, "classes");
	struct feed *feed = calloc(1, sizeof(*feed));

	if (feed == NULL)
		return KN_ERR_NOMEM;
	feed->subscriber = events_subscribe(call->server->events);
	if (feed->subscriber == NULL) {
		free(feed);
		return KN_ERR_NOMEM;
	}
	feed->classes = classes != NULL ? json_object_get(classes) : json_object_new_array();
	call->state = feed;
	call->then = follow;
	return KN_OK;
}
