#include "workers/motion/backdrop.h"

#include "workers/common/paint.h"

#include <math.h>

enum { LATTICE = 64, OCTAVES = 5 };

void backdrop_init(struct backdrop *b, const struct shot *shot, const struct palette *palette)
{
	*b = (struct backdrop){
		.shot = shot,
		.palette = palette,
		.w = shot->width,
		.h = shot->height,
		.unit = shot->height / 720.0,
		.bleed = 0.10 * shot->width,
	};
}

cairo_t *backdrop_layer(struct backdrop *b, double top, double depth)
{
	struct layer *layer = &b->layers[b->count++];
	cairo_t *cr;

	layer->depth = depth;
	/* The sky stands still and needs no bleed, which keeps it a plain copy in every frame. */
	layer->x = depth > 0 ? -ceil(b->bleed) : 0;
	layer->y = floor(top);
	layer->surface = cairo_image_surface_create(
		depth > 0 ? CAIRO_FORMAT_ARGB32 : CAIRO_FORMAT_RGB24, (int)(b->w - 2 * layer->x),
		(int)ceil(b->h - layer->y + (depth > 0 ? b->bleed : 0)));
	if (cairo_surface_status(layer->surface))
		b->failed = true;
	cr = cairo_create(layer->surface);
	cairo_translate(cr, -layer->x, -layer->y);
	return cr;
}

void backdrop_look(const struct backdrop *b, cairo_t *cr, const struct pose *pose, double depth)
{
	double zoom = 1 + (pose->zoom - 1) * depth, reach = 0.55 * b->bleed * depth;

	cairo_translate(cr, b->w / 2, b->h * 0.6);
	cairo_rotate(cr, pose->roll * 0.5 * depth);
	cairo_scale(cr, zoom, zoom);
	cairo_translate(cr, -b->w / 2 - pose->x * reach, -b->h * 0.6 - pose->y * reach * 0.3);
}

void backdrop_show(const struct backdrop *b, cairo_t *cr, const struct pose *pose, int from, int to)
{
	for (int i = from; i < to; i++) {
		const struct layer *layer = &b->layers[i];

		cairo_save(cr);
		if (layer->depth > 0)
			backdrop_look(b, cr, pose, layer->depth);
		cairo_set_source_surface(cr, layer->surface, layer->x, layer->y);
		cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_BILINEAR);
		cairo_paint(cr);
		cairo_restore(cr);
	}
}

void backdrop_free(struct backdrop *b)
{
	for (int i = 0; i < b->count; i++)
		cairo_surface_destroy(b->layers[i].surface);
	b->count = 0;
}

/* Random heights at whole numbers, smooth between them. */
static double lattice_at(const double lattice[LATTICE], double x)
{
	double whole = floor(x), t = paint_ease(x - whole);
	int i = (int)whole & (LATTICE - 1);

	return lattice[i] * (1 - t) + lattice[(i + 1) & (LATTICE - 1)] * t;
}

/* -1..1. Folding the first octaves (rough) makes peaks of what would be hills. */
static double skyline(const double lattice[LATTICE], double x, double rough)
{
	double sum = 0, scale = 1, total = 0;

	for (int octave = 0; octave < OCTAVES; octave++) {
		double n = 2 * lattice_at(lattice, x * (1 << octave) + octave * 17) - 1;
		double sharp = 1 - 2 * fabs(n);

		sum += scale * (n + (sharp - n) * rough);
		total += scale;
		scale *= 0.28 + 0.2 * rough;
	}
	return sum / total;
}

static void fill_lattice(double lattice[LATTICE], struct rng *rng)
{
	for (int i = 0; i < LATTICE; i++)
		lattice[i] = rng_range(rng, 0, 1);
}

void backdrop_ridge(const struct backdrop *b, cairo_t *cr, struct rng *rng, double base,
		    double height, double rough, uint32_t top_rgb, uint32_t bottom_rgb)
{
	double lattice[LATTICE], left = -b->bleed - 2, right = b->w + b->bleed + 2,
				 bottom = b->h + b->bleed;
	cairo_pattern_t *fill = cairo_pattern_create_linear(0, base - height, 0, b->h);
	double wide = 340 * b->unit;

	fill_lattice(lattice, rng);
	cairo_move_to(cr, left, bottom);
	for (double x = left; x <= right; x += 2)
		cairo_line_to(cr, x, base - height * skyline(lattice, (x - left) / wide, rough));
	cairo_line_to(cr, right, bottom);
	cairo_close_path(cr);
	for (int i = 0; i < 2; i++) {
		uint32_t rgb = i ? bottom_rgb : top_rgb;

		cairo_pattern_add_color_stop_rgb(fill, i, (rgb >> 16 & 0xff) / 255.0,
						 (rgb >> 8 & 0xff) / 255.0, (rgb & 0xff) / 255.0);
	}
	cairo_set_source(cr, fill);
	cairo_fill(cr);
	cairo_pattern_destroy(fill);
}

static void fir(cairo_t *cr, double x, double foot, double size)
{
	cairo_move_to(cr, x, foot - size);
	for (int tier = 1; tier <= 4; tier++) {
		double y = foot - size + size * tier / 4, half = size * (0.07 + 0.055 * tier);

		cairo_line_to(cr, x + half, y);
		cairo_line_to(cr, x + half * 0.45, y - size * 0.015);
	}
	for (int tier = 4; tier >= 1; tier--) {
		double y = foot - size + size * tier / 4, half = size * (0.07 + 0.055 * tier);

		cairo_line_to(cr, x - half * 0.45, y - size * 0.015);
		cairo_line_to(cr, x - half, y);
	}
	cairo_close_path(cr);
}

void backdrop_firs(const struct backdrop *b, cairo_t *cr, struct rng *rng, double base, double size,
		   uint32_t rgb)
{
	double lattice[LATTICE], left = -b->bleed, right = b->w + b->bleed, foot = base,
				 last = left;

	fill_lattice(lattice, rng);
	paint_source(cr, rgb, 1);
	for (double x = left; x < right; x += size * rng_range(rng, 0.16, 0.5)) {
		double before = foot;

		foot = base - size * 0.35 * skyline(lattice, (x - left) / (500 * b->unit), 0);
		fir(cr, x, foot + size * 0.12, size * rng_range(rng, 0.55, 1.1));
		/* The ground they stand on, or they would float where the ridge before them is low.
		 */
		cairo_move_to(cr, last - 1, b->h + b->bleed);
		cairo_line_to(cr, last - 1, before);
		cairo_line_to(cr, x, foot);
		cairo_line_to(cr, x, b->h + b->bleed);
		cairo_close_path(cr);
		cairo_fill(cr);
		last = x;
	}
}
