/* Speech from an OpenAI-compatible service, as samples like those of the local voice. */
#ifndef SPEECH_H
#define SPEECH_H

#include "workers/text-to-video/remote.h"

#include <stdio.h>

struct speech {
	int64_t samples;
	int64_t first, last; /* samples: where sound begins and ends */
};

enum { SPEECH_CHARS_MAX = 4096 }; /* of one request */

/* Appends `text` spoken, as 16-bit mono at `rate`, to pcm. */
enum kn_err speech_say(const struct remote *remote, const char *text, int rate, FILE *pcm,
		       struct speech *speech, char *why, size_t why_size);

#endif
