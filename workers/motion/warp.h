/* A part of a picture moves while the rest stays: pixels are pulled along, less towards the edge of
 * a soft oval, so that nothing is seen twice and nothing tears. */
#ifndef WARP_H
#define WARP_H

#include <cairo.h>
#include <stdbool.h>

struct warp {
	double dx, dy; /* pixels by which the middle moves */
	double push;   /* by which it grows; 1: not at all */
};

/* Warps the middle of an RGB24 surface. False: no memory. */
bool warp_middle(cairo_surface_t *surface, const struct warp *warp);

#endif
