/*
 * Memory that dies with a request: strings of a few bytes, handed out by
 * moving a pointer. Belongs to one thread; the first block is kept from
 * request to request, so that a common request allocates nothing.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena_block;
/* Zero it to begin. */
struct arena {
	struct arena_block *blocks; /* the newest first, the one that is kept last */
};

/* Aligned for any type, not cleared. NULL when memory is out. */
void *arena_alloc(struct arena *arena, size_t size);
/* A NUL-terminated copy of len bytes. */
char *arena_copy(struct arena *arena, const char *text, size_t len);
/* Everything handed out is gone. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

#endif
