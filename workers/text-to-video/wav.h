/* A WAV file, 16 bits, mono, written as its samples come. */
#ifndef WAV_H
#define WAV_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

struct wav;

enum kn_err wav_create(const char *file, int rate, struct wav **out);
enum kn_err wav_write(struct wav *wav, const int16_t *samples, size_t n);
enum kn_err wav_silence(struct wav *wav, int ms);
/* How long it is by now. */
int64_t wav_ms(const struct wav *wav);
/* Completes the header. wav may be NULL. */
enum kn_err wav_close(struct wav **wav);

#endif
