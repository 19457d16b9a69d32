/*
 * The text, spoken: a WAV file, and when each word is said. Sound goes to the
 * file as it is made; memory grows with the number of words alone.
 */
#ifndef NARRATION_H
#define NARRATION_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spoken_word {
	size_t at, len;     /* bytes in the text */
	int64_t start, end; /* ms from the beginning */
	bool ends_sentence; /* a pause follows */
};

struct narration {
	const char *text; /* the caller's */
	struct spoken_word *words;
	size_t words_n;
	int64_t ms;      /* the whole, pauses included */
	double loudness; /* LUFS, integrated, before it is brought to NARRATION_LUFS */
};

#define NARRATION_LUFS (-16.0) /* what streaming services ask of speech */

/* Appends a word; false when memory is out. */
bool narration_add(struct narration *narration, const struct spoken_word *word);

/*
 * Speaks the text with espeak-ng into a mono WAV. language: an espeak-ng voice ("en-us"), or "" to
 * choose by the text's script. KN_ERR_INVALID: nothing in it can be spoken. KN_ERR_NOT_FOUND: no
 * such voice. progress (0..100) is called now and then.
 */
enum kn_err narration_speak(struct narration *out, const char *text, const char *language,
			    const char *file, void (*progress)(int percent));
/* Writes `from` to `to` at NARRATION_LUFS, 48 kHz mono. why: a reason for people. */
enum kn_err narration_normalise(const struct narration *narration, const char *from, const char *to,
				char *why, size_t why_size);
void narration_free(struct narration *narration);

#endif
