/*
 * The subject of a picture, cut from its ground: what differs from the colours
 * that the picture's edges let expect there, soft shadows apart.
 */
#ifndef T3D_CUTOUT_H
#define T3D_CUTOUT_H

#include "lib/err.h"
#include "vec.h"

#include <cairo.h>
#include <stdbool.h>

enum { CUTOUT_GRID = 200 };

struct cutout {
	struct vec3 colour[CUTOUT_GRID][CUTOUT_GRID]; /* sRGB, 0..1 */
	bool ground[CUTOUT_GRID][CUTOUT_GRID];        /* at least at the rim */
};

/* *found: whether there is a subject; `ground` is meaningless without one. picture: ARGB32. */
enum kn_err cutout_make(cairo_surface_t *picture, struct cutout *out, bool *found);

/* The picture's colour at 0..1 of a square that it is centred in; beyond its edge the edge goes on.
 */
struct vec3 cutout_sample(cairo_surface_t *picture, float u, float v);

#endif
