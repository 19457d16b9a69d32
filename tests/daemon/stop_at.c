/*
 * LD_PRELOAD: the process stops itself (SIGSTOP) in front of the $STOP_COUNTth call of $STOP_AT, "open" or "link",
 * whose path holds $STOP_PATH. Whoever wants to do something just then need not be quick.
 */
#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void stop_at(const char *what, const char *path)
{
	static atomic_int calls;
	const char *at = getenv("STOP_AT"), *part = getenv("STOP_PATH");
	const char *count = getenv("STOP_COUNT");

	if (at == NULL || part == NULL || count == NULL || strcmp(at, what) != 0 ||
	    strstr(path, part) == NULL)
		return;
	if (atomic_fetch_add(&calls, 1) + 1 == atoi(count))
		raise(SIGSTOP);
}

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                                                 \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		va_list ap;                                                                        \
		mode_t mode;                                                                       \
                                                                                                   \
		va_start(ap, flags);                                                               \
		mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;            \
		va_end(ap);                                                                        \
		stop_at("open", path);                                                             \
		return NEXT(name)(path, flags, mode);                                              \
	}
OPEN(open)
OPEN(open64)

int link(const char *from, const char *to)
{
	stop_at("link", to);
	return NEXT(link)(from, to);
}
