/*
 * A model from a picture alone: the subject is cut from its ground, its
 * outline inflated to a closed body, and the picture laid over both sides.
 */
#ifndef T3D_SILHOUETTE_H
#define T3D_SILHOUETTE_H

#include "model.h"

#include <cairo.h>

struct silhouette_opts {
	size_t triangles;
	int texture_side;
};

/* picture: ARGB32. *cut says whether a subject was found; else the whole picture became a plaque.
 */
enum kn_err silhouette_inflate(cairo_surface_t *picture, const struct silhouette_opts *opts,
			       struct model *out, bool *cut);

#endif
