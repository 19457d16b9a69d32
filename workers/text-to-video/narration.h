/*
 * The narration: a sound file of the text at an even loudness, and in the text's words
 * the times at which they are spoken. Sound streams to disk; memory does not grow with it.
 */
#ifndef NARRATION_H
#define NARRATION_H

#include "workers/text-to-video/remote.h"
#include "workers/text-to-video/text.h"

struct narration_opts {
	const char *voice;           /* espeak-ng's; NULL: the language's */
	const char *file;            /* the WAV to write, relative */
	const struct remote *remote; /* a speech service, or NULL */
	int fps;                     /* the length is a whole number of frames */
	int64_t max_seconds;         /* a longer one is not made */
};

/* *frames: the length of the sound. why: for people. KN_ERR_INVALID: nothing could be spoken;
 * KN_ERR_TOO_LARGE: it would last longer than max_seconds. */
enum kn_err narration_make(struct text *text, const struct narration_opts *opts, int64_t *frames,
			   char *why, size_t why_size);

#endif
