#include "workers/text-to-video/wav.h"

#include "lib/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADER_BYTES = 44 };

struct wav {
	FILE *file;
	int rate;
	uint64_t samples;
};

static enum kn_err put_header(struct wav *wav)
{
	uint32_t bytes = (uint32_t)(wav->samples * 2);
	struct bytes header = {0};
	enum kn_err err = KN_OK;

	bytes_put(&header, "RIFF", 4);
	bytes_put_u32(&header, HEADER_BYTES - 8 + bytes);
	bytes_put(&header, "WAVEfmt ", 8);
	bytes_put_u32(&header, 16);
	bytes_put_u32(&header, 1 | 1 << 16); /* PCM, one channel */
	bytes_put_u32(&header, (uint32_t)wav->rate);
	bytes_put_u32(&header, (uint32_t)wav->rate * 2);
	bytes_put_u32(&header, 2 | 16 << 16); /* bytes a frame, bits a sample */
	bytes_put(&header, "data", 4);
	bytes_put_u32(&header, bytes);
	if (header.failed)
		err = KN_ERR_NOMEM;
	else if (fwrite(header.data, 1, header.len, wav->file) != header.len)
		err = kn_err_from_errno(errno);
	free(header.data);
	return err;
}

enum kn_err wav_create(const char *file, int rate, struct wav **out)
{
	struct wav *wav = calloc(1, sizeof(*wav));
	enum kn_err err;

	*out = wav;
	if (wav == NULL)
		return KN_ERR_NOMEM;
	wav->rate = rate;
	wav->file = fopen(file, "wbe");
	if (wav->file == NULL) {
		err = kn_err_from_errno(errno);
		free(wav);
		*out = NULL;
		return err;
	}
	return put_header(wav);
}

enum kn_err wav_write(struct wav *wav, const int16_t *samples, size_t n)
{
	if (wav->samples + n > (UINT32_MAX - HEADER_BYTES) / 2)
		return KN_ERR_TOO_LARGE;
	wav->samples += n;
	return fwrite(samples, 2, n, wav->file) == n ? KN_OK : kn_err_from_errno(errno);
}

enum kn_err wav_silence(struct wav *wav, int ms)
{
	static const int16_t nothing[512];
	size_t left = (size_t)wav->rate * (size_t)ms / 1000;
	enum kn_err err = KN_OK;

	for (size_t n; left > 0 && err == KN_OK; left -= n) {
		n = left < 512 ? left : 512;
		err = wav_write(wav, nothing, n);
	}
	return err;
}

int64_t wav_ms(const struct wav *wav)
{
	return (int64_t)(wav->samples * 1000 / (uint64_t)wav->rate);
}

enum kn_err wav_close(struct wav **wav)
{
	struct wav *w = *wav;
	enum kn_err err;

	if (w == NULL)
		return KN_OK;
	err = fseek(w->file, 0, SEEK_SET) == 0 ? put_header(w) : kn_err_from_errno(errno);
	if (fclose(w->file) != 0 && err == KN_OK)
		err = kn_err_from_errno(errno);
	free(w);
	*wav = NULL;
	return err;
}
