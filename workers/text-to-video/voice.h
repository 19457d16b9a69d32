/*
 * The voice of this machine: espeak-ng in this process, with the sample at which each
 * word begins as the synthesiser says it. espeak-ng keeps global state: one voice, one
 * thread.
 */
#ifndef VOICE_H
#define VOICE_H

#include "workers/text-to-video/text.h"

#include <stdbool.h>
#include <stdio.h>

/* *rate: samples a second of what voice_say writes. KN_ERR_IO: no voice data is installed. */
enum kn_err voice_open(int *rate);
/* Whether there is such a voice ("de", "en-gb"); it speaks from now on. */
bool voice_choose(const char *name);

/*
 * Words [from, to) as 16-bit mono samples to `out` (NULL: only the times). begins[i] is the sample
 * at which word from + i begins, counted from the first written here; *samples how many there are.
 */
enum kn_err voice_say(const struct text *text, size_t from, size_t to, FILE *out, int64_t *begins,
		      int64_t *samples);
void voice_close(void);

#endif
