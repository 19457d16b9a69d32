#include "workers/text-to-video/loudness.h"

#include "workers/common/program.h"

#include <ebur128.h>
#include <stdio.h>

#define TARGET (-16.0)  /* LUFS, integrated */
#define LIMITED 0.7     /* LU that the limiter takes off the peaks of speech */
#define SILENCE (-65.0) /* the meter's gate; less is no speech */

enum { BLOCK = 4096 };

static enum kn_err measure(const char *pcm, int rate, double *lufs)
{
	ebur128_state *meter = ebur128_init(1, (unsigned long)rate, EBUR128_MODE_I);
	FILE *f = fopen(pcm, "re");
	short samples[BLOCK];
	size_t count;
	enum kn_err err = f ? KN_OK : KN_ERR_IO;

	if (!meter)
		err = KN_ERR_NOMEM;
	while (!err && (count = fread(samples, sizeof(*samples), BLOCK, f)) > 0)
		if (ebur128_add_frames_short(meter, samples, count))
			err = KN_ERR_NOMEM;
	if (!err && ebur128_loudness_global(meter, lufs))
		err = KN_ERR_INTERNAL;
	if (f)
		fclose(f);
	if (meter)
		ebur128_destroy(&meter);
	return err;
}

enum kn_err loudness_level(const char *pcm, int rate, const char *wav, char *why, size_t why_size)
{
	char hz[16], filter[96];
	const char *const argv[] = {"ffmpeg",
				    "-nostdin",
				    "-hide_banner",
				    "-loglevel",
				    "error",
				    "-y",
				    "-f",
				    "s16le",
				    "-ar",
				    hz,
				    "-ac",
				    "1",
				    "-i",
				    pcm,
				    "-af",
				    filter,
				    "-c:a",
				    "pcm_s16le",
				    "-fflags",
				    "+bitexact",
				    "-flags:a",
				    "+bitexact",
				    "-map_metadata",
				    "-1",
				    "-f",
				    "wav",
				    wav,
				    NULL};
	double lufs;
	enum kn_err err;

	snprintf(hz, sizeof(hz), "%d", rate);
	err = measure(pcm, rate, &lufs);
	if (err) {
		snprintf(why, why_size, "the loudness could not be measured");
		return err;
	}
	snprintf(filter, sizeof(filter),
		 "aformat=sample_fmts=dbl,volume=%.2fdB,alimiter=limit=0.85:level=false",
		 lufs > SILENCE ? TARGET + LIMITED - lufs : 0.0);
	return program_run(&(struct program_opts){.argv = argv}, why, why_size);
}
