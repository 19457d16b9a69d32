/*
 * A full disk. Below a low-water mark no new jobs are taken, so that those
 * under way can end. What little is left after that is found in the ballast, a
 * file that is given up when a write fails: with it jobs can still end, old
 * files be expired, and a restart recover.
 */
#include "store_priv.h"
#include "../fs.h"
#include "../log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { SPACE_LOW_BYTES = 16 << 20, BALLAST_BYTES = 16 << 20 };

static uint64_t space_left(const struct store *store)
{
	struct statvfs fs;

	return fstatvfs(store->lock_fd, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize
						  : UINT64_MAX;
}

bool space_is_low(const struct store *store)
{
	return space_left(store) < SPACE_LOW_BYTES;
}

bool space_is_enough(const struct store *store, uint64_t bytes)
{
	return space_left(store) >= bytes + 4 * (uint64_t)SPACE_LOW_BYTES;
}

static bool ballast_path(const struct store *store, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/ballast", store->dir) < PATH_MAX;
}

static void take_ballast(struct store *store)
{
	char path[PATH_MAX];
	int fd;

	if (!ballast_path(store, path))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	store->has_ballast = posix_fallocate(fd, 0, BALLAST_BYTES) == 0;
	close(fd);
	if (!store->has_ballast)
		fs_remove(path);
}

bool space_give_up_ballast(struct store *store)
{
	char path[PATH_MAX];

	store->has_ballast = false;
	if (!ballast_path(store, path) || unlink(path) != 0)
		return false;
	log_error("store: the disk is full: ballast given up; no new jobs until there is space");
	return true;
}

/* Whether nothing but zeros lies behind `at`. */
static bool is_blank_from(int fd, off_t at)
{
	static const char zeros[STORE_PAGE_SIZE];
	char page[STORE_PAGE_SIZE];
	ssize_t n;

	while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
		n = pread(fd, page, sizeof(page), at);
		if (n <= 0 || memcmp(page, zeros, (size_t)n) != 0)
			return false;
		at += n;
	}
	return errno == ENXIO;
}

/* A log is written from its beginning on: behind a hole nothing can have been written. */
static void trim(int fd)
{
	off_t hole = lseek(fd, 0, SEEK_HOLE);

	if (hole > 0 && is_blank_from(fd, hole) && ftruncate(fd, hole) != 0)
		log_warn("store: a log cannot be cut: %s", strerror(errno));
}

/* Berkeley DB makes its log files long at once, and recovery fills the last one with zeros to its
 * end. That would take 16 MiB of a full disk. */
static void trim_logs(const struct store *store)
{
	DIR *dir = opendir(store->dir);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		int fd = -1;

		if (strncmp(entry->d_name, "log.", 4) == 0)
			fd = openat(dirfd(dir), entry->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		trim(fd);
		close(fd);
	}
	if (dir != NULL)
		closedir(dir);
}

void space_prepare_recovery(struct store *store)
{
	if (!space_is_low(store))
		return;
	trim_logs(store);
	space_give_up_ballast(store);
}

void space_check(struct store *store)
{
	uint64_t left = space_left(store);
	bool low = left < SPACE_LOW_BYTES;

	if (low != store->space_is_low)
		log_warn("store: %" PRIu64 " MiB left on the disk: %s", left >> 20,
			 low ? "no new jobs" : "new jobs again");
	if (low && !store->space_is_low)
		checkpointer_request(store); /* while there still is space for it */
	store->space_is_low = low;
	if (!store->has_ballast && left >= 2 * SPACE_LOW_BYTES + BALLAST_BYTES)
		take_ballast(store);
}
