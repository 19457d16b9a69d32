#include "workers/common/paint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double channel(uint32_t rgb, int shift)
{
	return (double)(rgb >> shift & 0xff) / 255.0;
}

void paint_source(cairo_t *cr, uint32_t rgb, double alpha)
{
	cairo_set_source_rgba(cr, channel(rgb, 16), channel(rgb, 8), channel(rgb, 0), alpha);
}

uint32_t paint_mix(uint32_t a, uint32_t b, double t)
{
	uint32_t rgb = 0;

	for (int shift = 0; shift <= 16; shift += 8) {
		double c = channel(a, shift) + (channel(b, shift) - channel(a, shift)) * t;

		rgb |= (uint32_t)lround(c * 255) << shift;
	}
	return rgb;
}

double paint_ease(double t)
{
	return t * t * (3 - 2 * t);
}

cairo_surface_t *paint_layer(int width, int height)
{
	return cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
}

static void add_stop(cairo_pattern_t *pattern, double at, uint32_t rgb, double alpha)
{
	cairo_pattern_add_color_stop_rgba(pattern, at, channel(rgb, 16), channel(rgb, 8),
					  channel(rgb, 0), alpha);
}

void paint_gradient(cairo_t *cr, double x, double y, double w, double h, const uint32_t *rgb,
		    size_t count)
{
	cairo_pattern_t *pattern = cairo_pattern_create_linear(0, y, 0, y + h);

	for (size_t i = 0; i < count; i++)
		add_stop(pattern, count > 1 ? (double)i / (double)(count - 1) : 0, rgb[i], 1);
	cairo_set_source(cr, pattern);
	cairo_rectangle(cr, x, y, w, h);
	cairo_fill(cr);
	cairo_pattern_destroy(pattern);
}

/* Stops of a bell curve: two stops alone show an edge at the rim. */
static cairo_pattern_t *bell(double x, double y, double radius, uint32_t rgb, double alpha)
{
	cairo_pattern_t *pattern = cairo_pattern_create_radial(x, y, 0, x, y, radius);

	for (int i = 0; i <= 8; i++) {
		double d = i / 8.0;

		add_stop(pattern, d, rgb, alpha * pow(1 - d * d, 3));
	}
	return pattern;
}

void paint_glow(cairo_t *cr, double x, double y, double radius, uint32_t rgb, double alpha)
{
	cairo_pattern_t *pattern = bell(x, y, radius, rgb, alpha);

	cairo_save(cr);
	cairo_set_operator(cr, CAIRO_OPERATOR_SCREEN);
	cairo_set_source(cr, pattern);
	cairo_rectangle(cr, x - radius, y - radius, 2 * radius, 2 * radius);
	cairo_fill(cr);
	cairo_restore(cr);
	cairo_pattern_destroy(pattern);
}

void paint_vignette(cairo_t *cr, double w, double h, double alpha)
{
	double radius = hypot(w, h) / 2;
	cairo_pattern_t *pattern =
		cairo_pattern_create_radial(w / 2, h / 2, radius * 0.45, w / 2, h / 2, radius);

	add_stop(pattern, 0, 0, 0);
	add_stop(pattern, 0.5, 0, alpha * 0.35);
	add_stop(pattern, 1, 0, alpha);
	cairo_set_source(cr, pattern);
	cairo_paint(cr);
	cairo_pattern_destroy(pattern);
}

