/* A film of one picture: the camera moves over it. Its aspect ratio is kept: what does not match
 * the frame is cropped, or, where that would lose too much, shown whole before a blurred copy of
 * itself. */
#ifndef STILL_H
#define STILL_H

#include "workers/motion/shot.h"

#include <cairo.h>
#include <stdbool.h>

struct still;

/* The frame that shows the whole picture: even sides, the longer one 640..1280. */
void still_frame_size(cairo_surface_t *picture, int *width, int *height);

/* Keeps what it needs of the picture. NULL: no memory. */
struct still *still_new(cairo_surface_t *picture, const struct shot *shot);
/* Fills the frame, an RGB24 surface, as it is at t, 0..1. False: no memory. */
bool still_paint(const struct still *still, cairo_t *cr, double t);
void still_free(struct still **still);

#endif
