#include "workers/common/film.h"

#include "workers/common/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 64, DEFAULT_CRF = 20 };

struct film {
	struct program *program;
	int width, height;
	int64_t frames;
	void (*progress)(void *arg, int percent);
	void *arg;
	int from, to, last;
	size_t line_len;
	char line[128]; /* ffmpeg's progress, which comes in any portions */
};

/* ffmpeg -progress prints key=value lines; frame= is how many it has encoded. */
static void progress_line(struct film *film)
{
	long long frame;
	int percent;

	if (sscanf(film->line, "frame=%lld", &frame) != 1 || frame < 0 || film->frames <= 0)
		return;
	if (frame > film->frames)
		frame = film->frames;
	percent = film->from + (int)(frame * (film->to - film->from) / film->frames);
	if (percent == film->last)
		return;
	film->last = percent;
	film->progress(film->arg, percent);
}

static void progress_bytes(void *arg, const char *data, size_t len)
{
	struct film *film = arg;

	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\n') {
			if (film->line_len < sizeof(film->line) - 1)
				film->line[film->line_len++] = data[i];
			continue;
		}
		film->line[film->line_len] = '\0';
		film->line_len = 0;
		progress_line(film);
	}
}

struct args {
	const char *argv[ARGS_MAX];
	size_t count;
};

static void add(struct args *args, const char *const *more)
{
	while (*more)
		args->argv[args->count++] = *more++;
	args->argv[args->count] = NULL;
}

#define ADD(args, ...) add(args, (const char *const[]){__VA_ARGS__, NULL})

/* Scaled first, so that captions are as sharp as the film. */
static void describe_filters(const struct film_opts *opts, char *out, size_t size)
{
	char scale[64] = "";

	if (opts->out_width > 0)
		snprintf(scale, sizeof(scale), "%d:%d:flags=bicubic:", opts->out_width,
			 opts->out_height);
	snprintf(out, size, "scale=%sout_color_matrix=bt709:out_range=tv,format=yuv420p%s%s", scale,
		 opts->subtitles ? ",ass=" : "", opts->subtitles ? opts->subtitles : "");
}

static enum kn_err start_encoder(struct film *film, const struct film_opts *opts)
{
	char size[32], fps[16], crf[16], filters[256];
	struct args args = {.count = 0};

	snprintf(size, sizeof(size), "%dx%d", opts->width, opts->height);
	snprintf(fps, sizeof(fps), "%d", opts->fps);
	describe_filters(opts, filters, sizeof(filters));
	snprintf(crf, sizeof(crf), "%d", opts->crf ? opts->crf : DEFAULT_CRF);
	ADD(&args, "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y");
	ADD(&args, "-progress", "pipe:1", "-stats_period", "0.3");
	ADD(&args, "-f", "rawvideo", "-pix_fmt", "bgr0", "-s", size, "-r", fps, "-i", "pipe:0");
	if (opts->audio)
		ADD(&args, "-i", opts->audio, "-map", "0:v", "-map", "1:a", "-c:a", "aac", "-b:a",
		    "128k", "-flags:a", "+bitexact");
	ADD(&args, "-vf", filters);
	ADD(&args, "-c:v", "libx264", "-preset", opts->preset ? opts->preset : "veryfast");
	/* x264's choices depend on the number of threads, so it must not be the machine's. */
	ADD(&args, "-crf", crf, "-threads", "2", "-flags:v", "+bitexact");
	ADD(&args, "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709",
	    "-color_range", "tv");
	ADD(&args, "-fflags", "+bitexact", "-map_metadata", "-1", "-movflags", "+faststart");
	ADD(&args, "-f", "mp4", opts->path);

	return program_start(
		&film->program,
		&(struct program_opts){.argv = args.argv,
				       .feed = true,
				       .output = opts->progress ? progress_bytes : NULL,
				       .arg = film});
}

enum kn_err film_open(struct film **out, const struct film_opts *opts)
{
	struct film *film = calloc(1, sizeof(*film));
	enum kn_err err;

	*out = NULL;
	if (!film)
		return KN_ERR_NOMEM;
	film->width = opts->width;
	film->height = opts->height;
	film->frames = opts->frames;
	film->progress = opts->progress;
	film->arg = opts->arg;
	film->from = film->last = opts->from;
	film->to = opts->to;
	err = start_encoder(film, opts);
	if (err)
		free(film);
	else
		*out = film;
	return err;
}

enum kn_err film_frame(struct film *film, cairo_surface_t *frame)
{
	const unsigned char *data;
	size_t row = (size_t)film->width * 4, stride;
	enum kn_err err = KN_OK;

	cairo_surface_flush(frame);
	data = cairo_image_surface_get_data(frame);
	stride = (size_t)cairo_image_surface_get_stride(frame);
	if (!data || cairo_image_surface_get_width(frame) != film->width ||
	    cairo_image_surface_get_height(frame) != film->height)
		return KN_ERR_INVALID;
	if (stride == row)
		return program_write(film->program, data, row * (size_t)film->height);
	for (int y = 0; !err && y < film->height; y++)
		err = program_write(film->program, data + (size_t)y * stride, row);
	return err;
}

enum kn_err film_close(struct film **pfilm, char *why, size_t why_size)
{
	struct film *film = *pfilm;
	enum kn_err err;

	if (!film)
		return KN_OK;
	err = program_wait(film->program);
	if (err && why)
		snprintf(why, why_size, "ffmpeg: %s", program_why(film->program));
	program_free(&film->program);
	free(film);
	*pfilm = NULL;
	return err;
}
