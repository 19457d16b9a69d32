/*
 * What pictures are painted with: colours, gradients, glows, soft particles and
 * text that fits its box. Sizes are pixels, times seconds, colours 0xRRGGBB.
 * Nothing here keeps state: the same call paints the same pixels.
 */
#ifndef PAINT_H
#define PAINT_H

#include "workers/common/rng.h"

#include <cairo.h>
#include <pango/pangocairo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Between two colours: t 0 is a, 1 is b. */
uint32_t paint_mix(uint32_t a, uint32_t b, double t);
void paint_source(cairo_t *cr, uint32_t rgb, double alpha);
/* 0..1 to 0..1, slow at both ends. */
double paint_ease(double t);

/* A transparent ARGB32 surface to paint a layer on once and show in each frame. Check cairo's
 * status. */
cairo_surface_t *paint_layer(int width, int height);

/* Fills the rectangle from top to bottom with colours at equal distances. */
void paint_gradient(cairo_t *cr, double x, double y, double w, double h, const uint32_t *rgb,
		    size_t count);
/* A round light that fades to nothing at the radius; added to what is there, so it only brightens.
 */
void paint_glow(cairo_t *cr, double x, double y, double radius, uint32_t rgb, double alpha);
/* Darkens the corners of a picture of that size. */
void paint_vignette(cairo_t *cr, double w, double h, double alpha);
/* Faint noise that breaks the bands an 8-bit gradient shows after encoding. For ARGB32 surfaces;
 * opaque ones. */
void paint_grain(cairo_surface_t *surface, struct rng *rng, int strength);

enum particle_kind {
	PARTICLE_DOT,    /* a disc: snow */
	PARTICLE_SOFT,   /* a disc without an edge: dust, bokeh */
	PARTICLE_STREAK, /* a line along its way: rain */
	PARTICLE_STAR,   /* a disc that twinkles */
};

struct particles {
	enum particle_kind kind;
	int count;
	double size_min,
		size_max;        /* radius (of a streak: its width; it is 12 to 20 times as long) */
	double speed_x, speed_y; /* pixels a second for the largest; small ones are far and slow */
	double sway;             /* pixels to either side */
	uint32_t rgb;
	double alpha;
};

/* The particles at a time, over an area of w by h; they leave on one side and come back on the
 * other. `chance` is where the sequence starts and is not changed: pass the same for every frame.
 */
void paint_particles(cairo_t *cr, const struct particles *p, const struct rng *chance, double w,
		     double h, double time);

struct text_style {
	const char *family; /* Pango's, e.g. "Noto Sans, DejaVu Sans, sans-serif" */
	PangoWeight weight;
	bool italic;
	double size_max, size_min; /* pixels */
	PangoAlignment align;
	double line_spacing; /* 1: the font's */
};

/*
 * The text as large as fits into w by h between the two sizes; if even the smallest does not fit it
 * ends with an ellipsis. Characters that no font has are left out. White space and line ends become
 * single spaces. The text must be valid UTF-8. The caller frees with g_object_unref; NULL: no
 * memory.
 */
PangoLayout *paint_text_fit(cairo_t *cr, const char *text, const struct text_style *style, double w,
			    double h);
/* Shows a layout with its box's corner at x, y; shadow is the alpha of a soft dark rim behind it, 0
 * for none. */
void paint_text(cairo_t *cr, PangoLayout *layout, double x, double y, uint32_t rgb, double alpha,
		double shadow);

#endif
