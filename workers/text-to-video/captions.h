/*
 * Captions from the words' times: cues of at most two lines of 42 columns, as SubRip for
 * people and as Advanced SubStation with the spoken word highlighted for the film.
 */
#ifndef CAPTIONS_H
#define CAPTIONS_H

#include "workers/text-to-video/text.h"

enum { CAPTION_COLUMNS = 42 };

struct cue {
	size_t from, to;    /* words */
	size_t second;      /* the word that begins the second line; `to` if there is none */
	int64_t begin, end; /* ms */
};

struct captions {
	struct cue *cues;
	size_t count;
};

/* duration: ms of the film. */
enum kn_err captions_new(struct captions **out, const struct text *text, int64_t duration);
void captions_free(struct captions **captions);

enum kn_err captions_write_srt(const struct captions *captions, const struct text *text,
			       const char *file);
enum kn_err captions_write_ass(const struct captions *captions, const struct text *text, int width,
			       int height, const char *file);

#endif
