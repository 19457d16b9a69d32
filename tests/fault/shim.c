/*
 * Preloaded into kinora-fcgi and kinorad: a disk that fails when it is told to,
 * and that knows what a power cut would leave.
 *
 * FAULT_ROOT is the instance's data directory; only files below it are meant.
 * FAULT_DIR holds what the driver and we share:
 *   control   eight 32-bit numbers, below as struct control; the driver changes
 *             them while we run
 *   journal   lines, in the order of what happened:
 *               N path          a file or directory was made; its name is not durable yet
 *               R from \t to    it was renamed; so is this
 *               D path          a directory was synced: the names in it are durable
 *               S inode bytes   a file was synced when it had so many bytes
 *               T inode bytes   it was cut to so many
 *   undo.INODE  what writes to a database or log since its last sync overwrote:
 *             struct undo and the old bytes, oldest first. A sync empties it.
 *             (Berkeley DB makes a log as long as it may become, as a hole.)
 *
 * A sync that is made to fail does nothing. A write that is made short writes
 * half; one that fails writes nothing.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum kind { UNKNOWN, OTHER, STORE_LOG, STORE_DB, MEDIA };

struct control {
	/* How many of 10,000 calls fail so. */
	uint32_t write_enospc, write_eio, write_short, sync_eio;
	uint32_t full;       /* no file grows, and statvfs says why */
	uint32_t kinds;      /* of files that fail: a bit for each enum kind */
	uint32_t sync_errno; /* of syncs that fail; 0: EIO */
	uint32_t unused;
};

struct undo {
	uint64_t offset;
	uint32_t old; /* bytes that follow */
	uint32_t new; /* bytes that were written */
};

enum { DESCRIPTORS = 65536 };

