/* Speech at an even loudness, measured as EBU R 128 says, levelled by ffmpeg's limiter. */
#ifndef LOUDNESS_H
#define LOUDNESS_H

#include "lib/err.h"

#include <stddef.h>

/* The 16-bit mono samples of `pcm` as the WAV file `wav` of the same length at -16 LUFS. */
enum kn_err loudness_level(const char *pcm, int rate, const char *wav, char *why, size_t why_size);

#endif
