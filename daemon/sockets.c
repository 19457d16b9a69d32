#include "sockets.h"

#include "lib/control.h"
#include "lib/json.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 511, /* nginx's own default; requests wait here while a responder starts */
	TAKEOVER_LIMIT_MS = 5000,
	FCGI_MODE = 0660, /* nginx's group may come in */
	CONTROL_MODE = 0600,
	SYSTEMD_FIRST_FD = 3,
};

/* Bound under another name and renamed when it listens: at no moment is there a socket that
 * refuses. */
static int make_socket(const char *path, mode_t mode)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t room = sizeof(address.sun_path);
	int fd = -1;

	if ((size_t)snprintf(address.sun_path, room, "%s.new", path) >= room) {
		log_error("%s: the path is too long for a socket (%zu bytes at most)", path,
			  room - sizeof(".new"));
		return -1;
	}
	unlink(address.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    chmod(address.sun_path, mode) == 0 && listen(fd, BACKLOG) == 0 &&
	    rename(address.sun_path, path) == 0)
		return fd;
	log_error("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool is_bound_to(int fd, const char *path)
{
	struct sockaddr_un address = {0};
	socklen_t len = sizeof(address) - 1;

	return getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
	       address.sun_family == AF_UNIX && strcmp(address.sun_path, path) == 0;
}

/* sd_listen_fds(3): the environment says how many descriptors there are, and for whom. */
static int systemd_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	int fds = pid != NULL && n != NULL && atol(pid) == getpid() ? atoi(n) : 0;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return fds;
}

static enum kn_err take_from_systemd(struct sockets *sockets, int n)
{
	for (int fd = SYSTEMD_FIRST_FD; fd < SYSTEMD_FIRST_FD + n; fd++) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		if (is_bound_to(fd, sockets->fcgi_path))
			sockets->fcgi = fd;
		else if (is_bound_to(fd, sockets->control_path))
			sockets->control = fd;
	}
	sockets->from_systemd = true;
	if (sockets->fcgi >= 0 && sockets->control >= 0)
		return KN_OK;
	log_error("systemd's sockets are not %s and %s", sockets->fcgi_path, sockets->control_path);
	return KN_ERR_INVALID;
}

/* An orphan answers with its sockets and its pid. A responder that does not answer keeps them: new
 * ones are made, and it is found and ended by its pid file. */
static pid_t take_from_orphan(struct sockets *sockets)
{
	struct control_client *client = NULL;
	json_object *result = NULL;
	int fds[CONTROL_FDS_MAX];
	char *text = NULL;
	enum kn_err err;
	size_t n = 0;
	pid_t pid = 0;

	err = control_connect(sockets->control_path, TAKEOVER_LIMIT_MS, &client);
	if (err == KN_ERR_NOT_FOUND)
		return 0;
	if (err == KN_OK)
		err = control_call(client, "takeover", NULL, &result, &text);
	if (err == KN_OK) {
		n = control_take_fds(client, fds);
		pid = (pid_t)json_get_int(result, "pid", 0);
	}
	if (n == CONTROL_FDS_MAX && pid > 0) {
		sockets->fcgi = fds[0];
		sockets->control = fds[1];
		log_info("took over the responder %d", (int)pid);
	} else {
		log_warn("the old responder gives no sockets: %s", kn_err_text(err));
		for (size_t i = 0; i < n; i++)
			close(fds[i]);
		pid = 0;
	}
	json_object_put(result);
	free(text);
	control_close(&client);
	return pid;
}

enum kn_err sockets_open(const char *run_path, struct sockets *out, pid_t *orphan)
{
	int from_systemd = systemd_fds();

	*orphan = 0;
	*out = (struct sockets){.fcgi = -1, .control = -1};
	if (asprintf(&out->fcgi_path, "%s/fcgi.sock", run_path) < 0 ||
	    asprintf(&out->control_path, "%s/control.sock", run_path) < 0)
		return KN_ERR_NOMEM;
	if (from_systemd > 0)
		return take_from_systemd(out, from_systemd);
	*orphan = take_from_orphan(out);
	if (*orphan > 0)
		return KN_OK;
	out->fcgi = make_socket(out->fcgi_path, FCGI_MODE);
	out->control = make_socket(out->control_path, CONTROL_MODE);
	return out->fcgi >= 0 && out->control >= 0 ? KN_OK : KN_ERR_IO;
}

void sockets_close(struct sockets *sockets, bool unlink_too)
{
	if (sockets->fcgi >= 0)
		close(sockets->fcgi);
	if (sockets->control >= 0)
		close(sockets->control);
	if (unlink_too && !sockets->from_systemd) {
		unlink(sockets->fcgi_path);
		unlink(sockets->control_path);
	}
	free(sockets->fcgi_path);
	free(sockets->control_path);
	*sockets = (struct sockets){.fcgi = -1, .control = -1};
}
