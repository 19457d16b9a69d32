#include "workers/motion/title.h"

#include "workers/common/paint.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { LINES_MAX = 64 };

struct line {
	double top, bottom;
};

struct title {
	const struct palette *palette;
	cairo_surface_t *text;  /* all lines, each in its own rows */
	cairo_surface_t *scrim; /* a soft shade under them */
	double x, y, w, h;      /* of the text's box, which the surface exceeds by margin */
	double margin, unit;
	enum title_place place;
	bool rtl; /* it begins at the right */
	int count;
	struct line lines[LINES_MAX];
};

static const char *const families[] = {
	"Noto Sans, DejaVu Sans, sans-serif",
	"Noto Serif, DejaVu Serif, serif",
	"Noto Sans Display, Noto Sans, DejaVu Sans Condensed, sans-serif",
};

static struct text_style style_of(const struct shot *shot, enum title_place place)
{
	struct rng rng;
	unsigned family;

	rng_seed(&rng, shot->prompt, shot->seed, "type");
	family = rng_below(&rng, sizeof(families) / sizeof(families[0]));
	return (struct text_style){
		.family = families[family],
		.weight = family == 1 ? PANGO_WEIGHT_SEMIBOLD : PANGO_WEIGHT_BOLD,
		.size_max = fmin(shot->height * 0.125, shot->width * 0.09),
		.size_min = fmax(shot->height * 0.026, 9),
		.align = place == TITLE_CENTRE ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT,
		.line_spacing = 0.98,
	};
}

static void measure_lines(struct title *title, PangoLayout *layout)
{
	PangoLayoutIter *iter = pango_layout_get_iter(layout);
	int top, bottom;

	do {
		pango_layout_iter_get_line_yrange(iter, &top, &bottom);
		title->lines[title->count++] = (struct line){floor((double)top / PANGO_SCALE),
							     floor((double)bottom / PANGO_SCALE)};
	} while (title->count < LINES_MAX && pango_layout_iter_next_line(iter));
	title->lines[0].top = -title->margin;
	title->lines[title->count - 1].bottom = title->h + title->margin;
	pango_layout_iter_free(iter);
}

static void place_box(struct title *title, const struct shot *shot)
{
	double bar = 34 * title->unit;

	switch (title->place) {
	case TITLE_CENTRE:
		title->x = (shot->width - title->w) / 2;
		title->y = (shot->height - title->h - bar) * 0.46;
		break;
	case TITLE_LOW_LEFT:
		title->x = shot->width * 0.07;
		title->y = shot->height * 0.90 - title->h;
		break;
	case TITLE_HIGH_LEFT:
		title->x = shot->width * 0.07;
		title->y = shot->height * 0.11 + bar;
		break;
	}
	title->x = floor(title->x);
	title->y = floor(title->y);
}

static cairo_surface_t *paint_scrim(const struct title *title, const struct shot *shot)
{
	cairo_surface_t *scrim = paint_layer(shot->width, shot->height);
	cairo_t *cr = cairo_create(scrim);
	cairo_pattern_t *shade = cairo_pattern_create_radial(0, 0, 0, 0, 0, 1);
	double cx = title->place == TITLE_CENTRE ? shot->width / 2.0 : title->x + title->w * 0.4;

	for (int i = 0; i <= 8; i++)
		cairo_pattern_add_color_stop_rgba(shade, i / 8.0, 0, 0, 0,
						  0.42 * pow(1 - i / 8.0, 1.5));
	cairo_translate(cr, cx, title->y + title->h / 2);
	cairo_scale(cr, title->w * 0.5 + 320 * title->unit, title->h * 0.5 + 190 * title->unit);
	cairo_set_source(cr, shade);
	cairo_paint(cr);
	cairo_pattern_destroy(shade);
	cairo_destroy(cr);
	return scrim;
}

