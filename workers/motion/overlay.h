/* Weather and light over a picture: rain, snow, fog, dust, light rays. */
#ifndef OVERLAY_H
#define OVERLAY_H

#include "workers/motion/shot.h"

#include <cairo.h>

struct overlay;

/* What the shot's environment needs. NULL: no memory. */
struct overlay *overlay_new(const struct shot *shot, uint32_t rgb);
/* Over what is painted, at a time in seconds. */
void overlay_paint(const struct overlay *overlay, cairo_t *cr, double seconds);
void overlay_free(struct overlay **overlay);

#endif
