/* A starry sky with a moon (or, in space, a ringed planet), a band of faint stars, and now and then
 * one that falls. */
#include "workers/motion/scene.h"

#include "workers/common/paint.h"

#include <math.h>
#include <string.h>

static void faint_band(const struct backdrop *b, cairo_t *cr, struct rng *rng)
{
	for (int i = 0; i < 26; i++) {
		double t = rng_range(rng, 0, 1), x = b->w * (0.02 + 0.96 * t);
		double y = b->h * (0.62 - 0.5 * t) + rng_range(rng, -40, 40) * b->unit;

		paint_glow(
			cr, x, y, rng_range(rng, 70, 190) * b->unit,
			paint_mix(b->palette->sky[2], b->palette->accent, rng_range(rng, 0, 0.7)),
			0.13);
	}
	for (int i = 0; i < 900; i++) {
		double t = rng_range(rng, 0, 1);
		double spread = (rng_range(rng, -1, 1) + rng_range(rng, -1, 1)) * 90 * b->unit;

		paint_source(cr, 0xffffff, rng_range(rng, 0.08, 0.45));
		cairo_arc(cr, b->w * t, b->h * (0.62 - 0.5 * t) + spread,
			  rng_range(rng, 0.4, 0.9) * b->unit, 0, 2 * M_PI);
		cairo_fill(cr);
	}
}

static void shade_ball(cairo_t *cr, double x, double y, double r, uint32_t lit, uint32_t dark)
{
	cairo_save(cr);
	cairo_arc(cr, x, y, r, 0, 2 * M_PI);
	cairo_clip(cr);
	paint_source(cr, dark, 1);
	cairo_paint(cr);
	paint_glow(cr, x - r * 0.45, y - r * 0.4, r * 1.75, lit, 1);
	cairo_restore(cr);
}

static void moon(cairo_t *cr, double x, double y, double r, const struct palette *p,
		 struct rng *rng)
{
	shade_ball(cr, x, y, r, p->light, paint_mix(p->light, p->sky[1], 0.45));
	cairo_save(cr);
	cairo_arc(cr, x, y, r, 0, 2 * M_PI);
	cairo_clip(cr);
	for (int i = 0; i < 11; i++) {
		double cx = x + rng_range(rng, -0.8, 0.8) * r,
		       cy = y + rng_range(rng, -0.8, 0.8) * r;

		paint_source(cr, p->sky[1], 0.13);
		cairo_arc(cr, cx, cy, r * rng_range(rng, 0.06, 0.24), 0, 2 * M_PI);
		cairo_fill(cr);
	}
	cairo_restore(cr);
}

static void half_ring(cairo_t *cr, double x, double y, double r, double from, uint32_t rgb)
{
	for (int i = 0; i < 5; i++) {
		cairo_save(cr);
		cairo_translate(cr, x, y);
		cairo_rotate(cr, -0.32);
		cairo_scale(cr, r * (1.45 + 0.13 * i), r * (0.36 + 0.032 * i));
		cairo_arc(cr, 0, 0, 1, from, from + M_PI);
		cairo_restore(cr);
		paint_source(cr, rgb, i % 2 ? 0.35 : 0.75);
		cairo_set_line_width(cr, r * 0.055);
		cairo_stroke(cr);
	}
}

static void planet(cairo_t *cr, double x, double y, double r, const struct palette *p)
{
	uint32_t ring = paint_mix(p->light, p->accent, 0.35);

	half_ring(cr, x, y, r, M_PI, ring);
	shade_ball(cr, x, y, r, paint_mix(p->accent, p->light, 0.3),
		   paint_mix(p->sky[1], p->near, 0.5));
	half_ring(cr, x, y, r, 0, ring);
}

