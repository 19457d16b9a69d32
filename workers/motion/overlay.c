#include "workers/motion/overlay.h"

#include "workers/common/paint.h"

#include <math.h>
#include <stdlib.h>

struct overlay {
	const struct shot *shot;
	double unit;  /* pixels of a 720 lines frame */
	uint32_t rgb; /* of light and dust */
	struct rng chance;
	cairo_surface_t *fog; /* a tile that repeats to the sides; NULL without fog */
};

static void puff(cairo_t *cr, double x, double y, double rx, double ry, double alpha)
{
	cairo_pattern_t *pattern = cairo_pattern_create_radial(0, 0, 0, 0, 0, 1);

	cairo_pattern_add_color_stop_rgba(pattern, 0, 1, 1, 1, alpha);
	cairo_pattern_add_color_stop_rgba(pattern, 0.4, 1, 1, 1, alpha * 0.55);
	cairo_pattern_add_color_stop_rgba(pattern, 1, 1, 1, 1, 0);
	cairo_save(cr);
	cairo_translate(cr, x, y);
	cairo_scale(cr, rx, ry);
	cairo_set_source(cr, pattern);
	cairo_arc(cr, 0, 0, 1, 0, 2 * M_PI);
	cairo_fill(cr);
	cairo_restore(cr);
	cairo_pattern_destroy(pattern);
}

/* Soft puffs, denser towards the ground; each is painted on both sides of the seam. Half size: fog
 * has no detail. */
static cairo_surface_t *fog_tile(const struct shot *shot, struct rng rng)
{
	double w = shot->width, h = shot->height / 2.0;
	cairo_surface_t *tile = paint_layer((int)w, (int)h);
	cairo_t *cr = cairo_create(tile);

	for (int i = 0; i < 46; i++) {
		double x = rng_range(&rng, 0, w), y = h * sqrt(rng_range(&rng, 0.04, 1));
		double rx = w * rng_range(&rng, 0.10, 0.26), ry = h * rng_range(&rng, 0.08, 0.2);
		double alpha = rng_range(&rng, 0.05, 0.17);

		for (int side = -1; side <= 1; side++)
			puff(cr, x + side * w, y, rx, ry, alpha);
	}
	cairo_destroy(cr);
	return tile;
}

struct overlay *overlay_new(const struct shot *shot, uint32_t rgb)
{
	struct overlay *overlay = calloc(1, sizeof(*overlay));

	if (!overlay)
		return NULL;
	overlay->shot = shot;
	overlay->unit = shot->height / 720.0;
	overlay->rgb = rgb;
	rng_seed(&overlay->chance, shot->prompt, shot->seed, "overlay");
	if (shot->environment == ENVIRONMENT_FOG) {
		overlay->fog = fog_tile(shot, overlay->chance);
		if (cairo_surface_status(overlay->fog))
			overlay_free(&overlay);
	}
	return overlay;
}

static void fall(const struct overlay *overlay, cairo_t *cr, struct particles p, double seconds)
{
	const struct shot *shot = overlay->shot;
	double u = overlay->unit;

	p.size_min *= u;
	p.size_max *= u;
	p.speed_x *= u * shot->amplitude;
	p.speed_y *= u * shot->amplitude;
	p.sway *= u;
	p.count = (int)(p.count * (double)shot->width / shot->height / (16.0 / 9));
	paint_particles(cr, &p, &overlay->chance, shot->width, shot->height, seconds);
}

static void paint_rain(const struct overlay *overlay, cairo_t *cr, double seconds)
{
	cairo_set_source_rgba(cr, 0.10, 0.14, 0.20, 0.22);
	cairo_paint(cr);
	fall(overlay, cr,
	     (struct particles){PARTICLE_STREAK, 420, 0.9, 2.4, -170, 1500, 0, 0xdfeaf6, 0.42},
	     seconds);
}

static void paint_snow(const struct overlay *overlay, cairo_t *cr, double seconds)
{
	fall(overlay, cr,
	     (struct particles){PARTICLE_DOT, 260, 1.0, 4.6, 26, 105, 16, 0xffffff, 0.92}, seconds);
	fall(overlay, cr, (struct particles){PARTICLE_SOFT, 16, 8, 17, 40, 190, 26, 0xffffff, 0.5},
	     seconds);
}