static unsigned char nudge(unsigned char c, int by)
{
	int sum = c + by;

	return (unsigned char)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

void paint_grain(cairo_surface_t *surface, struct rng *rng, int strength)
{
	int width = cairo_image_surface_get_width(surface);
	int height = cairo_image_surface_get_height(surface);
	size_t stride = (size_t)cairo_image_surface_get_stride(surface);
	unsigned char *data;

	cairo_surface_flush(surface);
	data = cairo_image_surface_get_data(surface);
	for (int y = 0; data && y < height; y++) {
		unsigned char *p = data + (size_t)y * stride;

		for (int x = 0; x < width; x++, p += 4) {
			int by = (int)rng_below(rng, (unsigned)(2 * strength + 1)) - strength;

			for (int c = 0; c < 3; c++)
				p[c] = nudge(p[c], by);
		}
	}
	cairo_surface_mark_dirty(surface);
}

/* Into 0..size, the way a clock face does. */
static double wrap(double x, double size)
{
	x = fmod(x, size);
	return x < 0 ? x + size : x;
}

static void paint_particle(cairo_t *cr, const struct particles *p, double x, double y, double size,
			   double alpha)
{
	cairo_pattern_t *pattern;
	double speed = hypot(p->speed_x, p->speed_y);

	switch (p->kind) {
	case PARTICLE_SOFT:
		pattern = bell(x, y, size, p->rgb, alpha);
		cairo_set_source(cr, pattern);
		cairo_rectangle(cr, x - size, y - size, 2 * size, 2 * size);
		cairo_fill(cr);
		cairo_pattern_destroy(pattern);
		break;
	case PARTICLE_STREAK:
		paint_source(cr, p->rgb, alpha);
		cairo_set_line_width(cr, size);
		cairo_move_to(cr, x, y);
		cairo_line_to(cr, x - p->speed_x / speed * size * 16,
			      y - p->speed_y / speed * size * 16);
		cairo_stroke(cr);
		break;
	case PARTICLE_DOT:
	case PARTICLE_STAR:
		paint_source(cr, p->rgb, alpha);
		cairo_arc(cr, x, y, size, 0, 2 * M_PI);
		cairo_fill(cr);
		break;
	}
}

void paint_particles(cairo_t *cr, const struct particles *p, const struct rng *chance, double w,
		     double h, double time)
{
	struct rng rng = *chance;
	double margin = p->size_max * (p->kind == PARTICLE_STREAK ? 16 : 1) + p->sway;

	for (int i = 0; i < p->count; i++) {
		/* Squared: many small ones far away, a few large ones near. */
		double near = pow(rng_range(&rng, 0, 1), 2), depth = 0.35 + 0.65 * near;
		double x0 = rng_range(&rng, 0, w + 2 * margin),
		       y0 = rng_range(&rng, 0, h + 2 * margin);
		double phase = rng_range(&rng, 0, 2 * M_PI), pace = rng_range(&rng, 0.6, 1.6);
		double x = wrap(x0 + p->speed_x * depth * time, w + 2 * margin) - margin;
		double y = wrap(y0 + p->speed_y * depth * time, h + 2 * margin) - margin;
		double alpha = p->alpha * (0.4 + 0.6 * near);

		x += p->sway * sin(phase + time * pace);
		if (p->kind == PARTICLE_STAR)
			alpha *= 0.65 + 0.35 * sin(phase + time * pace * 2.5);
		paint_particle(cr, p, x, y, p->size_min + (p->size_max - p->size_min) * near,
			       alpha);
	}
}

/* In place: white space of any length becomes one space. */
static void single_space(char *text)
{
	char *out = text, last = ' ';

	for (; *text; text++) {
		char c = strchr(" \t\r\n\v\f", *text) ? ' ' : *text;

		if (c != ' ' || last != ' ')
			*out++ = c;
		last = c;
	}
	*out = '\0';
}

/* Blanks the characters of a run that no installed font has. */
static void blank_unknown(const PangoGlyphItem *run, char *text)
{
	for (int i = 0; i < run->glyphs->num_glyphs; i++) {
		char *at = text + run->item->offset + run->glyphs->log_clusters[i];

		if (run->glyphs->glyphs[i].glyph & PANGO_GLYPH_UNKNOWN_FLAG)
			for (const char *end = g_utf8_next_char(at); at < end; at++)
				*at = ' ';
	}
}

/* Boxes with hexadecimal digits are no title: such characters, emoji mostly, are left out. */
static void drop_unknown(PangoLayout *layout, char *text)
{
	PangoLayoutIter *iter;

	if (!pango_layout_get_unknown_glyphs_count(layout))
		return;
	iter = pango_layout_get_iter(layout);
	do {
		const PangoLayoutRun *run = pango_layout_iter_get_run_readonly(iter);

		if (run)
			blank_unknown(run, text);
	} while (pango_layout_iter_next_run(iter));
	pango_layout_iter_free(iter);
	single_space(text);
	pango_layout_set_text(layout, text, -1);
}

static bool fits(PangoLayout *layout, PangoFontDescription *font, double size, double w, double h)
{
	int width, height;

	pango_font_description_set_absolute_size(font, floor(size) * PANGO_SCALE);
	pango_layout_set_font_description(layout, font);
	pango_layout_get_pixel_size(layout, &width, &height);
	return width <= w && height <= h;
}

PangoLayout *paint_text_fit(cairo_t *cr, const char *text, const struct text_style *style, double w,
			    double h)
{
	char *clean = strdup(text);
	PangoLayout *layout = clean ? pango_cairo_create_layout(cr) : NULL;
	PangoFontDescription *font;
	double lo = style->size_min, hi = style->size_max;

	if (!layout)
		goto out;
	single_space(clean);
	font = pango_font_description_from_string(style->family);
	pango_font_description_set_weight(font, style->weight);
	pango_font_description_set_style(font,
					 style->italic ? PANGO_STYLE_ITALIC : PANGO_STYLE_NORMAL);
	pango_layout_set_font_description(layout, font);
	pango_layout_set_text(layout, clean, -1);
	drop_unknown(layout, clean);
	pango_layout_set_width(layout, (int)(w * PANGO_SCALE));
	/* A word is broken only when it alone is wider than the box at every size. */
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD);
	pango_layout_set_alignment(layout, style->align);
	pango_layout_set_line_spacing(layout, (float)style->line_spacing);
	if (!fits(layout, font, lo, w, h))
		pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	while (hi - lo >= 1) {
		double mid = (lo + hi) / 2;

		if (fits(layout, font, mid, w, h))
			lo = mid;
		else
			hi = mid;
	}
	if (!fits(layout, font, lo, w, h)) {
		pango_layout_set_height(layout, (int)(h * PANGO_SCALE));
		pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
	}
	pango_font_description_free(font);
out:
	free(clean);
	return layout;
}

void paint_text(cairo_t *cr, PangoLayout *layout, double x, double y, uint32_t rgb, double alpha,
		double shadow)
{
	const PangoFontDescription *font = pango_layout_get_font_description(layout);
	double size = font ? (double)pango_font_description_get_size(font) / PANGO_SCALE : 0;

	/* Strokes of growing width at low alpha: a soft rim without a blur. */
	cairo_save(cr);
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	for (int step = 6; shadow > 0 && step >= 1; step--) {
		cairo_move_to(cr, x, y + size * 0.02);
		pango_cairo_layout_path(cr, layout);
		cairo_set_source_rgba(cr, 0, 0, 0, shadow * alpha / 6);
		cairo_set_line_width(cr, size * 0.025 * step);
		cairo_stroke(cr);
	}
	cairo_restore(cr);
	cairo_move_to(cr, x, y);
	paint_source(cr, rgb, alpha);
	pango_cairo_show_layout(cr, layout);
}
