/* A sun over water: waves in rows that move at their own pace, and its light broken on them. */
#include "workers/motion/scene.h"

#include "workers/common/paint.h"

#include <math.h>

enum { WAVES = 6, GLINTS = 70 };

static const double horizon = 0.56;

static double sun_x(const struct backdrop *b, struct rng *rng)
{
	return b->w * rng_range(rng, 0.56, 0.74);
}

static void cloud(cairo_t *cr, double x, double y, double size, uint32_t rgb, struct rng *rng)
{
	for (int i = 0; i < 16; i++) {
		double along = rng_range(rng, -1, 1),
		       r = size * rng_range(rng, 0.22, 0.45) * (1.1 - fabs(along));
		cairo_save(cr);
		cairo_translate(cr, x + along * size * 1.9, y + rng_range(rng, -0.1, 0.1) * size);
		cairo_scale(cr, 2.1, 0.42);
		paint_glow(cr, 0, 0, r * 1.5, rgb, 0.30);
		cairo_restore(cr);
	}
}

static void build(struct backdrop *b, struct rng *rng)
{
	const struct palette *p = b->palette;
	double x = sun_x(b, rng), y = b->h * (horizon - 0.11), u = b->unit;
	uint32_t sea[3] = {paint_mix(p->sky[2], p->far, 0.45), p->far, p->near};
	cairo_t *cr = backdrop_layer(b, 0, 0);

	paint_gradient(cr, 0, 0, b->w, b->h * horizon, p->sky, 3);
	for (int i = 0; i < 5; i++)
		cloud(cr, b->w * rng_range(rng, 0, 1), b->h * rng_range(rng, 0.10, 0.42),
		      rng_range(rng, 60, 130) * u, paint_mix(p->sky[2], p->light, 0.4), rng);
	paint_glow(cr, x, y, b->h * 0.6, p->light, 0.7);
	paint_source(cr, p->light, 1);
	cairo_arc(cr, x, y, 52 * u, 0, 2 * M_PI);
	cairo_fill(cr);
	paint_gradient(cr, 0, b->h * horizon, b->w, b->h * (1 - horizon), sea, 3);
	paint_glow(cr, x, b->h * horizon, b->h * 0.35, p->light, 0.5);
	cairo_destroy(cr);
	paint_grain(b->layers[0].surface, rng, 2);
}

static void wave(const struct backdrop *b, cairo_t *cr, double t, double shift, double seconds)
{
	const struct palette *p = b->palette;
	double u = b->unit, top = b->h * (horizon + 0.035 + (0.93 - horizon) * pow(t, 1.35));
	double swell = (3 + 17 * t) * u, length = (90 + 330 * t) * u, pace = 0.55 + 0.5 * t;
	uint32_t rgb = paint_mix(paint_mix(p->sky[2], p->far, 0.5 + 0.5 * t), p->near, t);

	cairo_move_to(cr, -2, b->h + 2);
	for (double x = -2; x <= b->w + 6; x += 6) {
		double at = (x + shift) / length;
		double y = sin(at * 2 * M_PI + seconds * pace) +
			   0.45 * sin(at * 5.1 - seconds * pace * 1.3) +
			   0.2 * sin(at * 11.7 + seconds * 1.9);

		cairo_line_to(cr, x, top - swell * (y * 0.6 + 0.15 * sin(seconds * 0.8 + t * 6)));
	}
	cairo_line_to(cr, b->w + 6, b->h + 2);
	cairo_close_path(cr);
	paint_source(cr, rgb, 0.62 + 0.3 * t);
	cairo_fill_preserve(cr);
	paint_source(cr, p->light, 0.20 + 0.12 * t);
	cairo_set_line_width(cr, (0.8 + 1.6 * t) * u);
	cairo_stroke(cr);
}

static void paint_glints(const struct backdrop *b, cairo_t *cr, struct rng *rng, double x0,
			 double seconds)
{
	double u = b->unit;

	cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
	for (int i = 0; i < GLINTS; i++) {
		double t = pow(rng_range(rng, 0, 1), 1.3), y = b->h * (horizon + 0.012 + 0.36 * t);
		double half = (10 + 44 * t) * u * rng_range(rng, 0.4, 1),
		       spread = (26 + 190 * t) * u;
		double x = x0 + rng_range(rng, -1, 1) * spread, phase = rng_range(rng, 0, 2 * M_PI);
		double shine = sin(seconds * rng_range(rng, 1.2, 3) + phase);

		if (shine <= 0)
			continue;
		x += 8 * u * sin(seconds + phase);
		paint_source(cr, b->palette->light, 0.75 * shine * (1 - 0.6 * t));
		cairo_set_line_width(cr, (1.2 + 2.6 * t) * u);
		cairo_move_to(cr, x - half, y);
		cairo_line_to(cr, x + half, y);
		cairo_stroke(cr);
	}
}

static void paint(const struct backdrop *b, cairo_t *cr, const struct pose *pose, struct rng rng,
		  double seconds)
{
	double x = sun_x(b, &rng);

	backdrop_show(b, cr, pose, 0, 1);
	for (int i = 0; i < WAVES; i++) {
		double t = (double)i / (WAVES - 1);

		wave(b, cr, t, (pose->x * b->bleed + 2000 * rng_range(&rng, 0, 1)) * (0.3 + t),
		     seconds);
		if (i == WAVES - 3)
			paint_glints(b, cr, &rng, x, seconds);
	}
}

const struct scene_design scene_ocean = {
	.name = "ocean",
	.words = "ocean*|sea|seas|beach*|wave*|water*|lake*|river*|island*|ship*|boat*|sail*|whale*"
		 "|dolphin*|fish*|"
		 "surf*|coast*|море|моря|морем|океан*|волн*|вод*|рек*|озер*|пляж*|остров*|корабл*",
	.place = TITLE_HIGH_LEFT,
	.build = build,
	.paint = paint,
};
