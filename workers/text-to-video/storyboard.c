#include "workers/text-to-video/storyboard.h"

#include <glib.h>
#include <stdlib.h>

enum {
	PANELS = 150, /* about; a longer film has longer panels */
	SHORTEST = 4,
	USUAL = 7,
	LONGEST = 12,   /* seconds */
	EARLY_MS = 200, /* the picture changes a little before the voice goes on */
};

/* The first cue that is not in the panel that begins with cue `from`. */
static size_t panel_end(const struct captions *captions, const struct text *text, size_t from,
			int64_t usual)
{
	int64_t start = captions->cues[from].begin;

	for (size_t i = from; i + 1 < captions->count; i++) {
		const struct word *last = &text->words[captions->cues[i].to - 1];
		int64_t lasts = captions->cues[i + 1].begin - start;
		int64_t after = captions->cues[i + 1].end - start;

		if (lasts >= SHORTEST * 1000 && last->ends_paragraph)
			return i + 1;
		if (lasts >= usual && last->ends_sentence)
			return i + 1;
		if (after > usual * LONGEST / USUAL && lasts >= SHORTEST * 1000)
			return i + 1;
	}
	return captions->count;
}

enum kn_err storyboard_new(struct storyboard **out, const struct captions *captions,
			   const struct text *text, int64_t frames, int fps)
{
	struct storyboard *board = calloc(1, sizeof(*board));
	GArray *panels = g_array_new(FALSE, TRUE, sizeof(struct panel));
	int64_t usual = frames * 1000 / fps / PANELS, begin = 0;
	size_t from = 0, to;

	*out = board;
	if (!board)
		return KN_ERR_NOMEM;
	if (usual < USUAL * 1000)
		usual = USUAL * 1000;
	for (; from < captions->count; from = to) {
		struct panel panel = {.from = captions->cues[from].from, .begin = begin};

		to = panel_end(captions, text, from, usual);
		/* What is left is too short to stand alone. */
		if (to < captions->count &&
		    captions->cues[captions->count - 1].end - captions->cues[to].begin <
			    SHORTEST * 500)
			to = captions->count;
		panel.to = captions->cues[to - 1].to;
		panel.end = to < captions->count
				    ? (captions->cues[to].begin - EARLY_MS) * fps / 1000
				    : frames;
		begin = panel.end;
		g_array_append_val(panels, panel);
	}
	board->count = panels->len;
	board->panels = (struct panel *)(void *)g_array_free(panels, FALSE);
	return KN_OK;
}

void storyboard_free(struct storyboard **board)
{
	if (!*board)
		return;
	for (size_t i = 0; i < (*board)->count; i++) {
		g_free((*board)->panels[i].query);
		g_free((*board)->panels[i].clip);
	}
	g_free((*board)->panels);
	free(*board);
	*board = NULL;
}
