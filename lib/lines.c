#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 16384 };

void lines_free(struct lines *lines)
{
	free(lines->data);
	*lines = (struct lines){.max = lines->max};
}

static void drop_done(struct lines *lines)
{
	if (lines->done == 0)
		return;
	memmove(lines->data, lines->data + lines->done, lines->len - lines->done);
	lines->len -= lines->done;
	lines->seen -= lines->done;
	lines->done = 0;
}

static enum kn_err make_room(struct lines *lines, size_t len)
{
	size_t size = lines->size;
	char *data;

	drop_done(lines);
	if (lines->size - lines->len >= len)
		return KN_OK;
	while (size - lines->len < len)
		size = size == 0 ? READ_SIZE : size * 2;
	data = realloc(lines->data, size);
	if (data == NULL)
		return KN_ERR_NOMEM;
	lines->data = data;
	lines->size = size;
	return KN_OK;
}

enum kn_err lines_put(struct lines *lines, const void *data, size_t len)
{
	if (len == 0)
		return KN_OK;
	if (make_room(lines, len) != KN_OK)
		return KN_ERR_NOMEM;
	memcpy(lines->data + lines->len, data, len);
	lines->len += len;
	return KN_OK;
}

ssize_t lines_read(struct lines *lines, int fd)
{
	ssize_t n;

	if (make_room(lines, READ_SIZE) != KN_OK) {
		errno = ENOMEM;
		return -1;
	}
	n = read(fd, lines->data + lines->len, READ_SIZE);
	if (n > 0)
		lines->len += (size_t)n;
	return n;
}

enum kn_err lines_end(struct lines *lines)
{
	return lines->done < lines->len && !lines->skipping ? lines_put(lines, "\n", 1) : KN_OK;
}

/* No '\n' in what is held: either more is to come, or the line is already too long. */
static enum lines_got without_end(struct lines *lines)
{
	bool was_skipping = lines->skipping;

	lines->seen = lines->len;
	if (!was_skipping && lines->len - lines->done <= lines->max)
		return LINES_NONE;
	lines->skipping = true;
	lines->done = lines->len;
	return was_skipping ? LINES_NONE : LINES_TOO_LONG;
}

enum lines_got lines_next(struct lines *lines, char **line, size_t *len)
{
	for (;;) {
		bool was_skipping = lines->skipping;
		char *start, *end;

		if (lines->done == lines->len)
			return LINES_NONE;
		end = memchr(lines->data + lines->seen, '\n', lines->len - lines->seen);
		if (end == NULL)
			return without_end(lines);
		start = lines->data + lines->done;
		lines->done = lines->seen = (size_t)(end - lines->data) + 1;
		lines->skipping = false;
		if (was_skipping)
			continue;
		if ((size_t)(end - start) > lines->max)
			return LINES_TOO_LONG;
		*end = '\0';
		*line = start;
		*len = (size_t)(end - start);
		return LINES_ONE;
	}
}
