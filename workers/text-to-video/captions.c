#include "workers/text-to-video/captions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <uniwidth.h>
#include <unistr.h>

enum { TAIL_MS = 250 }; /* a caption stays a little after its last word */

/* Words [from, to) with a line break before word `fold` (fold == to: one line). */
struct cue {
	size_t from, to, fold;
	int64_t start, end;
};

/* Where the text that goes with a word ends: its punctuation stands between it and the next word.
 */
static size_t word_end(const struct narration *n, size_t word)
{
	size_t end = word + 1 < n->words_n ? n->words[word + 1].at : strlen(n->text);

	while (end > n->words[word].at && strchr(" \t\r\n", n->text[end - 1]) != NULL)
		end--;
	return end;
}

static int columns(const struct narration *n, size_t from, size_t to)
{
	size_t at = n->words[from].at;

	return u8_width((const uint8_t *)n->text + at, word_end(n, to - 1) - at, "UTF-8");
}

/* How many words from `from` fit on one line; at least one, however long it is. */
static size_t line_of(const struct narration *n, size_t from, size_t limit)
{
	size_t to = from + 1;

	while (to < limit && columns(n, from, to + 1) <= CAPTION_COLUMNS)
		to++;
	return to;
}

/* How far a caption that begins here may go: a sentence that needs several captions is dealt out
 * evenly, so that none is left with its last word alone. */
static size_t cue_limit(const struct narration *n, size_t from)
{
	size_t end = from, to;
	int64_t ms;
	int width, parts;

	while (end < n->words_n && !n->words[end++].ends_sentence)
		;
	width = columns(n, from, end);
	ms = n->words[end - 1].end - n->words[from].start;
	parts = (width - 1) / (CAPTION_COLUMNS * CAPTION_LINES * 9 / 10) + 1;
	if (parts < ms / CAPTION_MS_MAX + 1)
		parts = (int)(ms / CAPTION_MS_MAX) + 1;
	for (to = from + 1; to < end; to++)
		if (columns(n, from, to) >= width / parts ||
		    n->words[to].end - n->words[from].start > CAPTION_MS_MAX)
			break;
	return to;
}

/* Two lines of like length read better than a full one and a rest. */
static size_t balance(const struct narration *n, const struct cue *cue)
{
	size_t fold = cue->fold;

	while (fold > cue->from + 1 &&
	       columns(n, cue->from, fold - 1) >= columns(n, fold - 1, cue->to) &&
	       columns(n, fold - 1, cue->to) <= CAPTION_COLUMNS)
		fold--;
	return fold;
}

static void next_cue(const struct narration *n, size_t from, struct cue *cue)
{
	size_t limit = cue_limit(n, from);
	int64_t next;

	cue->from = from;
	cue->fold = line_of(n, from, limit);
	cue->to = cue->fold < limit ? line_of(n, cue->fold, limit) : cue->fold;
	if (cue->fold < cue->to)
		cue->fold = balance(n, cue);
	cue->start = n->words[from].start;
	cue->end = n->words[cue->to - 1].end + TAIL_MS;
	next = cue->to < n->words_n ? n->words[cue->to].start : n->ms;
	if (cue->end > next)
		cue->end = next;
}

/* --- SRT --- */

static void srt_time(FILE *to, int64_t ms)
{
	fprintf(to, "%02d:%02d:%02d,%03d", (int)(ms / 3600000), (int)(ms / 60000 % 60),
		(int)(ms / 1000 % 60), (int)(ms % 1000));
}

/* White space inside a caption is a blank: an empty line would end it. */
static void put_plain(FILE *to, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fputc((unsigned char)text[i] < 0x20 ? ' ' : text[i], to);
}

static void write_srt(FILE *to, const struct narration *n, const struct cue *cue, size_t number)
{
	size_t at = n->words[cue->from].at, end = word_end(n, cue->to - 1);

	fprintf(to, "%zu\n", number);
	srt_time(to, cue->start);
	fputs(" --> ", to);
	srt_time(to, cue->end);
	fputc('\n', to);
	if (cue->fold < cue->to) {
		put_plain(to, n->text + at, word_end(n, cue->fold - 1) - at);
		fputc('\n', to);
		at = n->words[cue->fold].at;
	}
	put_plain(to, n->text + at, end - at);
	fputs("\n\n", to);
}