static void set_text(struct title *title, const struct shot *shot)
{
	struct text_style style = style_of(shot, title->place);
	cairo_surface_t *probe = paint_layer(1, 1);
	cairo_t *cr = cairo_create(probe);
	double box_w = shot->width * (title->place == TITLE_CENTRE ? 0.78 : 0.60);
	PangoLayout *layout = paint_text_fit(cr, shot->title ? shot->title : shot->prompt, &style,
					     box_w, shot->height * 0.50);
	PangoRectangle ink, box;

	cairo_destroy(cr);
	cairo_surface_destroy(probe);
	if (!layout)
		return;
	pango_layout_get_pixel_extents(layout, &ink, &box);
	title->rtl = pango_layout_get_direction(layout, 0) == PANGO_DIRECTION_RTL;
	title->w = title->place == TITLE_CENTRE || title->rtl ? box_w : box.width;
	title->h = box.height;
	title->margin = ceil(24 * title->unit);
	place_box(title, shot);
	title->text = paint_layer((int)(ceil(box_w) + 2 * title->margin),
				  (int)(title->h + 2 * title->margin));
	cr = cairo_create(title->text);
	paint_text(cr, layout, title->margin, title->margin, title->palette->ink, 1, 0.5);
	cairo_destroy(cr);
	measure_lines(title, layout);
	g_object_unref(layout);
	title->scrim = paint_scrim(title, shot);
}

struct title *title_new(const struct shot *shot, const struct palette *palette,
			enum title_place place)
{
	struct title *title = calloc(1, sizeof(*title));

	if (!title)
		return NULL;
	title->palette = palette;
	title->place = shot->low_clear && place == TITLE_LOW_LEFT ? TITLE_HIGH_LEFT : place;
	title->unit = shot->height / 720.0;
	set_text(title, shot);
	if (!title->text || cairo_surface_status(title->text) || cairo_surface_status(title->scrim))
		title_free(&title);
	return title;
}

/* 0 before `from`, 1 after `from + during`, eased out between. */
static double rise(double seconds, double from, double during)
{
	double t = (seconds - from) / during;

	t = t < 0 ? 0 : t > 1 ? 1 : t;
	return 1 - pow(1 - t, 3);
}

static void paint_bar(const struct title *title, cairo_t *cr, double grown)
{
	double u = title->unit, width = 92 * u * grown, thick = 5 * u;
	double x = title->x + 2 * u, y = title->y - 26 * u;

	if (title->place != TITLE_CENTRE && title->rtl)
		x = title->x + title->w - width;
	if (title->place == TITLE_CENTRE) {
		x = title->x + (title->w - width) / 2;
		y = title->y + title->h + 20 * u;
	}
	if (width < thick)
		return;
	paint_source(cr, title->palette->accent, 1);
	cairo_set_line_width(cr, thick);
	cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
	cairo_move_to(cr, x + thick / 2, y);
	cairo_line_to(cr, x + width - thick / 2, y);
	cairo_stroke(cr);
}

void title_paint(const struct title *title, cairo_t *cr, double seconds)
{
	double step = title->count > 1 ? fmin(0.16, 0.8 / title->count) : 0;
	int surface_w = cairo_image_surface_get_width(title->text);

	cairo_set_source_surface(cr, title->scrim, 0, 0);
	cairo_paint_with_alpha(cr, rise(seconds, 0, 0.8));
	paint_bar(title, cr, rise(seconds, 0.25, 0.8));
	for (int i = 0; i < title->count; i++) {
		const struct line *line = &title->lines[i];
		double in = rise(seconds, 0.15 + i * step, 0.75),
		       drop = (1 - in) * 26 * title->unit;

		if (in <= 0)
			continue;
		cairo_save(cr);
		cairo_rectangle(cr, title->x - title->margin, title->y + line->top + floor(drop),
				surface_w, line->bottom - line->top);
		cairo_clip(cr);
		cairo_set_source_surface(cr, title->text, title->x - title->margin,
					 title->y - title->margin + drop);
		cairo_paint_with_alpha(cr, in);
		cairo_restore(cr);
	}
}

void title_free(struct title **title)
{
	if (!*title)
		return;
	if ((*title)->text)
		cairo_surface_destroy((*title)->text);
	if ((*title)->scrim)
		cairo_surface_destroy((*title)->scrim);
	free(*title);
	*title = NULL;
}
