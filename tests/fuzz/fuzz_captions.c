/* A story as captions. Whatever is written in it, the subtitles contain the overrides that we make
 * and no other, and each cue is a block of its own. Input: milliseconds per word (one byte), the
 * story. */
#include "fuzz.h"

#include "lib/text.h"
#include "workers/text-to-video/captions.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* The last is a backslash behind which a word joiner keeps the next letter from meaning anything.
 */
static const char *const ours[] = {"{\\1c&HFFFFFF&}", "{\\1c&H4FD2FF&}", "\\N", "\\{", "\\}",
				   "\\\xe2\x81\xa0"};

/* The text of a Dialogue line: past the ninth comma. */
static void check_dialogue(const char *line)
{
	for (int commas = 0; commas < 9; commas++) {
		line = strchr(line, ',');
		assert(line != NULL);
		line++;
	}
	while (*line != '\0') {
		size_t i = 0, n = sizeof(ours) / sizeof(ours[0]);

		while (i < n && strncmp(line, ours[i], strlen(ours[i])) != 0)
			i++;
		assert(i < n || strchr("{}\\", *line) == NULL);
		line += i < n ? strlen(ours[i]) : 1;
	}
}

/* Reads all of the file, whose descriptor is closed. */
static char *contents(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = malloc((size_t)size + 1);

	assert(text != NULL && pread(fd, text, (size_t)size, 0) == size);
	text[size] = '\0';
	close(fd);
	return text;
}

static void check_ass(const struct captions *captions, const struct text *text)
{
	int fd = memfd_create("ass", MFD_CLOEXEC);
	char path[32], *ass, *line, *rest;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert(captions_write_ass(captions, text, 1280, 720, path) == KN_OK);
	ass = contents(fd);
	rest = strstr(ass, "[Events]\n");
	assert(rest != NULL);
	for (strsep(&rest, "\n"), strsep(&rest, "\n"); (line = strsep(&rest, "\n")) != NULL;) {
		assert(line[0] == '\0' || strncmp(line, "Dialogue: 0,", 12) == 0);
		if (line[0] != '\0')
			check_dialogue(line);
	}
	free(ass);
}

/* A number, a line of times, one or two lines of text, an empty line. */
static void check_srt(const struct captions *captions, const struct text *text)
{
	int fd = memfd_create("srt", MFD_CLOEXEC), ms;
	char path[32], *srt, *rest;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert(captions_write_srt(captions, text, path) == KN_OK);
	rest = srt = contents(fd);
	for (size_t i = 0; i < captions->count; i++) {
		int lines = 0;
		char *line = strsep(&rest, "\n");

		assert(strtoul(line, NULL, 10) == i + 1);
		line = strsep(&rest, "\n");
		assert(sscanf(line, "%*d:%*d:%*d,%*d --> %*d:%*d:%*d,%d", &ms) == 1);
		while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0')
			lines++;
		assert(lines == 1 || lines == 2);
	}
	assert(rest != NULL && rest[0] == '\0');
	free(srt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct captions *captions = NULL;
	struct text *text = NULL;
	char *story;

	if (size < 1 || !text_is_utf8((const char *)data + 1, size - 1))
		return 0;
	story = fuzz_text(data + 1, size - 1);
	if (text_new(&text, story, NULL) == KN_OK) {
		assert(text->count > 0);
		for (size_t i = 0; i < text->count; i++) {
			text->words[i].begin = (int64_t)i * data[0] * 10;
			text->words[i].end = text->words[i].begin + data[0] * 9;
		}
		assert(captions_new(&captions, text, (int64_t)text->count * data[0] * 10) == KN_OK);
		check_srt(captions, text);
		check_ass(captions, text);
	}
	captions_free(&captions);
	text_free(&text);
	free(story);
	return 0;
}
