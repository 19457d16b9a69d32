#include "workers/text-to-video/render.h"

#include "workers/common/film.h"
#include "workers/common/paint.h"
#include "workers/motion/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Backgrounds are soft and move slowly: painted at two thirds of the size and scaled by the
 * encoder, they cost less than half, and captions go on top at full size. */
enum { PAINT_WIDTH = 854, PAINT_HEIGHT = 480, FADE_MS = 700, LABEL_MS = 3500 };

/* One scene's picture; two of them are alive during a cross-fade. */
struct view {
	struct shot shot;
	struct scene *scene;
	const struct film_scene *plan;
	PangoLayout *label;
	cairo_surface_t *surface;
	cairo_t *cr;
};

static const enum camera cameras[] = {CAMERA_PAN_RIGHT, CAMERA_ZOOM_IN, CAMERA_PAN_LEFT,
				      CAMERA_TILT_UP, CAMERA_ZOOM_OUT};
enum { CAMERAS = sizeof(cameras) / sizeof(cameras[0]) };

static void view_close(struct view *view)
{
	scene_free(&view->scene);
	if (view->label != NULL)
		g_object_unref(view->label);
	if (view->cr != NULL)
		cairo_destroy(view->cr);
	if (view->surface != NULL)
		cairo_surface_destroy(view->surface);
	memset(view, 0, sizeof(*view));
}

static enum kn_err view_open(struct view *view, const struct render_job *job, size_t index)
{
	static const struct text_style style = {.family = "Noto Sans, Noto Sans CJK SC, sans-serif",
						.weight = PANGO_WEIGHT_SEMIBOLD,
						.size_max = 19,
						.size_min = 13,
						.align = PANGO_ALIGN_LEFT,
						.line_spacing = 1};
	const struct film_scene *plan = &job->scenes[index];

	view_close(view);
	view->plan = plan;
	view->shot = (struct shot){
		.prompt = plan->query,
		.seed = job->seed + (int64_t)index,
		.width = PAINT_WIDTH,
		.height = PAINT_HEIGHT,
		.fps = RENDER_FPS,
		.frames = (plan->end - plan->start + FADE_MS) * RENDER_FPS / 1000 + 1,
		.camera = cameras[index % CAMERAS],
		.amplitude = 1,
	};
	view->scene = scene_new(&view->shot);
	view->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, PAINT_WIDTH, PAINT_HEIGHT);
	view->cr = cairo_create(view->surface);
	if (view->scene == NULL || cairo_status(view->cr) != CAIRO_STATUS_SUCCESS)
		return KN_ERR_NOMEM;
	view->label = paint_text_fit(view->cr, plan->query, &style, PAINT_WIDTH * 0.5, 30);
	return view->label != NULL ? KN_OK : KN_ERR_NOMEM;
}

/* The scene's theme, small in a corner, at its beginning. */
static void paint_label(const struct view *view, int64_t ms)
{
	const struct palette *palette = scene_palette(view->scene);
	double t = (double)ms / LABEL_MS;
	double alpha = t < 0.15 ? paint_ease(t / 0.15) : t > 0.8 ? paint_ease((1 - t) / 0.2) : 1;

	if (t >= 1 || alpha <= 0)
		return;
	paint_source(view->cr, palette->accent, alpha);
	cairo_rectangle(view->cr, 44, 42, 3, 26);
	cairo_fill(view->cr);
	paint_text(view->cr, view->label, 58 - 10 * (1 - alpha), 42, palette->ink, 0.92 * alpha,
		   0.5);
}

static void view_paint(struct view *view, int64_t now)
{
	int64_t ms = now - view->plan->start;
	double length = (double)(view->plan->end - view->plan->start + FADE_MS);
	double t = (double)(ms > 0 ? ms : 0) / length;

	cairo_save(view->cr);
	scene_paint(view->scene, view->cr, t < 1 ? t : 1);
	paint_vignette(view->cr, PAINT_WIDTH, PAINT_HEIGHT, 0.35);
	cairo_restore(view->cr);
	paint_label(view, ms);
}

/* The current scene, and the next one fading in over its end. */
static enum kn_err paint_frame(struct view views[2], const struct render_job *job, size_t *index,
			       int64_t now, cairo_surface_t **frame)
{
	struct view *view = &views[*index % 2], *next = &views[(*index + 1) % 2];
	enum kn_err err = KN_OK;
	int64_t left;

	if (*index + 1 < job->scenes_n && now >= view->plan->end) {
		view_close(view);
		(*index)++;
		view = next;
		next = &views[(*index + 1) % 2];
	}
	view_paint(view, now);
	*frame = view->surface;
	left = view->plan->end - now;
	if (*index + 1 == job->scenes_n || left > FADE_MS)
		return KN_OK;
	if (next->scene == NULL)
		err = view_open(next, job, *index + 1);
	if (err != KN_OK)
		return err;
	view_paint(next, now);
	cairo_set_source_surface(view->cr, next->surface, 0, 0);
	cairo_paint_with_alpha(view->cr, paint_ease(1 - (double)left / FADE_MS));
	return KN_OK;
}

enum kn_err render_film(const struct render_job *job, char *why, size_t why_size)
{
	int64_t frames = (job->ms * RENDER_FPS + 999) / 1000;
	const struct film_opts opts = {
		.path = job->path,
		.width = PAINT_WIDTH,
		.height = PAINT_HEIGHT,
		.out_width = RENDER_WIDTH,
		.out_height = RENDER_HEIGHT,
		.fps = RENDER_FPS,
		.frames = frames,
		.crf = 23,
		.audio = job->audio,
		.subtitles = job->subtitles,
		.progress = job->progress,
		.from = job->from,
		.to = job->to,
	};
	struct view views[2] = {0};
	struct film *film = NULL;
	cairo_surface_t *frame;
	enum kn_err err, closed;
	size_t index = 0;

	snprintf(why, why_size, "%s", "Out of memory");
	err = film_open(&film, &opts);
	if (err != KN_OK) {
		snprintf(why, why_size, "ffmpeg %s",
			 err == KN_ERR_NOT_FOUND ? "is not installed" : "could not be started");
		return err;
	}
	err = view_open(&views[0], job, 0);
	for (int64_t i = 0; i < frames && err == KN_OK; i++) {
		err = paint_frame(views, job, &index, i * 1000 / RENDER_FPS, &frame);
		if (err == KN_OK)
			err = film_frame(film, frame);
	}
	closed = film_close(&film, why, why_size);
	view_close(&views[0]);
	view_close(&views[1]);
	return err == KN_OK || err == KN_ERR_IO ? closed != KN_OK ? closed : err : err;
}
