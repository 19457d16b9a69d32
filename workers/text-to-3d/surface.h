/*
 * What a surface is made of, and the patterns that are painted on it.
 * Colours are linear light, 0..1, unless they say sRGB.
 */
#ifndef T3D_SURFACE_H
#define T3D_SURFACE_H

#include "vec.h"

#include <stdint.h>

enum pattern {
	PLAIN,
	MOTTLED, /* soft clouds of the second colour: fur, rock, soil */
	STRIPES, /* wavy bands along z */
	SPOTS,
	GRAIN,  /* wood */
	VEINS,  /* marble */
	PANELS, /* plates with dark seams: hulls, robots */
	BRICKS,
	WINDOWS, /* rows of lit windows on walls */
	TILES,   /* overlapping rows: roofs, scales */
	HEXES,   /* geodesic seams */
	BANDS,   /* level bands: a gas planet */
	LANDS,   /* seas and continents */
	CHECKS,
	SEAMS, /* vertical seams: pumpkins, balloons */
};

struct paint {
	uint32_t srgb;   /* 0xRRGGBB */
	uint32_t second; /* of the pattern */
	float metal, rough;
	float glow; /* how much of its colour it sends out */
	enum pattern pattern;
	float size; /* of the pattern, in units of the subject; 0: a sixth */
};

struct surface {
	struct vec3 colour;
	float metal, rough, glow;
};

struct vec3 colour_linear(uint32_t srgb);
/* 0..1 linear to 0..255 sRGB. */
uint8_t colour_byte(float linear);

/* The surface at p with normal n, both in the subject's coordinates. */
struct surface surface_at(const struct paint *paint, struct vec3 p, struct vec3 n);

#endif
