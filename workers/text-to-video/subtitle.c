/* The files of captions.h. */
#include "workers/text-to-video/captions.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#define LEFT_TO_RIGHT "\xe2\x80\x8e"
#define RIGHT_TO_LEFT "\xe2\x80\x8f"
#define WORD_JOINER "\xe2\x81\xa0"
#define PLAIN "{\\1c&HFFFFFF&}"
#define SPOKEN "{\\1c&H4FD2FF&}" /* BGR: amber */

/* How a script is set: with a mark of its direction before each line, or one that begins with a
 * foreign word would turn around; and how large, as libass scales fonts by their full height, in
 * which some leave much room. */
struct setting {
	const char *script, *mark;
	double size;
};

static struct setting setting_of(const struct language *language)
{
	static const struct setting settings[] = {
		{"Arabic", RIGHT_TO_LEFT, 1.4},
		{"Hebrew", RIGHT_TO_LEFT, 1},
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (!strcmp(settings[i].script, language->script))
			return settings[i];
	return (struct setting){language->script, LEFT_TO_RIGHT, 1};
}

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

static void append_line(GString *line, const struct text *text, size_t from, size_t to,
			size_t spoken)
{
	g_string_append(line, setting_of(text->language).mark);
	for (size_t i = from; i < to; i++) {
		if (i == spoken)
			g_string_append(line, SPOKEN);
		append_word(line, &text->words[i]);
		if (i == spoken)
			g_string_append(line, PLAIN);
		if (text->words[i].space_after && i + 1 < to)
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
	struct setting setting = setting_of(text->language);
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
		"100,0,0,1,%.1f,%.1f,2,%.0f,%.0f,%.0f,-1\n\n[Events]\n"
		"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n",
		text->language->font, 64 * unit * setting.size, 3.2 * unit, 1.2 * unit, 70 * unit,
		70 * unit, 44 * unit);
	for (size_t i = 0; i < captions->count; i++)
		for (size_t j = captions->cues[i].from; j < captions->cues[i].to; j++)
			write_event(f, text, &captions->cues[i], j);
	return finish(f);
}
