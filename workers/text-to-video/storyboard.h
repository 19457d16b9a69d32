/*
 * The film's scenes as panels of a storyboard: which words are heard in each, from which
 * frame to which it lasts, and what is to be seen. Panels lie end to end over the film.
 */
#ifndef STORYBOARD_H
#define STORYBOARD_H

#include "workers/text-to-video/captions.h"

struct panel {
	size_t from, to;    /* words */
	int64_t begin, end; /* frames */
	char *query;        /* what a picture archive would be asked for */
	char *clip;         /* a video file to show, or NULL: it is painted */
};

struct storyboard {
	struct panel *panels;
	size_t count;
};

/* Panels of about 4 to 12 seconds that end where sentences do, if they do; longer ones when there
 * would be too many. */
enum kn_err storyboard_new(struct storyboard **out, const struct captions *captions,
			   const struct text *text, int64_t frames, int fps);
void storyboard_free(struct storyboard **board);

#endif
