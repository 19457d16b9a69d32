/* A stream cut into lines. Input: how it is cut (one byte), the longest line (one byte), the
 * stream. The lines must be those that a search for '\n' in the whole finds, however the stream
 * arrives. */
#include "fuzz.h"

#include "lib/lines.h"

struct expected {
	const uint8_t *at, *end;
	size_t max;
};

/* Compares one line that came with the next that is due. */
static void check_line(struct expected *due, enum lines_got got, const char *line, size_t len)
{
	const uint8_t *end = memchr(due->at, '\n', (size_t)(due->end - due->at));
	size_t want = (size_t)((end != NULL ? end : due->end) - due->at);

	if (got == LINES_TOO_LONG) {
		assert(want > due->max);
	} else {
		assert(want <= due->max && len == want && memcmp(line, due->at, len) == 0);
		assert(line[len] == '\0');
	}
	due->at += want;
	if (due->at < due->end)
		due->at++;
}

static void take_all(struct lines *lines, struct expected *due)
{
	enum lines_got got;
	char *line = NULL;
	size_t len = 0;

	while ((got = lines_next(lines, &line, &len)) != LINES_NONE)
		check_line(due, got, line, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_chunks chunks = {0, 1};
	struct lines lines = {0};
	struct expected due;

	if (size < 2)
		return 0;
	chunks.state = data[0];
	chunks.max = 1 + data[0] % 100;
	lines.max = data[1];
	due = (struct expected){data + 2, data + size, lines.max};
	data += 2;
	size -= 2;
	while (size > 0) {
		size_t n = fuzz_next_chunk(&chunks, size);

		assert(lines_put(&lines, data, n) == KN_OK);
		take_all(&lines, &due);
		assert(lines.len - lines.done <= lines.max);
		data += n;
		size -= n;
	}
	assert(lines_end(&lines) == KN_OK);
	take_all(&lines, &due);
	/* The rest of a line that was said to be too long has nothing more to say. */
	assert(due.at == due.end);
	lines_free(&lines);
	return 0;
}
