/* Hills behind hills in haze, a low sun, birds; firs where the words or the palette want them. */
#include "workers/motion/scene.h"

#include "workers/common/paint.h"
#include "workers/common/words.h"

#include <math.h>
#include <string.h>

enum { RIDGES = 4, BIRDS = 7 };

static bool wooded(const struct palette *palette)
{
	return strstr("forest snow autumn dawn", palette->name) != NULL;
}

static void build(struct backdrop *b, struct rng *rng)
{
	const struct palette *p = b->palette;
	bool dunes = !strcmp(p->name, "desert");
	double sun_x = b->w * rng_range(rng, 0.58, 0.8), sun_y = b->h * 0.44, u = b->unit;
	cairo_t *cr = backdrop_layer(b, 0, 0);

	paint_gradient(cr, 0, 0, b->w, b->h * 0.8, p->sky, 3);
	paint_glow(cr, sun_x, sun_y, b->h * 0.75, p->light, 0.65);
	paint_source(cr, p->light, 1);
	cairo_arc(cr, sun_x, sun_y, 62 * u, 0, 2 * M_PI);
	cairo_fill(cr);
	paint_glow(cr, sun_x, sun_y, 150 * u, p->light, 0.6);
	paint_source(cr, p->sky[2], 1);
	cairo_rectangle(cr, 0, b->h * 0.8, b->w, b->h);
	cairo_fill(cr);
	cairo_destroy(cr);
	paint_grain(b->layers[0].surface, rng, 2);

	for (int i = 0; i < RIDGES; i++) {
		double t = (double)i / (RIDGES - 1), base = b->h * (0.55 + 0.33 * t);
		double height = b->h * (0.15 - 0.05 * t);
		uint32_t top =
			paint_mix(paint_mix(p->sky[2], p->far, 0.55 + 0.45 * t), p->near, t * t);
		uint32_t foot = paint_mix(top, i == RIDGES - 1 ? p->near : p->sky[2], 0.45);

		cr = backdrop_layer(b, base - height * 2.2, 0.25 + 0.75 * t);
		if (i >= 2 && wooded(p))
			backdrop_firs(b, cr, rng, base - height * 0.35,
				      (40 + 90 * (t - 0.6)) * 2 * u, top);
		backdrop_ridge(b, cr, rng, base, height,
			       dunes || i == RIDGES - 1 ? 0.1 : 0.85 - 0.5 * t, top, foot);
		cairo_destroy(cr);
	}
}

static void paint_birds(const struct backdrop *b, cairo_t *cr, struct rng *rng, double seconds)
{
	double u = b->unit, x0 = b->w * rng_range(rng, 0.1, 0.4),
	       y0 = b->h * rng_range(rng, 0.2, 0.32);

	paint_source(cr, b->palette->near, 0.75);
	cairo_set_line_width(cr, 2.2 * u);
	cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
	for (int i = 0; i < BIRDS; i++) {
		double x = x0 + rng_range(rng, -90, 120) * u + seconds * 34 * u;
		double y = y0 + rng_range(rng, -36, 36) * u - seconds * 4 * u;
		double wing = rng_range(rng, 6, 11) * u, phase = rng_range(rng, 0, 6);
		double flap = wing * 0.55 * sin(seconds * 7 + phase);

		cairo_move_to(cr, x - wing, y - flap);
		cairo_curve_to(cr, x - wing * 0.5, y - wing * 0.35 - flap * 0.5, x - wing * 0.2, y,
			       x, y);
		cairo_curve_to(cr, x + wing * 0.2, y, x + wing * 0.5, y - wing * 0.35 - flap * 0.5,
			       x + wing, y - flap);
		cairo_stroke(cr);
	}
}

static void paint(const struct backdrop *b, cairo_t *cr, const struct pose *pose, struct rng rng,
		  double seconds)
{
	backdrop_show(b, cr, pose, 0, 1);
	paint_birds(b, cr, &rng, seconds);
	backdrop_show(b, cr, pose, 1, b->count);
}

const struct scene_design scene_landscape = {
	.name = "landscape",
	.words =
		"mountain*|hill*|valley*|landscape*|forest*|tree*|field*|meadow*|desert*|dune*|"
		"sunset*|sunrise*|"
		"dawn|morning|snow*|winter|autumn|nature|village*|castle*|volcan*|dragon*|canyon*|"
		"horse*|bird*|"
		"fog*|mist*|горы|гор|гора|холм*|лес*|пол*|закат*|рассвет*|снег*|зим*|осен*|пустын*",
	.place = TITLE_HIGH_LEFT,
	.build = build,
	.paint = paint,
};