static void build(struct backdrop *b, struct rng *rng)
{
	const struct palette *p = b->palette;
	bool space = !strcmp(p->name, "space");
	double x = b->w * rng_range(rng, 0.72, 0.82), y = b->h * rng_range(rng, 0.26, 0.32),
	       u = b->unit;
	uint32_t sky[3] = {paint_mix(p->sky[0], 0x000010, 0.4), p->sky[0], p->sky[1]};
	cairo_t *cr = backdrop_layer(b, 0, 0);

	paint_gradient(cr, 0, 0, b->w, b->h, sky, 3);
	paint_glow(cr, b->w * 0.5, b->h * 1.1, b->h * 0.9, p->sky[2], 0.55);
	faint_band(b, cr, rng);
	cairo_destroy(cr);
	paint_grain(b->layers[0].surface, rng, 2);

	cr = backdrop_layer(b, 0, 0.12);
	paint_glow(cr, x, y, 330 * u, space ? p->accent : p->light, 0.32);
	if (space)
		planet(cr, x, y, 88 * u, p);
	else
		moon(cr, x, y, 66 * u, p, rng);
	cairo_destroy(cr);

	for (int i = 0; i < 2; i++) {
		double base = b->h * (0.82 + 0.10 * i);
		uint32_t top = paint_mix(paint_mix(p->far, p->near, 0.35 + 0.5 * i), 0x000008,
					 0.25 + 0.2 * i);

		cr = backdrop_layer(b, base - b->h * 0.3, 0.45 + 0.5 * i);
		if (i && !space)
			backdrop_firs(b, cr, rng, base, 92 * u, top);
		backdrop_ridge(b, cr, rng, base, b->h * (0.09 - 0.05 * i), space ? 0.6 : 0.3, top,
			       paint_mix(top, 0x000000, 0.35));
		cairo_destroy(cr);
	}
}

/* One falling star every few seconds, each on its own line. */
static void falling_star(const struct backdrop *b, cairo_t *cr, struct rng *rng, double seconds)
{
	for (int i = 0; i < 3; i++) {
		double start = 1.2 + i * 2.3 + rng_range(rng, 0, 0.8),
		       x = b->w * rng_range(rng, 0.1, 0.6);
		double y = b->h * rng_range(rng, 0.06, 0.3), t = (seconds - start) / 0.7,
		       u = b->unit;
		cairo_pattern_t *trail;

		if (t < 0 || t > 1)
			continue;
		x += t * 420 * u;
		y += t * 150 * u;
		trail = cairo_pattern_create_linear(x, y, x - 170 * u, y - 60 * u);
		cairo_pattern_add_color_stop_rgba(trail, 0, 1, 1, 1, sin(M_PI * t));
		cairo_pattern_add_color_stop_rgba(trail, 1, 1, 1, 1, 0);
		cairo_set_source(cr, trail);
		cairo_set_line_width(cr, 2.4 * u);
		cairo_move_to(cr, x, y);
		cairo_line_to(cr, x - 170 * u, y - 60 * u);
		cairo_stroke(cr);
		cairo_pattern_destroy(trail);
	}
}

static void paint(const struct backdrop *b, cairo_t *cr, const struct pose *pose, struct rng rng,
		  double seconds)
{
	double u = b->unit;
	const struct particles stars = {PARTICLE_STAR, 260, 0.7 * u,  2.3 * u, -5 * u,
					1 * u,         0,   0xffffff, 0.95};

	backdrop_show(b, cr, pose, 0, 1);
	paint_particles(cr, &stars, &rng, b->w, b->h * 0.86, seconds);
	falling_star(b, cr, &rng, seconds);
	backdrop_show(b, cr, pose, 1, b->count);
}

const struct scene_design scene_night = {
	.name = "night",
	.words = "night*|star|stars|starry|moon*|space*|galax*|planet*|cosm*|universe|astronaut*|"
		 "rocket*|nebula*|"
		 "midnight|dream*|sleep*|magic*|ноч*|звезд*|лун*|космо*|планет*|галакт*|сон|сны",
	.place = TITLE_LOW_LEFT,
	.build = build,
	.paint = paint,
};
