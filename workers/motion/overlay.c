#include "workers/motion/overlay.h"

#include "workers/common/paint.h"

#include <math.h>
#include <stdlib.h>

/* Rays have no detail: drawn small and scaled up they are soft, and cost little. */
enum { RAYS = 9, RAYS_SCALE = 4, RAY_STEPS = 10 };

struct overlay {
	const struct shot *shot;
	double unit;  /* pixels of a 720 lines frame */
	uint32_t rgb; /* of light and dust */
	struct rng chance;
	cairo_surface_t *fog;  /* a tile that repeats to the sides; NULL without fog */
	cairo_surface_t *rays; /* of one frame, RAYS_SCALE times smaller; NULL without rays */
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
	if (shot->environment == ENVIRONMENT_FOG)
		overlay->fog = fog_tile(shot, overlay->chance);
	if (shot->environment == ENVIRONMENT_LIGHT_RAYS)
		overlay->rays =
			paint_layer(shot->width / RAYS_SCALE + 1, shot->height / RAYS_SCALE + 1);
	if ((overlay->fog && cairo_surface_status(overlay->fog)) ||
	    (overlay->rays && cairo_surface_status(overlay->rays)))
		overlay_free(&overlay);
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
	     (struct particles){PARTICLE_STREAK, 900, 0.9, 2.6, -170, 1500, 0, 0xe6eff8, 0.55},
	     seconds);
}

static void paint_snow(const struct overlay *overlay, cairo_t *cr, double seconds)
{
	fall(overlay, cr,
	     (struct particles){PARTICLE_DOT, 520, 1.0, 5.0, 26, 105, 16, 0xffffff, 0.92}, seconds);
	fall(overlay, cr, (struct particles){PARTICLE_SOFT, 30, 8, 18, 40, 190, 26, 0xffffff, 0.6},
	     seconds);
}

static void paint_dust(const struct overlay *overlay, cairo_t *cr, double seconds)
{
	fall(overlay, cr,
	     (struct particles){PARTICLE_SOFT, 240, 3, 13, 22, -34, 26, overlay->rgb, 0.9},
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

/* Wedges within wedges: a bright middle and soft sides. */
static void draw_ray(cairo_t *cr, double length, double angle, double width, uint32_t rgb,
		     double alpha)
{
	cairo_pattern_t *pattern = cairo_pattern_create_radial(0, 0, 0, 0, 0, length);
	double r = (rgb >> 16 & 0xff) / 255.0, g = (rgb >> 8 & 0xff) / 255.0,
	       b = (rgb & 0xff) / 255.0;

	cairo_pattern_add_color_stop_rgba(pattern, 0, r, g, b, alpha / RAY_STEPS);
	cairo_pattern_add_color_stop_rgba(pattern, 1, r, g, b, 0);
	cairo_set_source(cr, pattern);
	for (int i = 1; i <= RAY_STEPS; i++) {
		double half = width * i / RAY_STEPS;

		cairo_move_to(cr, 0, 0);
		cairo_line_to(cr, length * cos(angle - half), length * sin(angle - half));
		cairo_line_to(cr, length * cos(angle + half), length * sin(angle + half));
		cairo_close_path(cr);
		cairo_fill(cr);
	}
	cairo_pattern_destroy(pattern);
}

static void draw_rays(const struct overlay *overlay, double seconds)
{
	double w = cairo_image_surface_get_width(overlay->rays);
	double h = cairo_image_surface_get_height(overlay->rays);
	cairo_t *cr = cairo_create(overlay->rays);
	struct rng rng = overlay->chance;

	cairo_set_operator(cr, CAIRO_OPERATOR_CLEAR);
	cairo_paint(cr);
	cairo_set_operator(cr, CAIRO_OPERATOR_ADD);
	cairo_translate(cr, w * 0.12, -h * 0.22);
	for (int i = 0; i < RAYS; i++) {
		/* Spread evenly, then shaken a little: no gap, and no rule. */
		double angle = 0.2 + 1.2 * (i + rng_range(&rng, 0.1, 0.9)) / RAYS;
		double width = rng_range(&rng, 0.02, 0.075);
		double phase = rng_range(&rng, 0, 2 * M_PI), pace = rng_range(&rng, 0.5, 1.1);

		angle += 0.03 * overlay->shot->amplitude * sin(seconds * pace * 0.6 + phase);
		draw_ray(cr, 1.25 * hypot(w, h), angle, width, overlay->rgb,
			 0.42 + 0.22 * sin(seconds * pace + phase));
	}
	cairo_destroy(cr);
}

/* Light is added; it does not cover. */
static void paint_rays(const struct overlay *overlay, cairo_t *cr, double seconds)
{
	draw_rays(overlay, seconds);
	cairo_save(cr);
	cairo_scale(cr, RAYS_SCALE, RAYS_SCALE);
	cairo_set_source_surface(cr, overlay->rays, 0, 0);
	cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_BILINEAR);
	cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
	cairo_set_operator(cr, CAIRO_OPERATOR_SCREEN);
	cairo_paint(cr);
	cairo_restore(cr);
	fall(overlay, cr,
	     (struct particles){PARTICLE_SOFT, 60, 1.5, 6, 8, -10, 14, overlay->rgb, 0.6}, seconds);
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
	/* NULL is nothing to cairo. */
	cairo_surface_destroy((*overlay)->fog);
	cairo_surface_destroy((*overlay)->rays);
	free(*overlay);
	*overlay = NULL;
}
