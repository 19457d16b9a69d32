/*
 * The next log file is there before it is needed, full of zeros. A flush then writes into blocks
 * that the file has, and the file system has nothing else to record, which would be a second write
 * to wait for.
 *
 * Berkeley DB opens a file that exists as it would one it had made. Recovery removes one that the
 * log had not come to: it finds such files without us, when the process was killed between making
 * one and writing to it.
 */
#include "store_priv.h"
#include "../fs.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Little at once, so that flushes do not wait for it. */
static bool fill(int fd)
{
	static const char zeros[1 << 20];

	for (off_t at = 0; at < LOG_FILE_BYTES; at += (off_t)sizeof(zeros))
		if (pwrite(fd, zeros, sizeof(zeros), at) != (ssize_t)sizeof(zeros) ||
		    fdatasync(fd) != 0)
			return false;
	return true;
}

void log_ahead_make(const struct store *store, u_int32_t file)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	bool made;
	int fd;

	if (!space_is_enough(store, LOG_FILE_BYTES) ||
	    snprintf(path, sizeof(path), "%s/log.%010u", store->dir, file) >= PATH_MAX ||
	    snprintf(fresh, sizeof(fresh), "%s/next-log", store->dir) >= PATH_MAX)
		return;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	made = fill(fd);
	close(fd);
	/* Not over one that Berkeley DB has begun meanwhile. */
	if (!made || renameat2(AT_FDCWD, fresh, AT_FDCWD, path, RENAME_NOREPLACE) != 0)
		fs_remove(fresh);
}
