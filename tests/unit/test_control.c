/* The control protocol: its messages, and the client against a peer that misbehaves. */
#include "lib/control.h"
#include "lib/json.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void messages_come_back(void **state)
{
	json_object *body = json_object_new_object();
	struct control_message message;
	char *line;

	(void)state;
	json_add_string(body, "text", "a\nb \"ü\"");
	line = control_format_request(7, "claim", body);
	assert_non_null(line);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_int_equal(control_parse(line, strlen(line) - 1, &message), KN_OK);
	assert_int_equal(message.id, 7);
	assert_string_equal(message.op, "claim");
	assert_string_equal(json_get_string(message.body, "text"), "a\nb \"ü\"");
	control_message_free(&message);
	free(line);

	line = control_format_answer(8, KN_ERR_NOT_FOUND, NULL, NULL);
	assert_int_equal(control_parse(line, strlen(line) - 1, &message), KN_OK);
	assert_int_equal(message.err, KN_ERR_NOT_FOUND);
	assert_string_equal(message.text, kn_err_text(KN_ERR_NOT_FOUND));
	assert_null(message.op);
	control_message_free(&message);
	free(line);

	line = control_format_event("ready", NULL);
	assert_int_equal(control_parse(line, strlen(line) - 1, &message), KN_OK);
	assert_string_equal(message.event, "ready");
	control_message_free(&message);
	free(line);
}

static void what_is_no_message(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"null",
		"7",
		"{\"version\":1}",
		"{\"version\":2,\"op\":\"x\"}",
		"{\"version\":\"1\",\"op\":\"x\"}",
		"{\"version\":1,\"op\":7}",
		"{\"version\":1,\"op\":\"x\",\"error\":\"ok\"}",
		"{\"version\":1,\"op\":\"x\",\"body\":[]}",
		"{\"version\":1,\"op\":\"x\"} x",
		"{\"version\":1,\"op\":\"x\"",
		"{\"version\":1,\"op\":\"\\u0000\"}",
		"{\"version\":1,\"op\":\"\xff\"}",
	};
	struct control_message message;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(control_parse(bad[i], strlen(bad[i]), &message), KN_ERR_INVALID);
		assert_null(message.root);
	}
}

/* --- the client --- */

struct peer {
	char path[108];
	int listener;
	const char *answer; /* NULL: closes at once */
	bool with_fds;
	pthread_t thread;
};

static void *serve_once(void *arg)
{
	struct peer *peer = arg;
	int fd = accept(peer->listener, NULL, NULL), fds[] = {0, 1};
	char request[4096];

	if (read(fd, request, sizeof(request)) > 0 && peer->answer != NULL)
		control_send(fd, peer->answer, strlen(peer->answer), fds, peer->with_fds ? 2 : 0);
	close(fd);
	return NULL;
}

static void peer_start(struct peer *peer)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(peer->path, sizeof(peer->path), "/tmp/kinora-test-control.%d", (int)getpid());
	memcpy(address.sun_path, peer->path, sizeof(address.sun_path));
	unlink(peer->path);
	peer->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(peer->listener, 1), 0);
	pthread_create(&peer->thread, NULL, serve_once, peer);
}

static void peer_end(struct peer *peer)
{
	pthread_join(peer->thread, NULL);
	close(peer->listener);
	unlink(peer->path);
}

static enum kn_err call_peer(struct peer *peer, json_object **result, char **text, size_t *fds_n)
{
	struct control_client *client;
	int fds[CONTROL_FDS_MAX];
	enum kn_err err;

	peer_start(peer);
	assert_int_equal(control_connect(peer->path, 2000, &client), KN_OK);
	err = control_call(client, "ping", NULL, result, text);
	*fds_n = control_take_fds(client, fds);
	for (size_t i = 0; i < *fds_n; i++) {
		assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
		close(fds[i]);
	}
	control_close(&client);
	peer_end(peer);
	return err;
}

static void answers(void **state)
{
	static const struct {
		const char *answer;
		enum kn_err err;
	} cases[] = {
		{"{\"version\":1,\"id\":1,\"error\":\"ok\",\"body\":{\"pid\":5}}\n", KN_OK},
		{"{\"version\":1,\"event\":\"x\"}\n{\"version\":1,\"id\":9,\"error\":\"io\"}\n"
		 "{\"version\":1,\"id\":1,\"error\":\"ok\"}\n",
		 KN_OK},
		{"{\"version\":1,\"id\":1,\"error\":\"busy\",\"text\":\"later\"}\n", KN_ERR_BUSY},
		{"{\"version\":1,\"id\":1,\"error\":\"nonsense\"}\n", KN_ERR_INTERNAL},
		{"garbage\n", KN_ERR_INVALID},
		{"{\"version\":1,\"id\":1,\"err", KN_ERR_SHUTDOWN},
		{NULL, KN_ERR_SHUTDOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer peer = {.answer = cases[i].answer};
		json_object *result;
		char *text;
		size_t fds_n;

		assert_int_equal(call_peer(&peer, &result, &text, &fds_n), cases[i].err);
		assert_int_equal(fds_n, 0);
		if (i == 0)
			assert_int_equal(json_get_int(result, "pid", 0), 5);
		if (i == 2)
			assert_string_equal(text, "later");
		json_object_put(result);
		free(text);
	}
}

static void descriptors_ride_along(void **state)
{
	struct peer peer = {.answer = "{\"version\":1,\"id\":1,\"error\":\"ok\"}\n",
			    .with_fds = true};
	json_object *result;
	char *text;
	size_t fds_n;

	(void)state;
	assert_int_equal(call_peer(&peer, &result, &text, &fds_n), KN_OK);
	assert_int_equal(fds_n, 2);
	json_object_put(result);
	free(text);
}

static void nobody_there(void **state)
{
	struct control_client *client;

	(void)state;
	assert_int_equal(control_connect("/nonexistent/control.sock", 100, &client),
			 KN_ERR_NOT_FOUND);
	assert_null(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_back),
		cmocka_unit_test(what_is_no_message),
		cmocka_unit_test(answers),
		cmocka_unit_test(descriptors_ride_along),
		cmocka_unit_test(nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