static const volatile struct control *control;
static const char *root, *dir;
static int journal = -1;
static _Atomic unsigned char kinds[DESCRIPTORS];
/* Writes to the store and their syncs, so that an undo file fits the moment of a sync. */
static pthread_mutex_t store_lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name)                     \
	static __typeof__(&name) real; \
	if (real == NULL)              \
	real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void start(void)
{
	char path[PATH_MAX];
	void *page;
	int fd;

	root = getenv("FAULT_ROOT");
	dir = getenv("FAULT_DIR");
	if (root == NULL || dir == NULL ||
	    (strcmp(program_invocation_short_name, "kinora-fcgi") != 0 &&
	     strcmp(program_invocation_short_name, "kinorad") != 0))
		return;
	snprintf(path, sizeof(path), "%s/control", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	page = mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/journal", dir);
	journal = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (page == MAP_FAILED || journal < 0) {
		fprintf(stderr, "shim: no control or journal in %s\n", dir);
		_exit(1);
	}
	control = page;
}

/* --- what a descriptor is --- */

/* The part of a path below root, or NULL. */
static const char *below_root(const char *path)
{
	size_t len = strlen(root);

	return strncmp(path, root, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

static enum kind kind_of_path(const char *path)
{
	static const char *const media[] = {"incoming/", "spool/", "videos/",
					    "output/",   "jobs/",  "work/"};
	const char *rel = below_root(path), *end;

	if (rel == NULL)
		return OTHER;
	end = rel + strlen(rel);
	if (strncmp(rel, "store/log.", 10) == 0)
		return STORE_LOG;
	if (strncmp(rel, "store/", 6) == 0 && strcmp(end - 3, ".db") == 0)
		return STORE_DB;
	for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++)
		if (strncmp(rel, media[i], strlen(media[i])) == 0)
			return MEDIA;
	return OTHER;
}

static bool is_of_store(enum kind kind)
{
	return kind == STORE_LOG || kind == STORE_DB;
}

static bool path_of(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	path[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static enum kind kind_of(int fd)
{
	char path[PATH_MAX];

	if (control == NULL || fd < 0 || fd >= DESCRIPTORS)
		return OTHER;
	if (kinds[fd] == UNKNOWN)
		kinds[fd] = path_of(fd, path) ? kind_of_path(path) : OTHER;
	return kinds[fd];
}

static uint64_t size_of(int fd, uint64_t *inode)
{
	struct stat st = {0};

	fstat(fd, &st);
	*inode = st.st_ino;
	return (uint64_t)st.st_size;
}

/* --- the journal --- */

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	char line[2 * PATH_MAX + 64];
	int saved = errno, n;
	va_list args;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n > 0 && n < (int)sizeof(line) && write(journal, line, (size_t)n) != n)
		abort();
	errno = saved;
}

/* --- failing --- */

static bool happens(uint32_t of_10000)
{
	static _Thread_local unsigned seed;

	if (of_10000 == 0)
		return false;
	if (seed == 0)
		seed = (unsigned)gettid();
	return (uint32_t)(rand_r(&seed) % 10000) < of_10000;
}

static bool is_meant(enum kind kind)
{
	return control != NULL && (control->kinds & 1u << kind) != 0;
}

/* 0, or the errno that a write of *n bytes at `offset` (< 0: at the end) fails with; *n may shrink.
 */
static int fail_write(int fd, enum kind kind, off_t offset, size_t *n)
{
	uint64_t inode, size;

	if (!is_meant(kind))
		return 0;
	if (control->full != 0) {
		size = size_of(fd, &inode);
		if (offset < 0 || (uint64_t)offset + *n > size)
			return ENOSPC;
	}
	if (happens(control->write_enospc))
		return ENOSPC;
	if (happens(control->write_eio))
		return EIO;
	if (*n > 1 && happens(control->write_short))
		*n /= 2;
	return 0;
}

/* --- writing --- */

static void keep_old(int fd, off_t offset, size_t n)
{
	char path[PATH_MAX], *old = malloc(sizeof(struct undo) + n);
	struct undo undo = {.offset = (uint64_t)offset, .new = (uint32_t)n};
	uint64_t inode;
	ssize_t got;
	int to;

	size_of(fd, &inode);
	snprintf(path, sizeof(path), "%s/undo.%llu", dir, (unsigned long long)inode);
	to = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	got = old != NULL ? pread(fd, old + sizeof(undo), n, offset) : -1;
	if (to < 0 || got < 0)
		abort();
	undo.old = (uint32_t)got;
	memcpy(old, &undo, sizeof(undo));
	if (write(to, old, sizeof(undo) + (size_t)got) != (ssize_t)sizeof(undo) + got)
		abort();
	close(to);
	free(old);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t offset)
{
	REAL(pwrite);
	enum kind kind = kind_of(fd);
	ssize_t done;

	errno = fail_write(fd, kind, offset, &n);
	if (errno != 0)
		return -1;
	if (!is_of_store(kind))
		return real(fd, data, n, offset);
	pthread_mutex_lock(&store_lock);
	keep_old(fd, offset, n);
	done = real(fd, data, n, offset);
	pthread_mutex_unlock(&store_lock);
	return done;
}

ssize_t write(int fd, const void *data, size_t n)
{
	REAL(write);
	enum kind kind = kind_of(fd);

	if (kind == OTHER)
		return real(fd, data, n);
	if (is_of_store(kind)) {
		ssize_t done = pwrite(fd, data, n, lseek(fd, 0, SEEK_CUR));

		if (done > 0)
			lseek(fd, done, SEEK_CUR);
		return done;
	}
	errno = fail_write(fd, kind, lseek(fd, 0, SEEK_CUR), &n);
	return errno != 0 ? -1 : real(fd, data, n);
}

int ftruncate(int fd, off_t size)
{
	REAL(ftruncate);
	uint64_t inode;

	if (kind_of(fd) != OTHER) {
		size_of(fd, &inode);
		note("T %llu %lld\n", (unsigned long long)inode, (long long)size);
	}
	return real(fd, size);
}

/* --- syncing --- */

static void forget_old(uint64_t inode)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/undo.%llu", dir, (unsigned long long)inode);
	unlink(path);
}

static int sync_directory(int (*real)(int), int fd)
{
	char path[PATH_MAX];
	int ret = real(fd);

	if (ret == 0 && path_of(fd, path) && below_root(path) != NULL)
		note("D %s\n", path);
	return ret;
}

static int do_sync(int (*real)(int), int fd)
{
	enum kind kind = kind_of(fd);
	uint64_t inode, size;
	struct stat st;
	int ret;

	if (control == NULL || fstat(fd, &st) != 0)
		return real(fd);
	if (is_meant(kind) && happens(control->sync_eio)) {
		errno = control->sync_errno != 0 ? (int)control->sync_errno : EIO;
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		return sync_directory(real, fd);
	if (kind == OTHER)
		return real(fd);
	if (is_of_store(kind))
		pthread_mutex_lock(&store_lock);
	size = size_of(fd, &inode);
	ret = real(fd);
	if (ret == 0) {
		note("S %llu %llu\n", (unsigned long long)inode, (unsigned long long)size);
		if (is_of_store(kind))
			forget_old(inode);
	}
	if (is_of_store(kind))
		pthread_mutex_unlock(&store_lock);
	return ret;
}

int fsync(int fd)
{
	REAL(fsync);
	return do_sync(real, fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	return do_sync(real, fd);
}

/* --- names --- */

static void note_new(int fd)
{
	char path[PATH_MAX];
	uint64_t inode;

	if (fd >= 0 && kind_of(fd) != OTHER && path_of(fd, path)) {
		size_of(fd, &inode);
		note("S %llu 0\n", (unsigned long long)inode); /* of an old file with this number */
		note("N %s\n", path);
	}
}

int open(const char *path, int flags, ...)
{
	REAL(open);
	bool is_new = control != NULL && (flags & O_CREAT) != 0 && access(path, F_OK) != 0;
	mode_t mode = 0;
	va_list args;
	int fd;

	va_start(args, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	fd = real(path, flags, mode);
	if (is_new)
		note_new(fd);
	return fd;
}

int mkdir(const char *path, mode_t mode)
{
	REAL(mkdir);
	int ret = real(path, mode);

	if (ret == 0 && control != NULL && kind_of_path(path) == MEDIA)
		note("N %s\n", path);
	return ret;
}

int close(int fd)
{
	REAL(close);

	if (fd >= 0 && fd < DESCRIPTORS)
		kinds[fd] = UNKNOWN;
	return real(fd);
}

int rename(const char *from, const char *to)
{
	REAL(rename);
	int ret = real(from, to);

	if (ret == 0 && control != NULL && kind_of_path(to) != OTHER)
		note("R %s\t%s\n", from, to);
	return ret;
}

/* --- a full disk --- */

int posix_fallocate(int fd, off_t offset, off_t n)
{
	REAL(posix_fallocate);
	return control != NULL && control->full != 0 ? ENOSPC : real(fd, offset, n);
}

int fstatvfs(int fd, struct statvfs *fs)
{
	REAL(fstatvfs);
	int ret = real(fd, fs);

	if (ret == 0 && control != NULL && control->full != 0)
		fs->f_bavail = fs->f_bfree = 0;
	return ret;
}
