/*
 * A full disk. Below a low-water mark no new jobs are taken, so that those
 * under way can end. What little is left after that is found in the ballast, a
 * file that is given up when a write fails: with it jobs can still end, old
 * files be expired, and a restart recover.
 */
#include "store_priv.h"
#include "../fs.h"
#include "../log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
