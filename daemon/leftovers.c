#include "leftovers.h"

#include "lib/log.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* Reads the file whole; NULL if it is not ours to read. Entries end with NUL, and so does the text.
 */
static char *read_environ(int proc, const char *pid, size_t *len)
{
	char path[NAME_MAX + sizeof("/environ")], *text = NULL;
	FILE *file;
	size_t size = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/environ", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	file = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (file == NULL)
		return NULL;
	n = getdelim(&text, &size, EOF, file);
	fclose(file);
	if (n <= 0) {
		free(text);
		return NULL;
	}
	*len = (size_t)n;
	return text;
}

static bool has_entry(const char *text, size_t len, const char *wanted)
{
	size_t wanted_len = strlen(wanted);

	for (const char *at = text; at < text + len; at += strlen(at) + 1)
		if (strncmp(at, wanted, wanted_len) == 0)
			return true;
	return false;
}

/* The pidfd comes first: what was checked is what is killed. */
static bool kill_if(int proc, const char *name, const char *wanted)
{
	int pidfd = pidfd_open((pid_t)atol(name), 0);
	char *text = NULL;
	bool killed = false;
	size_t len;

	if (pidfd < 0)
		return false;
	text = read_environ(proc, name, &len);
	if (text != NULL && has_entry(text, len, wanted))
		killed = pidfd_send_signal(pidfd, SIGKILL, NULL, 0) == 0;
	free(text);
	close(pidfd);
	return killed;
}

size_t leftovers_kill(const char *work_dir)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char *wanted = NULL;
	size_t n = 0;

	if (dir == NULL || asprintf(&wanted, "KINORA_WORK_DIR=%s", work_dir) < 0)
		goto out;
	while ((entry = readdir(dir)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    kill_if(dirfd(dir), entry->d_name, wanted))
			n++;
out:
	free(wanted);
	if (dir != NULL)
		closedir(dir);
	return n;
}
