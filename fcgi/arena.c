#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 4096 };

struct arena_block {
	struct arena_block *older;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

static struct arena_block *block_new(struct arena_block *older, size_t size)
{
	size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
	struct arena_block *block;

	if (room > SIZE_MAX - sizeof(*block))
		return NULL;
	block = malloc(sizeof(*block) + room);
	if (block == NULL)
		return NULL;
	block->older = older;
	block->used = 0;
	block->size = room;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t mask = alignof(max_align_t) - 1;
	struct arena_block *block = arena->blocks;
	size_t at = block != NULL ? (block->used + mask) & ~mask : 0;

	if (block == NULL || at > block->size || size > block->size - at) {
		block = block_new(arena->blocks, size);
		if (block == NULL)
			return NULL;
		arena->blocks = block;
		at = 0;
	}
	block->used = at + size;
	return block->data + at;
}

char *arena_copy(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

/* Frees all blocks but the oldest `keep` (0 or 1). */
static void drop(struct arena *arena, int keep)
{
	while (arena->blocks != NULL && (!keep || arena->blocks->older != NULL)) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->older;
		free(block);
	}
}

void arena_reset(struct arena *arena)
{
	drop(arena, 1);
	if (arena->blocks != NULL && arena->blocks->size > BLOCK_BYTES)
		drop(arena, 0);
	if (arena->blocks != NULL)
		arena->blocks->used = 0;
}

void arena_free(struct arena *arena)
{
	drop(arena, 0);
}
