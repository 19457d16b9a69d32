#include "body_spooled.h"

#include "lib/conf.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* nginx numbers its temporary files. */
static bool is_nginx_name(const char *name)
{
	return name[0] != '\0' && name[strspn(name, "0123456789")] == '\0';
}

static const char *fault_of(const struct request *req, int fd, uint64_t *size)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return "it is no file";
	if (st.st_uid != geteuid())
		return "it is another user's: nginx must run as ours to spool";
	if (req->content_length >= 0 && st.st_size != req->content_length)
		return "it is not as long as the request";
	*size = (uint64_t)st.st_size;
	return NULL;
}

enum kn_err body_spooled_open(struct request *req, const char *name, int *fd)
{
	const char *slash = strrchr(name, '/'), *fault;
	char *path = NULL;

	if (slash != NULL)
		name = slash + 1;
	if (!is_nginx_name(name)) {
		log_error("request %s: its body is in a file of another name than nginx gives",
			  req->id);
		return KN_ERR_INTERNAL;
	}
	if (asprintf(&path, "%s/spool/%s", req->server->conf->data_path, name) < 0)
		return KN_ERR_NOMEM;
	*fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	fault = fault_of(req, *fd, &req->body_bytes);
	if (fault == NULL) {
		req->body_file = path;
		return KN_OK;
	}
	log_error("request %s: its body %s: %s", req->id, path, fault);
	free(path);
	return KN_ERR_INTERNAL;
}
