/* The prompt as a title: set once, its lines come up one after the other. */
#ifndef TITLE_H
#define TITLE_H

#include "workers/common/palette.h"
#include "workers/motion/shot.h"

#include <cairo.h>

struct title;

/* Where the text stands. */
enum title_place { TITLE_CENTRE, TITLE_LOW_LEFT, TITLE_HIGH_LEFT };

/* NULL: no memory. */
struct title *title_new(const struct shot *shot, const struct palette *palette,
			enum title_place place);
void title_paint(const struct title *title, cairo_t *cr, double seconds);
void title_free(struct title **title);

#endif
