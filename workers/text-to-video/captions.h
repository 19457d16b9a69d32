/*
 * The narration as captions: an SRT file for players, and an ASS file that is
 * burned in, with the word that is spoken highlighted. At most two lines of
 * CAPTION_COLUMNS; wide (CJK) characters count as two columns.
 */
#ifndef CAPTIONS_H
#define CAPTIONS_H

#include "workers/text-to-video/narration.h"

enum { CAPTION_COLUMNS = 42, CAPTION_LINES = 2, CAPTION_MS_MAX = 6000 };

/* Writes both files. The ASS is laid out for a frame of that size. */
enum kn_err captions_write(const struct narration *narration, const char *srt, const char *ass,
			   int width, int height, size_t *count);

#endif
