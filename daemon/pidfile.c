#include "pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum kn_err pidfile_write(const char *path, pid_t pid)
{
	char fresh[PATH_MAX], text[16];
	int len = snprintf(text, sizeof(text), "%d\n", (int)pid);
	enum kn_err err = KN_OK;
	int fd;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return kn_err_from_errno(errno);
	if (write(fd, text, (size_t)len) != len)
		err = kn_err_from_errno(errno);
	if (close(fd) < 0 && err == KN_OK)
		err = kn_err_from_errno(errno);
	if (err == KN_OK && rename(fresh, path) < 0)
		err = kn_err_from_errno(errno);
	if (err != KN_OK)
		unlink(fresh);
	return err;
}

pid_t pidfile_read(const char *path)
{
	FILE *file = fopen(path, "re");
	int pid = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%9d", &pid) != 1 || pid < 1)
		pid = 0;
	fclose(file);
	return pid;
}
