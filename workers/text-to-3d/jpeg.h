/* Writing JPEG with libjpeg-turbo. */
#ifndef T3D_JPEG_H
#define T3D_JPEG_H

#include "model.h"

#include <cairo.h>

/* rgb: 3 bytes a pixel, rows from the top. Full chroma: charts must not bleed into each other. */
enum kn_err jpeg_encode(const unsigned char *rgb, int width, int height, int quality,
			struct blob *out);

/* An ARGB32 surface, on white where it is transparent. */
enum kn_err jpeg_encode_surface(cairo_surface_t *surface, struct blob *out);

#endif
