/*
 * An H.264 MP4 made by an ffmpeg child from frames painted with cairo:
 * yuv420p, bt709, faststart, no dates and no versions in it, a fixed number of
 * threads; so the same frames give the same bytes.
 */
#ifndef FILM_H
#define FILM_H

#include "lib/err.h"

#include <cairo.h>
#include <stddef.h>
#include <stdint.h>

struct film;

struct film_opts {
	const char *path;
	int width, height;         /* of the frames: pixels, both even */
	int out_width, out_height; /* of the film; 0: as the frames */
	int fps;
	int64_t frames;     /* how many there will be; for the progress alone */
	int crf;            /* 0 lossless .. 51; 0 in this struct means the default, 20 */
	const char *preset; /* x264's; NULL: veryfast */
	const char *audio;  /* a sound file that goes along as AAC, or NULL */
	/* An ASS file to burn in, or NULL: a plain name in the working directory, for it becomes
	 * part of a filter graph. */
	const char *subtitles;
	/* Called as ffmpeg reports, with from..to (percent of the job). May be NULL. */
	void (*progress)(void *arg, int percent);
	void *arg;
	int from, to;
};

/* KN_ERR_NOT_FOUND: ffmpeg is not installed. */
enum kn_err film_open(struct film **out, const struct film_opts *opts);

/* One frame: an ARGB32 or RGB24 image surface of the film's size, opaque. On KN_ERR_IO go on with
 * film_close, which knows the reason. */
enum kn_err film_frame(struct film *film, cairo_surface_t *frame);

/* Finishes the file and frees; why (may be NULL) gets the reason of a failure. Only after 0 is the
 * file whole. film may be NULL. */
enum kn_err film_close(struct film **film, char *why, size_t why_size);

#endif
