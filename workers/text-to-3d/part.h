/*
 * A part: one solid of a subject, as the vocabulary's tables write it. A
 * subject stands on y = 0, faces +z and is about one unit high; what reaches
 * below y = 0 is cut off flat, so feet, walls and domes stand well.
 */
#ifndef T3D_PART_H
#define T3D_PART_H

#include "vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shape {
	SHAPE_ELLIPSOID, /* size: radii */
	SHAPE_BOX,       /* size: half extents; round: radius of its edges */
	SHAPE_CONE,      /* upright; size: lower radius, half height, upper radius; round */
	SHAPE_TUBE,      /* from `at` to `to`; size: radius there and there */
	SHAPE_BEND,  /* from `at` by `via` to `to`, a quadratic curve; size: radius at its ends */
	SHAPE_TORUS, /* lying; size: radius of the ring, of the tube, half height added */
	SHAPE_PRISM, /* upright, `sides`; size: lower radius, half height, upper radius */
	SHAPE_STAR,  /* facing +z, `sides` points; size: outer, inner radius, half depth; round */
	SHAPE_HEART, /* facing +z; size: half width, -, half depth */
	SHAPE_LATHE, /* a profile of (radius, height) pairs turned about y; size.x scales it */
};

/* The colours of a subject: its own four first, then those that mean the same everywhere. */
enum paint_role {
	MAIN,
	SECOND,
	ACCENT,
	EXTRA,
	OWN_PAINTS,
	EYE = OWN_PAINTS, /* "with blue eyes" */
	INK,
	WHITE,
	GLASS,
	WOOD,
	LEAF,
	SKIN,
	HAIR,
	STEEL,
	GOLD,
	STONE,
	GLOW,
	RED,
	PINK,
	RUBBER,
	EARTH,
	PAINT_ROLES
};

struct profile {
	const float (*points)[2]; /* radius, height; a closed outline */
	size_t n;
};

struct part {
	enum shape shape;
	enum paint_role paint;
	struct vec3 at, via, to;
	struct vec3 size;
	struct vec3 turn; /* degrees about x, then y, then z */
	float round;      /* 0: a hundredth, except for boxes */
	float blend;      /* how softly it joins what stands before it in the table */
	float rough;      /* height of bumps: rock, foliage, fur */
	float rough_size; /* their size; 0: a tenth of a unit */
	uint8_t sides;
	uint8_t around; /* repeated this many times about the subject's y axis */
	bool mirror;    /* a twin at -x */
	bool cut;       /* taken away instead of added */
	const struct profile *profile;
};

#define ELLIPSOID(p, X, Y, Z, rx, ry, rz, ...)                                               \
	{                                                                                    \
		.shape = SHAPE_ELLIPSOID, .paint = p, .at = {X, Y, Z}, .size = {rx, ry, rz}, \
		__VA_ARGS__                                                                  \
	}
#define BALL(p, X, Y, Z, r, ...) ELLIPSOID(p, X, Y, Z, r, r, r, __VA_ARGS__)
#define BOX(p, X, Y, Z, hx, hy, hz, r, ...)                                                        \
	{                                                                                          \
		.shape = SHAPE_BOX, .paint = p, .at = {X, Y, Z}, .size = {hx, hy, hz}, .round = r, \
		__VA_ARGS__                                                                        \
	}
#define CONE(p, X, Y, Z, low, half, high, ...)                                               \
	{                                                                                    \
		.shape = SHAPE_CONE, .paint = p, .at = {X, Y, Z}, .size = {low, half, high}, \
		__VA_ARGS__                                                                  \
	}
#define TUBE(p, ax, ay, az, bx, by, bz, ra, rb, ...)                                     \
	{                                                                                \
		.shape = SHAPE_TUBE, .paint = p, .at = {ax, ay, az}, .to = {bx, by, bz}, \
		.size = {ra, rb, 0}, __VA_ARGS__                                         \
	}
#define BEND(p, ax, ay, az, bx, by, bz, cx, cy, cz, ra, rb, ...)                          \
	{                                                                                 \
		.shape = SHAPE_BEND, .paint = p, .at = {ax, ay, az}, .via = {bx, by, bz}, \
		.to = {cx, cy, cz}, .size = {ra, rb, 0}, __VA_ARGS__                      \
	}
#define TORUS(p, X, Y, Z, ring, tube, ...)                                                  \
	{                                                                                   \
		.shape = SHAPE_TORUS, .paint = p, .at = {X, Y, Z}, .size = {ring, tube, 0}, \
		__VA_ARGS__                                                                 \
	}
#define PRISM(p, n, X, Y, Z, low, half, high, ...)                             \
	{                                                                      \
		.shape = SHAPE_PRISM, .paint = p, .sides = n, .at = {X, Y, Z}, \
		.size = {low, half, high}, __VA_ARGS__                         \
	}
#define STAR(p, n, X, Y, Z, outer, inner, depth, ...)                         \
	{                                                                     \
		.shape = SHAPE_STAR, .paint = p, .sides = n, .at = {X, Y, Z}, \
		.size = {outer, inner, depth}, __VA_ARGS__                    \
	}
#define HEART(p, X, Y, Z, width, depth, ...)                                                  \
	{                                                                                     \
		.shape = SHAPE_HEART, .paint = p, .at = {X, Y, Z}, .size = {width, 0, depth}, \
		__VA_ARGS__                                                                   \
	}
#define LATHE(p, X, Y, Z, prof, ...)                                                  \
	{                                                                             \
		.shape = SHAPE_LATHE, .paint = p, .at = {X, Y, Z}, .size = {1, 1, 1}, \
		.profile = &(prof), __VA_ARGS__                                       \
	}

#endif
