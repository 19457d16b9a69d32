/*
 * Untrusted pictures into cairo surfaces, by way of an ffmpeg child that is
 * held to the demuxer of the type seen, to files, and to limits of processor
 * time, memory and pixels.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include "lib/err.h"

#include <cairo.h>
#include <stddef.h>

enum {
	PICTURE_MAX_PIXELS = 64 * 1000 * 1000, /* of the file; larger ones are refused undecoded */
	PICTURE_CPU_SECONDS = 20,
};

/*
 * The first frame of a PNG, JPEG, WebP or GIF, turned as its EXIF orientation says, scaled down
 * (never up) so that its longer edge is at most max_edge pixels, as ARGB32. The aspect ratio is
 * kept. why gets a sentence for the user on KN_ERR_INVALID (no such picture), KN_ERR_MEDIA_TYPE
 * (another type), KN_ERR_NOT_FOUND (ffmpeg is not installed), KN_ERR_NOMEM.
 */
enum kn_err picture_load(const char *path, int max_edge, cairo_surface_t **out, char *why,
			 size_t why_size);

/* "image/png", "image/jpeg", "image/webp" or "image/gif" by the file's content, else NULL. Static
 * text. */
const char *picture_type(const char *path);

#endif
