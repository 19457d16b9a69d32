/* The files of captions.h. */
#include "workers/text-to-video/captions.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

#define WORD_JOINER "\xe2\x81\xa0"
#define PLAIN "{\\1c&HFFFFFF&}"
#define SPOKEN "{\\1c&H4FD2FF&}" /* BGR: amber */

static enum kn_err finish(FILE *f)
{
	int failed = ferror(f);

	return fclose(f) || failed ? KN_ERR_IO : KN_OK;
}

static void write_srt_time(FILE *f, int64_t ms)
{
	fprintf(f, "%02d:%02d:%02d,%03d", (int)(ms / 3600000), (int)(ms / 60000 % 60),
		(int)(ms / 1000 % 60), (int)(ms % 1000));
}

static void write_words(FILE *f, const struct text *text, size_t from, size_t to)
{
	const struct word *last;

	if (from == to)
		return;
	last = &text->words[to - 1];
	fwrite(text->words[from].at, 1, (size_t)(last->at + last->len - text->words[from].at), f);
	fputc('\n', f);
}

enum kn_err captions_write_srt(const struct captions *captions, const struct text *text,
			       const char *file)
{
	FILE *f = fopen(file, "we");

	if (!f)
		return kn_err_from_errno(errno);
	for (size_t i = 0; i < captions->count; i++) {
		const struct cue *cue = &captions->cues[i];

		fprintf(f, "%zu\n", i + 1);
		write_srt_time(f, cue->begin);
		fputs(" --> ", f);
		write_srt_time(f, cue->end);
		fputc('\n', f);
		write_words(f, text, cue->from, cue->second);
		write_words(f, text, cue->second, cue->to);
		fputc('\n', f);
	}
	return finish(f);
}

/* A '{' would begin an override, and a '\' too: behind a word joiner, which shows nothing, it is
 * itself. */
static void append_word(GString *line, const struct word *word)
{
	for (uint32_t i = 0; i < word->len; i++) {
		if (strchr("{}", word->at[i]))
			g_string_append_c(line, '\\');
		g_string_append_c(line, word->at[i]);
		if (word->at[i] == '\\')
			g_string_append(line, WORD_JOINER);
	}
}

static bool is_rtl_word(const struct word *word)
{
	const uint8_t *at = (const uint8_t *)word->at;
	ucs4_t c;

	for (size_t i = 0; i < word->len; i += (size_t)u8_mbtouc(&c, at + i, word->len - i)) {
		int class;

		u8_mbtouc(&c, at + i, word->len - i);
		class = uc_bidi_class(c);
		if (class == UC_BIDI_R || class == UC_BIDI_AL)
			return true;
		if (class == UC_BIDI_L || class == UC_BIDI_EN)
			return false;
	}
	return true;
}

static void reverse(size_t *order, size_t from, size_t to)
{
	while (from + 1 < to) {
		size_t other = order[--to];

		order[to] = order[from];
		order[from++] = other;
	}
}

/*
 * The order in which a line's words stand from left to right. libass orders the letters of each run
 * of one colour but leaves the runs as they come, so what the bidirectional algorithm does with
 * words is done here: all turned round, then those in other scripts turned back.
 */
static void visual_order(const struct text *text, size_t from, size_t to, size_t *order)
{
	size_t count = to - from;

	for (size_t i = 0; i < count; i++)
		order[i] = from + i;
	if (!text->language->rtl)
		return;
	reverse(order, 0, count);
	for (size_t i = 0, j; i < count; i = j + 1) {
		for (j = i; j < count && !is_rtl_word(&text->words[order[j]]); j++)
			;
		reverse(order, i, j);
	}
}

static void append_line(GString *line, const struct text *text, size_t from, size_t to,
			size_t spoken)
{
	size_t order[to > from ? to - from : 1];
	bool rtl = text->language->rtl;

	visual_order(text, from, to, order);
	for (size_t i = 0; i < to - from; i++) {
		const struct word *word = &text->words[order[i]];
		const struct word *gap =
			rtl && i + 1 < to - from ? &text->words[order[i + 1]] : word;

		/* Each word a run of its own where their order is ours. */
		if (rtl || order[i] == spoken)
			g_string_append(line, order[i] == spoken ? SPOKEN : "{\\1c&HFFFFFE&}");
		append_word(line, word);
		if (rtl || order[i] == spoken)
			g_string_append(line, PLAIN);
		if (gap->space_after && i + 1 < to - from)
			g_string_append_c(line, ' ');
	}
}

static void write_ass_time(FILE *f, int64_t ms)
{
	fprintf(f, "%d:%02d:%02d.%02d", (int)(ms / 3600000), (int)(ms / 60000 % 60),
		(int)(ms / 1000 % 60), (int)(ms / 10 % 100));
}

static void write_event(FILE *f, const struct text *text, const struct cue *cue, size_t spoken)
{
	const struct word *words = text->words;
	int64_t begin = spoken == cue->from ? cue->begin : words[spoken].begin;
	int64_t end = spoken + 1 < cue->to ? words[spoken + 1].begin : cue->end;
	GString *line;

	if (end / 10 <= begin / 10) /* no time to show it in: the format has hundredths */
		return;
	line = g_string_new(NULL);
	append_line(line, text, cue->from, cue->second, spoken);
	if (cue->second < cue->to) {
		g_string_append(line, "\\N");
		append_line(line, text, cue->second, cue->to, spoken);
	}
	fputs("Dialogue: 0,", f);
	write_ass_time(f, begin);
	fputc(',', f);
	write_ass_time(f, end);
	fprintf(f, ",Caption,,0,0,0,,%s\n", line->str);
	g_string_free(line, TRUE);
}

enum kn_err captions_write_ass(const struct captions *captions, const struct text *text, int width,
			       int height, const char *file)
{
	double unit = height / 720.0;
	FILE *f = fopen(file, "we");

	if (!f)
		return kn_err_from_errno(errno);
	fprintf(f,
		"[Script Info]\nScriptType: v4.00+\nPlayResX: %d\nPlayResY: %d\nWrapStyle: 0\n"
		"ScaledBorderAndShadow: yes\nYCbCr Matrix: TV.709\n\n[V4+ Styles]\n"
		"Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, "
		"BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, "
		"BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n",
		width, height);
	fprintf(f,
		"Style: Caption,%s,%.0f,&H00FFFFFF,&H00FFFFFF,&H30100A06,&H80000000,-1,0,0,0,100,"
		"100,0,0,1,%.1f,%.1f,2,%.0f,%.0f,%.0f,1\n\n[Events]\n"
		"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n",
		text->language->font, 64 * unit, 3.2 * unit, 1.2 * unit, 70 * unit, 70 * unit,
		44 * unit);
	for (size_t i = 0; i < captions->count; i++)
		for (size_t j = captions->cues[i].from; j < captions->cues[i].to; j++)
			write_event(f, text, &captions->cues[i], j);
	return finish(f);
}
