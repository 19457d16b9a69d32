/*
 * Splits a stream of bytes into lines, as they come, with a limit on a line's
 * length: what the control socket and the workers' pipes are read with.
 * Any bytes are safe to give.
 */
#ifndef KN_LINES_H
#define KN_LINES_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Zero it and set max to begin; lines_free() when done. */
struct lines {
	size_t max; /* bytes of a line without its '\n' */
	char *data;
	size_t len, size;
	size_t done;   /* given out */
	size_t seen;   /* searched for '\n' */
	bool skipping; /* inside a line that was too long */
};

enum lines_got {
	LINES_NONE, /* no whole line yet */
	LINES_ONE,
	LINES_TOO_LONG, /* once per such line; its bytes are dropped */
};

void lines_free(struct lines *lines);
/* KN_ERR_NOMEM: nothing was taken. */
enum kn_err lines_put(struct lines *lines, const void *data, size_t len);
/* The next line, NUL-terminated in place, valid until the next call on these lines. */
enum lines_got lines_next(struct lines *lines, char **line, size_t *len);
/* One read(2) from fd. As read(2): bytes, 0 at the end, -1 with errno. */
ssize_t lines_read(struct lines *lines, int fd);
/* The stream is over: what is left without a '\n' becomes a line. */
enum kn_err lines_end(struct lines *lines);

#endif
