#include "lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { TRIES = 20, WAIT_MS = 100, WHO_SIZE = 64 };

/* For people: that it cannot be written, on a full disk, does not matter. */
static void write_holder(int fd, const char *who)
{
	char text[WHO_SIZE];
	int len = snprintf(text, sizeof(text), "%s (%d)\n", who, (int)getpid());

	if (ftruncate(fd, 0) < 0 || write(fd, text, (size_t)len) < 0)
		return;
}

enum kn_err lock_file_take(const char *dir, const char *name, const char *who, int *out)
{
	char path[PATH_MAX];
	int fd, ret = -1;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return KN_ERR_INVALID;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return kn_err_from_errno(errno);
	for (int i = 0; i < TRIES && ret < 0; i++) {
		if (i > 0)
			poll(NULL, 0, WAIT_MS);
		ret = flock(fd, LOCK_EX | LOCK_NB);
		if (ret < 0 && errno != EWOULDBLOCK)
			break;
	}
	if (ret < 0) {
		enum kn_err err = errno == EWOULDBLOCK ? KN_ERR_BUSY : kn_err_from_errno(errno);

		close(fd);
		return err;
	}
	write_holder(fd, who);
	*out = fd;
	return KN_OK;
}

void lock_file_holder(const char *dir, const char *name, char *out, size_t size)
{
	char path[PATH_MAX];
	FILE *file = NULL;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path))
		file = fopen(path, "re");
	if (file == NULL || fgets(out, (int)size, file) == NULL)
		snprintf(out, size, "another process");
	out[strcspn(out, "\n")] = '\0';
	if (file != NULL)
		fclose(file);
}