static void paint_dust(const struct overlay *overlay, cairo_t *cr, double seconds)
{
	fall(overlay, cr,
	     (struct particles){PARTICLE_SOFT, 90, 2.5, 11, 22, -34, 26, overlay->rgb, 0.85},
	     seconds);
}

/* Two sheets of one tile at different paces, so that the pattern never shows. */
static void paint_fog(const struct overlay *overlay, cairo_t *cr, double seconds)
{
	cairo_pattern_t *sheet = cairo_pattern_create_for_surface(overlay->fog);
	double speed[] = {34, -21};
	cairo_matrix_t matrix;

	cairo_pattern_set_extend(sheet, CAIRO_EXTEND_REPEAT);
	cairo_pattern_set_filter(sheet, CAIRO_FILTER_BILINEAR);
	for (int i = 0; i < 2; i++) {
		cairo_matrix_init_scale(&matrix, 1, 0.5);
		cairo_matrix_translate(&matrix,
				       seconds * speed[i] * overlay->unit *
						       overlay->shot->amplitude +
					       i * overlay->shot->width * 0.37,
				       0);
		cairo_pattern_set_matrix(sheet, &matrix);
		cairo_set_source(cr, sheet);
		cairo_paint(cr);
	}
	cairo_pattern_destroy(sheet);
}

static void paint_ray(cairo_t *cr, double length, double angle, double width, uint32_t rgb,
		      double alpha)
{
	cairo_pattern_t *pattern = cairo_pattern_create_radial(0, 0, 0, 0, 0, length);
	double r = (rgb >> 16 & 0xff) / 255.0, g = (rgb >> 8 & 0xff) / 255.0,
	       b = (rgb & 0xff) / 255.0;

	cairo_pattern_add_color_stop_rgba(pattern, 0, r, g, b, alpha);
	cairo_pattern_add_color_stop_rgba(pattern, 1, r, g, b, 0);
	cairo_set_source(cr, pattern);
	/* Wedges within wedges: a bright middle and soft sides. */
	for (int i = 1; i <= 4; i++) {
		double half = width * i / 4;

		cairo_move_to(cr, 0, 0);
		cairo_line_to(cr, length * cos(angle - half), length * sin(angle - half));
		cairo_line_to(cr, length * cos(angle + half), length * sin(angle + half));
		cairo_close_path(cr);
		cairo_fill(cr);
	}
	cairo_pattern_destroy(pattern);
}

static void paint_rays(const struct overlay *overlay, cairo_t *cr, double seconds)
{
	double w = overlay->shot->width, h = overlay->shot->height;
	struct rng rng = overlay->chance;

	cairo_save(cr);
	cairo_translate(cr, w * 0.12, -h * 0.22);
	for (int i = 0; i < 9; i++) {
		double angle = rng_range(&rng, 0.22, 1.35), width = rng_range(&rng, 0.015, 0.06);
		double phase = rng_range(&rng, 0, 2 * M_PI), pace = rng_range(&rng, 0.5, 1.1);

		angle += 0.03 * overlay->shot->amplitude * sin(seconds * pace * 0.6 + phase);
		paint_ray(cr, 1.25 * hypot(w, h), angle, width, overlay->rgb,
			  0.10 + 0.06 * sin(seconds * pace + phase));
	}
	cairo_restore(cr);
	fall(overlay, cr,
	     (struct particles){PARTICLE_SOFT, 40, 1.5, 5, 8, -10, 14, overlay->rgb, 0.5}, seconds);
}

void overlay_paint(const struct overlay *overlay, cairo_t *cr, double seconds)
{
	static void (*const painters[])(const struct overlay *, cairo_t *, double) = {
		[ENVIRONMENT_RAIN] = paint_rain,       [ENVIRONMENT_SNOW] = paint_snow,
		[ENVIRONMENT_FOG] = paint_fog,         [ENVIRONMENT_DUST] = paint_dust,
		[ENVIRONMENT_LIGHT_RAYS] = paint_rays,
	};

	if (overlay->shot->environment != ENVIRONMENT_NONE)
		painters[overlay->shot->environment](overlay, cr, seconds);
}

void overlay_free(struct overlay **overlay)
{
	if (!*overlay)
		return;
	if ((*overlay)->fog)
		cairo_surface_destroy((*overlay)->fog);
	free(*overlay);
	*overlay = NULL;
}
