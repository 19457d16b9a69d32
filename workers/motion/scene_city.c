/* A skyline in three rows with lit windows, and the lights of traffic along its foot. */
#include "workers/motion/scene.h"

#include "workers/common/paint.h"

#include <math.h>

enum { ROWS = 3, CARS = 46 };

static const double street = 0.90;

static void windows(const struct backdrop *b, cairo_t *cr, struct rng *rng, double x, double y,
		    double w, double depth)
{
	double step = (7 + 8 * depth) * b->unit, size = step * 0.46;
	double lit = rng_range(rng, 0.12, 0.5);

	for (double wy = y + step; wy < b->h * street; wy += step * 1.25) {
		for (double wx = x + step * 0.6; wx < x + w - step; wx += step) {
			double chance = rng_range(rng, 0, 1);

			if (chance > lit)
				continue;
			paint_source(cr,
				     chance < lit * 0.2 ? b->palette->accent : b->palette->light,
				     (0.25 + 0.6 * depth) * rng_range(rng, 0.5, 1));
			cairo_rectangle(cr, wx, wy, size, size * 1.35);
			cairo_fill(cr);
		}
	}
}

static void building(const struct backdrop *b, cairo_t *cr, struct rng *rng, double x, double y,
		     double w, double depth, uint32_t top, uint32_t foot)
{
	uint32_t body[2] = {top, foot};
	double u = b->unit;

	switch (rng_below(rng, 4)) {
	case 0: /* a mast */
		paint_source(cr, top, 1);
		cairo_rectangle(cr, x + w / 2 - u, y - 46 * u * (0.4 + depth), 2 * u,
				50 * u * (0.4 + depth));
		cairo_fill(cr);
		break;
	case 1: /* a set-back storey */
		paint_gradient(cr, floor(x + w * 0.2), y - 18 * u, floor(w * 0.6), 24 * u, &top, 1);
		break;
	case 2: /* a sloping roof */
		paint_source(cr, top, 1);
		cairo_move_to(cr, x, y + 1);
		cairo_line_to(cr, x + w, y + 1);
		cairo_line_to(cr, x + w, y - w * 0.35);
		cairo_close_path(cr);
		cairo_fill(cr);
		break;
	}
	paint_gradient(cr, x, y, w, b->h * street + b->bleed - y, body, 2);
	windows(b, cr, rng, x, y, w, depth);
}

static void build_sky(struct backdrop *b, struct rng *rng)
{
	const struct palette *p = b->palette;
	double x = b->w * rng_range(rng, 0.74, 0.84), y = b->h * 0.40, r = 130 * b->unit;
	cairo_t *cr = backdrop_layer(b, 0, 0);
	uint32_t disc[2] = {p->light, p->accent};

	paint_gradient(cr, 0, 0, b->w, b->h * street, p->sky, 3);
	paint_glow(cr, x, y, b->h * 0.7, p->accent, 0.55);
	cairo_save(cr);
	cairo_arc(cr, x, y, r, 0, 2 * M_PI);
	cairo_clip(cr);
	paint_gradient(cr, x - r, y - r, 2 * r, 2 * r, disc, 2);
	cairo_restore(cr);
	paint_glow(cr, b->w / 2, b->h * street, b->h * 0.5, p->sky[2], 0.5);
	paint_source(cr, p->near, 1);
	cairo_rectangle(cr, 0, b->h * street, b->w, b->h);
	cairo_fill(cr);
	cairo_destroy(cr);
	paint_grain(b->layers[0].surface, rng, 2);
}

static void build(struct backdrop *b, struct rng *rng)
{
	const struct palette *p = b->palette;

	build_sky(b, rng);
	for (int row = 0; row < ROWS; row++) {
		double t = (double)row / (ROWS - 1), u = b->unit;
		cairo_t *cr = backdrop_layer(b, b->h * 0.12, 0.25 + 0.6 * t);
		uint32_t top =
			paint_mix(paint_mix(p->sky[2], p->far, 0.45 + 0.55 * t), p->near, t * 0.9);

		for (double x = -b->bleed; x < b->w + b->bleed;) {
			double w = floor(rng_range(rng, 46, 104) * u * (0.7 + 0.7 * t));
			double tall = b->h * (0.30 + rng_range(rng, 0, 0.26) - 0.13 * t);

			building(b, cr, rng, floor(x), floor(b->h * street - tall), w, t, top,
				 paint_mix(top, row == ROWS - 1 ? 0x000000 : p->sky[2], 0.35));
			x += w + floor(rng_range(rng, 0, 26) * u);
		}
		cairo_destroy(cr);
	}
}

static void paint_traffic(const struct backdrop *b, cairo_t *cr, struct rng *rng, double seconds)
{
	double u = b->unit, span = b->w + 240 * u;

	cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
	for (int i = 0; i < CARS; i++) {
		double lane = rng_range(rng, 0, 1), near = lane * lane,
		       pace = rng_range(rng, 150, 260) * u;
		double x = rng_range(rng, 0, span), y = b->h * (street + 0.022 + 0.062 * near);
		double length = (16 + 60 * near) * u, way = i % 2 ? 1 : -1;

		x = fmod(x + way * seconds * pace * (0.4 + near) + 100 * span, span) - 120 * u;
		paint_source(cr, i % 2 ? b->palette->accent : b->palette->light, 0.35 + 0.5 * near);
		cairo_set_line_width(cr, (1.4 + 3 * near) * u);
		cairo_move_to(cr, x, y + (i % 2) * 5 * u);
		cairo_line_to(cr, x - way * length, y + (i % 2) * 5 * u);
		cairo_stroke(cr);
	}
}

static void paint(const struct backdrop *b, cairo_t *cr, const struct pose *pose, struct rng rng,
		  double seconds)
{
	uint32_t road[2] = {paint_mix(b->palette->near, b->palette->sky[2], 0.22),
			    b->palette->near};

	backdrop_show(b, cr, pose, 0, b->count);
	paint_gradient(cr, 0, floor(b->h * street), b->w, b->h * (1 - street) + 1, road, 2);
	paint_traffic(b, cr, &rng, seconds);
}

const struct scene_design scene_city = {
	.name = "city",
	.words = "city*|cities|street*|urban|skyline|building*|tower*|neon*|cyber*|futurist*|"
		 "downtown|traffic|car|cars|"
		 "robot*|office*|business|tokyo|york|london|город*|улиц*|небоскр*|москв*|машин*|"
		 "неон*|робот*",
	.place = TITLE_HIGH_LEFT,
	.build = build,
	.paint = paint,
};
