/* The film itself: backgrounds that change with the scenes, captions burned in, the narration as
 * its sound. */
#ifndef RENDER_H
#define RENDER_H

#include "workers/text-to-video/scenes.h"

enum { RENDER_WIDTH = 1280, RENDER_HEIGHT = 720, RENDER_FPS = 24 };

struct render_job {
	const struct film_scene *scenes;
	size_t scenes_n;
	int64_t ms;
	int64_t seed;
	const char *audio, *subtitles,
		*path; /* files in the working directory, of our own naming */
	void (*progress)(void *arg, int percent);
	int from, to;
};

/* why: a reason for people. */
enum kn_err render_film(const struct render_job *job, char *why, size_t why_size);

#endif
