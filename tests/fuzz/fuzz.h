/*
 * What the fuzz targets share. A target is a function of bytes; it must leave
 * nothing behind, and asserts what has to hold whatever the bytes are.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A NUL-terminated copy of exactly that size, so that a read past its end is seen. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	assert(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* Cuts the bytes up to the first '\n' off, or all of them, as a text. */
static inline char *fuzz_take_line(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size > 0 ? memchr(*data, '\n', *size) : NULL;
	size_t len = end != NULL ? (size_t)(end - *data) : *size;
	char *line = fuzz_text(*data, len);

	if (*size > 0)
		*data += end != NULL ? len + 1 : len;
	*size -= end != NULL ? len + 1 : len;
	return line;
}

/* How a stream is cut into pieces: the same seed, the same pieces, of 1..max bytes. */
struct fuzz_chunks {
	uint32_t state;
	size_t max;
};

static inline size_t fuzz_next_chunk(struct fuzz_chunks *chunks, size_t left)
{
	size_t n;

	chunks->state = chunks->state * 1664525u + 1013904223u;
	n = 1 + (chunks->state >> 8) % chunks->max;
	return n < left ? n : left;
}

#endif
