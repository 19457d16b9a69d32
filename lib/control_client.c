#include "control.h"

#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

struct control_client {
	int fd;
	int64_t last_id;
	struct lines lines;
	int fds[CONTROL_FDS_MAX];
	size_t fds_n;
};

enum { RECEIVE_SIZE = 16384 };

enum kn_err control_connect(const char *path, int timeout_ms, struct control_client **out)
{
	struct timeval limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct control_client *client;
	enum kn_err err = KN_ERR_NOMEM;

	*out = NULL;
	if (strlen(path) >= sizeof(address.sun_path))
		return KN_ERR_INVALID;
	memcpy(address.sun_path, path, strlen(path));
	client = calloc(1, sizeof(*client));
	if (client == NULL)
		return KN_ERR_NOMEM;
	client->lines.max = CONTROL_LINE_MAX;
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		goto out;
	setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		err = errno == ENOENT || errno == ECONNREFUSED ? KN_ERR_NOT_FOUND
							       : kn_err_from_errno(errno);
		goto out;
	}
	*out = client;
	client = NULL;
	err = KN_OK;
out:
	control_close(&client);
	return err;
}

static void drop_fds(struct control_client *client)
{
	while (client->fds_n > 0)
		close(client->fds[--client->fds_n]);
}

void control_close(struct control_client **client)
{
	if (*client == NULL)
		return;
	drop_fds(*client);
	lines_free(&(*client)->lines);
	if ((*client)->fd >= 0)
		close((*client)->fd);
	free(*client);
	*client = NULL;
}

size_t control_take_fds(struct control_client *client, int fds[CONTROL_FDS_MAX])
{
	size_t n = client->fds_n;

	memcpy(fds, client->fds, n * sizeof(fds[0]));
	client->fds_n = 0;
	return n;
}

/* What does not fit is closed, never leaked. */
static void keep_fds(struct control_client *client, const struct cmsghdr *header)
{
	size_t n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
		if (client->fds_n < CONTROL_FDS_MAX)
			client->fds[client->fds_n++] = fd;
		else
			close(fd);
	}
}

static enum kn_err receive(struct control_client *client)
{
	_Alignas(struct cmsghdr) char space[CMSG_SPACE(CONTROL_FDS_MAX * sizeof(int))];
	char data[RECEIVE_SIZE];
	struct iovec part = {data, sizeof(data)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = space,
				 .msg_controllen = sizeof(space)};
	ssize_t n;

	do {
		n = recvmsg(client->fd, &message, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? KN_ERR_TIMEOUT : KN_ERR_SHUTDOWN;
	if (n == 0)
		return KN_ERR_SHUTDOWN;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
	     header = CMSG_NXTHDR(&message, header))
		if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
			keep_fds(client, header);
	return lines_put(&client->lines, data, (size_t)n);
}

static enum kn_err next_message(struct control_client *client, struct control_message *message)
{
	char *line;
	size_t len;

	for (;;) {
		enum lines_got got = lines_next(&client->lines, &line, &len);
		enum kn_err err;

		if (got == LINES_TOO_LONG)
			return KN_ERR_TOO_LARGE;
		if (got == LINES_ONE)
			return control_parse(line, len, message);
		err = receive(client);
		if (err != KN_OK)
			return err;
	}
}

enum kn_err control_call(struct control_client *client, const char *op, json_object *body,
			 json_object **result, char **text)
{
	struct control_message message = {0};
	int64_t id = ++client->last_id;
	char *line = control_format_request(id, op, body);
	enum kn_err err = KN_ERR_NOMEM;

	*result = NULL;
	*text = NULL;
	drop_fds(client);
	if (line != NULL)
		err = control_send(client->fd, line, strlen(line), NULL, 0);
	free(line);
	if (err != KN_OK)
		return err;
	do {
		control_message_free(&message);
		err = next_message(client, &message);
		if (err != KN_OK)
			return err;
	} while (message.id != id || message.op != NULL || message.event != NULL);
	err = message.err;
	if (err != KN_OK)
		*text = strdup(message.text);
	*result = json_object_get(message.body);
	control_message_free(&message);
	return err;
}

enum kn_err control_send(int socket, const char *data, size_t len, const int *fds, size_t fds_n)
{
	_Alignas(struct cmsghdr) char space[CMSG_SPACE(CONTROL_FDS_MAX * sizeof(int))] = {0};

	while (len > 0) {
		struct iovec part = {(char *)data, len};
		struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
		ssize_t n;

		if (fds_n > 0) {
			struct cmsghdr *header = (struct cmsghdr *)space;

			header->cmsg_level = SOL_SOCKET;
			header->cmsg_type = SCM_RIGHTS;
			header->cmsg_len = CMSG_LEN(fds_n * sizeof(int));
			memcpy(CMSG_DATA(header), fds, fds_n * sizeof(int));
			message.msg_control = space;
			message.msg_controllen = CMSG_SPACE(fds_n * sizeof(int));
		}
		n = sendmsg(socket, &message, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? KN_ERR_TIMEOUT : KN_ERR_SHUTDOWN;
		fds_n = 0;
		data += n;
		len -= (size_t)n;
	}
	return KN_OK;
}
