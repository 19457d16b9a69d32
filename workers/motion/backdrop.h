/* What a scene is built of: layers painted once, which the camera passes at different speeds. */
#ifndef BACKDROP_H
#define BACKDROP_H

#include "workers/common/palette.h"
#include "workers/common/rng.h"
#include "workers/motion/move.h"
#include "workers/motion/shot.h"

#include <cairo.h>
#include <stdbool.h>

enum { BACKDROP_LAYERS = 8 };

struct layer {
	cairo_surface_t *surface;
	double x, y;  /* of its corner in the frame */
	double depth; /* 0: stands still, like the sky; 1: follows the camera in full */
};

struct backdrop {
	const struct shot *shot;
	const struct palette *palette;
	double w, h;  /* of the frame */
	double unit;  /* pixels of a 720 lines frame */
	double bleed; /* how far layers reach beyond the frame, for the camera to move */
	int count;
	bool failed; /* no memory for a layer */
	struct layer layers[BACKDROP_LAYERS];
};

void backdrop_init(struct backdrop *b, const struct shot *shot, const struct palette *palette);

/* Begins the next layer: it reaches from `top` to below the frame, and to both sides beyond it.
 * Coordinates on the returned context are the frame's. The caller destroys it. */
cairo_t *backdrop_layer(struct backdrop *b, double top, double depth);

/* Shows layers [from, to) as the camera sees them. */
void backdrop_show(const struct backdrop *b, cairo_t *cr, const struct pose *pose, int from,
		   int to);
/* Applies what the camera does to things at a depth; between save and restore. */
void backdrop_look(const struct backdrop *b, cairo_t *cr, const struct pose *pose, double depth);
void backdrop_free(struct backdrop *b);

/* Ground below a jagged (rough 1) or rolling (rough 0) skyline, with colours from its top to the
 * frame's bottom. base is the mean height of the skyline, height how far it goes up and down. */
void backdrop_ridge(const struct backdrop *b, cairo_t *cr, struct rng *rng, double base,
		    double height, double rough, uint32_t top_rgb, uint32_t bottom_rgb);
/* A row of firs along a rolling line. */
void backdrop_firs(const struct backdrop *b, cairo_t *cr, struct rng *rng, double base, double size,
		   uint32_t rgb);

#endif
