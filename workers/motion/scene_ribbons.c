/* Abstract: silk ribbons that flow across, and lights out of focus. */
#include "workers/motion/scene.h"

#include "workers/common/paint.h"

#include <math.h>

enum { RIBBONS = 5, STRANDS = 9 };

static void build(struct backdrop *b, struct rng *rng)
{
	const struct palette *p = b->palette;
	cairo_t *cr = backdrop_layer(b, 0, 0);
	uint32_t sky[3] = {p->near, p->sky[0], p->sky[1]};

	paint_gradient(cr, 0, 0, b->w, b->h, sky, 3);
	for (int i = 0; i < 5; i++)
		paint_glow(cr, b->w * rng_range(rng, 0, 1), b->h * rng_range(rng, 0, 1),
			   b->h * rng_range(rng, 0.35, 0.8),
			   paint_mix(p->sky[1 + i % 2], p->accent, rng_range(rng, 0, 0.4)), 0.32);
	paint_vignette(cr, b->w, b->h, 0.5);
	cairo_destroy(cr);
	paint_grain(b->layers[0].surface, rng, 2);
}

struct wave {
	double y, swing, length, pace, phase, width;
};

static double height_at(const struct wave *wave, double x, double seconds, double side)
{
	double at = x / wave->length * 2 * M_PI;

	return wave->y +
	       wave->swing * (sin(at + wave->phase + seconds * wave->pace) +
			      0.4 * sin(at * 0.47 - seconds * wave->pace * 0.7 + wave->phase * 2)) +
	       side * wave->width * (0.35 + 0.65 * sin(at * 0.6 + seconds * 0.4 + wave->phase));
}

/* A ribbon is a filled band between two edges, with fine strands along it that show how it turns.
 */
static void ribbon(const struct backdrop *b, cairo_t *cr, const struct wave *wave, uint32_t from,
		   uint32_t to, double seconds)
{
	cairo_pattern_t *fill = cairo_pattern_create_linear(0, 0, b->w, 0);
	double step = 16 * b->unit, left = -b->bleed, right = b->w + b->bleed;

	for (int i = 0; i <= 4; i++) {
		uint32_t rgb = paint_mix(from, to, i / 4.0);

		cairo_pattern_add_color_stop_rgba(fill, i / 4.0, (rgb >> 16 & 0xff) / 255.0,
						  (rgb >> 8 & 0xff) / 255.0, (rgb & 0xff) / 255.0,
						  i % 4 ? 0.62 : 0.12);
	}
	cairo_set_source(cr, fill);
	for (double x = left; x <= right; x += step)
		cairo_line_to(cr, x, height_at(wave, x, seconds, -1));
	for (double x = right; x >= left; x -= step)
		cairo_line_to(cr, x, height_at(wave, x, seconds, 1));
	cairo_close_path(cr);
	cairo_fill(cr);
	cairo_set_line_width(cr, 1.1 * b->unit);
	for (int i = 0; i < STRANDS; i++) {
		double side = 2.0 * i / (STRANDS - 1) - 1;

		paint_source(cr, b->palette->light, 0.10 + 0.16 * side * side);
		for (double x = left; x <= right; x += step)
			cairo_line_to(cr, x, height_at(wave, x, seconds, side));
		cairo_stroke(cr);
	}
	cairo_pattern_destroy(fill);
}

static void paint(const struct backdrop *b, cairo_t *cr, const struct pose *pose, struct rng rng,
		  double seconds)
{
	const struct palette *p = b->palette;
	double u = b->unit;
	const struct particles lights = {PARTICLE_SOFT, 34,     5 * u,    40 * u, 16 * u,
					 -22 * u,       30 * u, p->light, 0.30};
	const struct rng chance = rng;

	backdrop_show(b, cr, pose, 0, 1);
	for (int i = 0; i < RIBBONS; i++) {
		struct wave wave = {
			.y = b->h * (0.34 + 0.13 * i) + rng_range(&rng, -30, 30) * u,
			.swing = rng_range(&rng, 40, 95) * u,
			.length = b->w * rng_range(&rng, 0.7, 1.3),
			.pace = rng_range(&rng, 0.25, 0.6) * (i % 2 ? -1 : 1),
			.phase = rng_range(&rng, 0, 2 * M_PI),
			.width = rng_range(&rng, 26, 72) * u,
		};

		cairo_save(cr);
		backdrop_look(b, cr, pose, 0.2 + 0.15 * i);
		ribbon(b, cr, &wave, i % 2 ? p->accent : p->sky[2], i % 2 ? p->sky[2] : p->far,
		       seconds);
		cairo_restore(cr);
	}
	paint_particles(cr, &lights, &chance, b->w, b->h, seconds);
}

const struct scene_design scene_ribbons = {
	.name = "ribbons",
	.words = "abstract*|music*|fire*|flame*|love*|flower*|silk|smoke|dance*|colorful|colourful|"
		 "rainbow*|piano*|"
		 "energy|liquid|paint*|gold*|абстракт*|музык*|огон*|любов*|цвет*|танец",
	.place = TITLE_CENTRE,
	.build = build,
	.paint = paint,
};
