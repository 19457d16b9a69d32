/*
 * LD_PRELOAD: a full disk where none can be mounted. While the file $NO_SPACE is
 * there, statvfs() finds nothing left and no regular file grows.
 */
#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static bool is_full(void)
{
	const char *flag = getenv("NO_SPACE");
	int saved = errno;
	bool full = flag != NULL && access(flag, F_OK) == 0;

	errno = saved;
	return full;
}

static bool grows(int fd, off_t at, size_t len)
{
	struct stat st;

	return is_full() && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (at < 0 ? lseek(fd, 0, SEEK_CUR) : at) + (off_t)len > st.st_size;
}

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

#define WRITE_AT(name, offset)                                                                     \
	ssize_t name(int fd, const void *data, size_t len, offset at)                              \
	{                                                                                          \
		if (!grows(fd, at, len))                                                           \
			return NEXT(name)(fd, data, len, at);                                      \
		errno = ENOSPC;                                                                    \
		return -1;                                                                         \
	}
WRITE_AT(pwrite, off_t)
WRITE_AT(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t len)
{
	if (!grows(fd, -1, len))
		return NEXT(write)(fd, data, len);
	errno = ENOSPC;
	return -1;
}

#define ALLOCATE(name, offset)                                                                     \
	int name(int fd, offset at, offset len)                                                    \
	{                                                                                          \
		return is_full() ? ENOSPC : NEXT(name)(fd, at, len);                               \
	}
ALLOCATE(posix_fallocate, off_t)
ALLOCATE(posix_fallocate64, off64_t)

#define STATVFS(name, what, where, type)                                                           \
	int name(what, struct type *fs)                                                            \
	{                                                                                          \
		int ret = NEXT(name)(where, fs);                                                   \
                                                                                                   \
		if (ret == 0 && is_full())                                                         \
			fs->f_bavail = fs->f_bfree = 0;                                            \
		return ret;                                                                        \
	}
STATVFS(statvfs, const char *path, path, statvfs)
STATVFS(statvfs64, const char *path, path, statvfs64)
STATVFS(fstatvfs, int fd, fd, statvfs)
STATVFS(fstatvfs64, int fd, fd, statvfs64)