/* --- ASS --- */

static const char ass_head[] =
	"[Script Info]\nScriptType: v4.00+\nPlayResX: %d\nPlayResY: %d\nWrapStyle: 2\n"
	"ScaledBorderAndShadow: yes\n\n[V4+ Styles]\n"
	"Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, "
	"BackColour, "
	"Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, "
	"Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n"
	"Style: Caption,Noto "
	"Sans,%d,&H00FFFFFF,&H00FFFFFF,&HA0000000,&H80000000,-1,0,0,0,100,100,0,0,"
	"1,%d,1,2,40,40,%d,-1\n\n[Events]\n"
	"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n";

#define HIGHLIGHT "{\\c&H4FD8FF&}" /* BGR: a warm yellow */
#define PLAIN "{\\c&HFFFFFF&}"

static void ass_time(FILE *to, int64_t ms)
{
	fprintf(to, "%d:%02d:%02d.%02d", (int)(ms / 3600000), (int)(ms / 60000 % 60),
		(int)(ms / 1000 % 60), (int)(ms % 1000 / 10));
}

/* The text is data: a brace would open a tag, and a backslash an escape, which a word joiner behind
 * it prevents. */
static void put_escaped(FILE *to, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '{' || text[i] == '}')
			fprintf(to, "\\%c", text[i]);
		else if (text[i] == '\\')
			fputs("\\\u2060", to);
		else
			fputc((unsigned char)text[i] < 0x20 ? ' ' : text[i], to);
	}
}

/* The whole caption with one of its words highlighted. */
static void put_caption(FILE *to, const struct narration *n, const struct cue *cue, size_t spoken)
{
	for (size_t i = cue->from; i < cue->to; i++) {
		const struct spoken_word *word = &n->words[i];
		size_t rest = word->at + word->len, end = word_end(n, i);

		if (i == cue->fold)
			fputs("\\N", to);
		else if (i > cue->from && word->at > word_end(n, i - 1))
			fputc(' ', to);
		if (i == spoken)
			fputs(HIGHLIGHT, to);
		put_escaped(to, n->text + word->at, word->len);
		if (i == spoken)
			fputs(PLAIN, to);
		if (end > rest)
			put_escaped(to, n->text + rest, end - rest);
	}
}

static void write_ass(FILE *to, const struct narration *n, const struct cue *cue)
{
	for (size_t i = cue->from; i < cue->to; i++) {
		fputs("Dialogue: 0,", to);
		ass_time(to, n->words[i].start);
		fputc(',', to);
		ass_time(to, i + 1 < cue->to ? n->words[i + 1].start : cue->end);
		fputs(",Caption,,0,0,0,,", to);
		put_caption(to, n, cue, i);
		fputc('\n', to);
	}
}

static enum kn_err finish(FILE *file)
{
	bool failed = file == NULL || ferror(file);

	if (file != NULL && fclose(file) != 0)
		failed = true;
	return failed ? kn_err_from_errno(errno != 0 ? errno : EIO) : KN_OK;
}

enum kn_err captions_write(const struct narration *narration, const char *srt, const char *ass,
			   int width, int height, size_t *count)
{
	FILE *srt_file = fopen(srt, "we"), *ass_file = fopen(ass, "we");
	enum kn_err err, err2;
	struct cue cue = {0};

	*count = 0;
	if (srt_file != NULL && ass_file != NULL) {
		fprintf(ass_file, ass_head, width, height, height / 15, height / 360 + 1,
			height / 14);
		for (; cue.to < narration->words_n; (*count)++) {
			next_cue(narration, cue.to, &cue);
			write_srt(srt_file, narration, &cue, *count + 1);
			write_ass(ass_file, narration, &cue);
		}
	}
	err = finish(srt_file);
	err2 = finish(ass_file);
	return err != KN_OK ? err : err2;
}
