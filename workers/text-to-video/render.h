/* The film in one pass: panels are painted, or decoded from their clips, and go frame by frame to
 * the encoder, which adds narration and captions. */
#ifndef RENDER_H
#define RENDER_H

#include "workers/text-to-video/storyboard.h"

struct render_opts {
	int width, height, fps;
	const char *audio, *captions; /* files with plain names */
	const char *file;
};

enum kn_err render_film(const struct storyboard *board, const struct text *text,
			const struct render_opts *opts, char *why, size_t why_size);

#endif
