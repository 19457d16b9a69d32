#include "workers/text-to-video/captions.h"

#include <glib.h>
#include <stdlib.h>

enum {
	CUE_COLUMNS = 68,    /* what a cue is filled to; two lines hold more, for what is left */
	CUE_MS = 6500,       /* no longer than this */
	SHORT_SENTENCE = 22, /* columns: shown with its neighbour */
	READ_COLUMNS = 17,   /* a second */
	READ_MS = 1000,      /* at least */
	LINGER_MS = 500,     /* after the last word, if nothing follows */
};

/* The word that begins the second line: the lines as even as can be, but a line may not be too
 * long; a break after a clause is worth some unevenness. `to` if one line does. */
static size_t split(const struct text *text, size_t from, size_t to)
{
	size_t best = to, least = SIZE_MAX;

	if (text_columns(text, from, to) <= CAPTION_COLUMNS)
		return to;
	for (size_t i = from + 1; i < to; i++) {
		size_t a = text_columns(text, from, i), b = text_columns(text, i, to);
		size_t cost = (a > b ? a - b : b - a) + (text->words[i - 1].ends_clause ? 0 : 10);

		if (a <= CAPTION_COLUMNS && b <= CAPTION_COLUMNS && cost < least) {
			least = cost;
			best = i;
		}
	}
	return best;
}

static bool fits(const struct text *text, size_t from, size_t to)
{
	return text_columns(text, from, to) <= CAPTION_COLUMNS || split(text, from, to) < to;
}

/* What is shown together at most: a sentence, or short ones of a paragraph. */
static size_t passage_end(const struct text *text, size_t from)
{
	size_t end = text_sentence_end(text, from);

	while (end < text->count && !text->words[end - 1].ends_paragraph) {
		size_t next = text_sentence_end(text, end);

		if (text_columns(text, from, end) > SHORT_SENTENCE &&
		    text_columns(text, end, next) > SHORT_SENTENCE / 2)
			break;
		if (text_columns(text, from, next) > CUE_COLUMNS)
			break;
		end = next;
	}
	return end;
}

/* Where the cue that begins at `from` ends, if the passage is cut into cues of `target` columns. */
static size_t cue_end(const struct text *text, size_t from, size_t end, size_t target)
{
	size_t to = from + 1;

	for (; to < end && fits(text, from, to + 1); to++) {
		size_t columns = text_columns(text, from, to);

		if (text->words[to].end - text->words[from].begin > CUE_MS)
			break;
		if (columns >= target ||
		    (columns * 10 >= target * 7 && text->words[to - 1].ends_clause))
			break;
	}
	return to;
}

static void cut(GArray *cues, const struct text *text, size_t from, size_t end)
{
	size_t columns = 0, parts, target;

	for (size_t i = from; i < end; i++)
		columns += text->words[i].columns + text->words[i].space_after;
	parts = (columns + CUE_COLUMNS - 1) / CUE_COLUMNS;
	target = parts ? columns / parts : columns;
	while (from < end) {
		struct cue cue = {.from = from, .to = cue_end(text, from, end, target)};

		/* A last word alone would flash by. */
		if (end - cue.to == 1 && fits(text, from, end))
			cue.to = end;
		cue.second = split(text, cue.from, cue.to);
		cue.begin = text->words[cue.from].begin;
		cue.end = text->words[cue.to - 1].end;
		g_array_append_val(cues, cue);
		from = cue.to;
	}
}

/* A cue stays for as long as reading takes, if the next one leaves the time. */
static void linger(struct captions *captions, const struct text *text, int64_t duration)
{
	for (size_t i = 0; i < captions->count; i++) {
		struct cue *cue = &captions->cues[i];
		int64_t next = i + 1 < captions->count ? cue[1].begin : duration;
		int64_t read =
			(int64_t)text_columns(text, cue->from, cue->to) * 1000 / READ_COLUMNS;
		int64_t until = cue->begin + (read > READ_MS ? read : READ_MS);

		if (until < cue->end + LINGER_MS)
			until = cue->end + LINGER_MS;
		cue->end = until < next ? until : next;
	}
}

enum kn_err captions_new(struct captions **out, const struct text *text, int64_t duration)
{
	struct captions *captions = calloc(1, sizeof(*captions));
	GArray *cues = g_array_new(FALSE, FALSE, sizeof(struct cue));

	*out = captions;
	if (!captions)
		return KN_ERR_NOMEM;
	for (size_t from = 0, end; from < text->count; from = end) {
		end = passage_end(text, from);
		cut(cues, text, from, end);
	}
	captions->count = cues->len;
	captions->cues = (struct cue *)(void *)g_array_free(cues, FALSE);
	linger(captions, text, duration);
	return KN_OK;
}

void captions_free(struct captions **captions)
{
	if (!*captions)
		return;
	g_free((*captions)->cues);
	free(*captions);
	*captions = NULL;
}
