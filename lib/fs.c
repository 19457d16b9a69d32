#include "fs.h"

#include "conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { WALK_DESCRIPTORS = 16, OPENINGS_MAX = 8, COPY_BYTES = 1 << 30 };

/* A new one's name is durable, or what is made in it could be lost with it. */
static enum kn_err make_dir(const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0)
		return fs_sync_parent(path);
	return errno == EEXIST ? KN_OK : kn_err_from_errno(errno);
}

enum kn_err fs_make_dirs(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	enum kn_err err = KN_OK;

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		return KN_ERR_INVALID;
	for (char *p = part + 1; err == KN_OK && *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		err = make_dir(part, mode);
		*p = '/';
	}
	return err == KN_OK ? make_dir(part, mode) : err;
}

/* The directory part of a path; "." when it has none. */
static enum kn_err parent_of(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) : 0;

	if (len >= PATH_MAX)
		return KN_ERR_INVALID;
	if (len == 0) {
		strcpy(out, slash != NULL ? "/" : ".");
		return KN_OK;
	}
	memcpy(out, path, len);
	out[len] = '\0';
	return KN_OK;
}

enum kn_err fs_make_parent(const char *path, mode_t mode)
{
	char dir[PATH_MAX];
	enum kn_err err = parent_of(path, dir);

	return err == KN_OK ? fs_make_dirs(dir, mode) : err;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) != 0 && errno != ENOENT ? -1 : 0;
}

/* What made the tree may have taken away its own rights. */
static int open_up(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if ((type == FTW_D || type == FTW_DNR) && (st->st_mode & S_IRWXU) != S_IRWXU)
		chmod(path, (st->st_mode & 07777) | S_IRWXU);
	return 0;
}

static bool remove_once(const char *path)
{
	return nftw(path, remove_entry, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0 ||
	       errno == ENOENT;
}

enum kn_err fs_remove_tree(const char *path)
{
	bool removed = remove_once(path);

	/* A directory that could not be read shows what is in it the next time. */
	for (int i = 0; i < OPENINGS_MAX && !removed && (errno == EACCES || errno == ENOTEMPTY);
	     i++) {
		nftw(path, open_up, WALK_DESCRIPTORS, FTW_PHYS | FTW_MOUNT);
		removed = remove_once(path);
	}
	return removed ? KN_OK : kn_err_from_errno(errno);
}

enum kn_err fs_sync_dir(const char *path)
{
	enum kn_err err = KN_OK;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return kn_err_from_errno(errno);
	if (fsync(fd) != 0)
		err = kn_err_from_errno(errno);
	close(fd);
	return err;
}

enum kn_err fs_sync_parent(const char *path)
{
	char dir[PATH_MAX];
	enum kn_err err = parent_of(path, dir);

	return err == KN_OK ? fs_sync_dir(dir) : err;
}

static enum kn_err copy_bytes(int from, int to)
{
	ssize_t n;

	do {
		n = copy_file_range(from, NULL, to, NULL, COPY_BYTES, 0);
	} while (n > 0 || (n < 0 && errno == EINTR));
	/* Not between these two file systems: by way of the page cache then. */
	if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP))
		do {
			n = sendfile(to, from, NULL, COPY_BYTES);
		} while (n > 0 || (n < 0 && errno == EINTR));
	return n == 0 ? KN_OK : kn_err_from_errno(errno);
}

enum kn_err fs_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out = -1;
	struct stat st;
	enum kn_err err;

	if (in < 0 || fstat(in, &st) != 0) {
		err = kn_err_from_errno(errno);
		goto out;
	}
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st.st_mode & 0777);
	err = out >= 0 ? copy_bytes(in, out) : kn_err_from_errno(errno);
out:
	if (in >= 0)
		close(in);
	if (out >= 0 && close(out) != 0 && err == KN_OK)
		err = kn_err_from_errno(errno);
	return err;
}

bool fs_has_room(const char *path, int64_t mark, uint64_t bytes)
{
	struct statvfs fs;
	uint64_t left, used;

	if (mark == 0 || statvfs(path, &fs) != 0)
		return true;
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (bytes > left)
		return false;
	if (mark > CONF_MARK_PERCENT_MAX)
		return left - bytes >= (uint64_t)mark;
	/* As df(1) counts: of what the unprivileged may use. */
	used = (uint64_t)(fs.f_blocks - fs.f_bfree) * fs.f_frsize;
	return (double)(used + bytes) * 100 <= (double)(used + left) * (double)mark;
}

enum kn_err fs_remove(const char *path)
{
	return unlink(path) == 0 || errno == ENOENT ? KN_OK : kn_err_from_errno(errno);
}

void fs_forget_cached(const char *dir)
{
	DIR *entries = opendir(dir);
	const struct dirent *entry;

	while (entries != NULL && (entry = readdir(entries)) != NULL) {
		int fd = openat(dirfd(entries), entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			continue;
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		close(fd);
	}
	if (entries != NULL)
		closedir(entries);
}
