/*
 * Distances to the shapes of part.h, each in its own coordinates: negative
 * inside, never more than the true distance (some are bounds, none by much).
 */
#ifndef T3D_SDF_H
#define T3D_SDF_H

#include "part.h"

/* p is relative to part->at and turned back, except for tubes and bends, which need neither. */
float sdf_part(const struct part *part, struct vec3 p);

/* The smaller of two distances, joined softly over k. */
float sdf_join(float a, float b, float k);

/* Smooth noise in -1..1, the same for the same point everywhere. */
float noise3(struct vec3 p);
/* A hash of a cell in 0..1. */
float noise_cell(int x, int y, int z);

#endif
