#include "workers/text-to-video/render.h"

#include "workers/common/film.h"
#include "workers/common/program.h"
#include "workers/common/worker.h"
#include "workers/motion/scene.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FADE = 16, /* frames in which a panel comes over the last picture of the one before */
	CRF = 22,
	PAINT_WIDTH = 960,
	PAINT_HEIGHT = 540, /* scaled by the encoder: soft pictures lose nothing, time is won */
	DECODE_SECONDS = 600,
	PERCENT_FROM = 90,
	PERCENT_TO = 99,
};

struct render {
	const struct render_opts *opts;
	struct film *film;
	cairo_surface_t *frame, *last; /* last: of the panel before; shown while `fade` counts */
	int fade;
	enum kn_err err;
};

static void on_progress(void *arg, int percent)
{
	(void)arg;
	worker_progress(percent, "rendering", NULL);
}

/* Sends r->frame, with what is left of the picture before over it. */
static void emit(struct render *r)
{
	if (r->fade > 0) {
		cairo_t *cr = cairo_create(r->frame);

		cairo_set_source_surface(cr, r->last, 0, 0);
		cairo_paint_with_alpha(cr, (double)r->fade-- / (FADE + 1));
		cairo_destroy(cr);
	}
	if (!r->err)
		r->err = film_frame(r->film, r->frame);
}

static void end_panel(struct render *r)
{
	cairo_surface_t *frame = r->frame;

	r->frame = r->last;
	r->last = frame;
	r->fade = FADE;
}

/* Seen from elsewhere in each panel, or two of the same kind would look alike. */
static enum camera camera_of(size_t index)
{
	static const enum camera cameras[] = {CAMERA_NONE, CAMERA_PAN_LEFT, CAMERA_PAN_RIGHT};

	return cameras[index % (sizeof(cameras) / sizeof(cameras[0]))];
}

/* The query as a title: with a capital, where the script has them. g_free. */
static char *title_of(const char *query)
{
	const char *rest = g_utf8_next_char(query);
	char *first = g_utf8_strup(query, rest - query), *title = g_strconcat(first, rest, NULL);

	g_free(first);
	return title;
}

/* Frames from `at` to the panel's end. */
static void paint_panel(struct render *r, const struct panel *panel, const struct text *text,
			size_t index, int64_t at)
{
	char *span = text_span(text, panel->from, panel->to);
	char *prompt = g_strconcat(panel->query, " ", span, NULL);
	char *title = title_of(panel->query);
	struct shot shot = {.prompt = prompt,
			    .title = title,
			    .low_clear = true,
			    .seed = (int64_t)index,
			    .width = PAINT_WIDTH,
			    .height = PAINT_HEIGHT,
			    .fps = r->opts->fps,
			    .frames = panel->end - panel->begin,
			    .camera = camera_of(index),
			    .amplitude = 1};
	struct scene *scene = scene_new(&shot);

	if (!scene)
		r->err = KN_ERR_NOMEM;
	for (; !r->err && at < shot.frames; at++) {
		double t = shot.frames > 1 ? (double)at / (double)(shot.frames - 1) : 0;
		cairo_t *cr = cairo_create(r->frame);

		scene_paint(scene, cr, t);
		scene_paint_title(scene, cr, t);
		cairo_destroy(cr);
		emit(r);
	}
	scene_free(&scene);
	g_free(title);
	g_free(prompt);
	free(span);
}

/* Decoded bytes become frames as they come; the decoder waits while one is encoded. */
struct decoder {
	struct render *render;
	size_t filled;
	int64_t frames, wanted;
};

static void on_decoded(void *arg, const char *data, size_t len)
{
	struct decoder *d = arg;
	cairo_surface_t *frame;
	size_t size, part;

	while (len && d->frames < d->wanted && !d->render->err) {
		frame = d->render->frame;
		size = (size_t)cairo_image_surface_get_stride(frame) *
		       (size_t)cairo_image_surface_get_height(frame);
		part = size - d->filled < len ? size - d->filled : len;
		memcpy(cairo_image_surface_get_data(frame) + d->filled, data, part);
		d->filled += part;
		data += part;
		len -= part;
		if (d->filled < size)
			continue;
		d->filled = 0;
		d->frames++;
		cairo_surface_mark_dirty(frame);
		emit(d->render);
	}
}

/* How many frames of the panel the clip gave; it is held to one format, files, and limits. */
static int64_t play_clip(struct render *r, const struct panel *panel)
{
	struct decoder decoder = {.render = r, .wanted = panel->end - panel->begin};
	char filter[160], count[24], why[256];
	const char *const argv[] = {"ffmpeg",       "-nostdin", "-hide_banner",
				    "-loglevel",    "error",    "-protocol_whitelist",
				    "file",         "-threads", "1",
				    "-stream_loop", "-1",       "-f",
				    "mov",          "-i",       panel->clip,
				    "-an",          "-vf",      filter,
				    "-frames:v",    count,      "-f",
				    "rawvideo",     "pipe:1",   NULL};
	struct program_opts opts = {.argv = argv,
				    .output = on_decoded,
				    .arg = &decoder,
				    .cpu_seconds = DECODE_SECONDS,
				    .wall_seconds = DECODE_SECONDS};
	int w = PAINT_WIDTH, h = PAINT_HEIGHT;

	snprintf(filter, sizeof(filter),
		 "fps=%d,scale=%d:%d:force_original_aspect_ratio=increase,crop=%d:%d,setsar=1,"
		 "format=bgr0",
		 r->opts->fps, w, h, w, h);
	snprintf(count, sizeof(count), "%lld", (long long)decoder.wanted);
	if (program_run(&opts, why, sizeof(why)))
		worker_log("The clip for \"%s\" could not be played (%s)", panel->query, why);
	return decoder.frames;
}

static enum kn_err open_film(struct render *r, int64_t frames)
{
	const struct render_opts *opts = r->opts;

	r->frame = cairo_image_surface_create(CAIRO_FORMAT_RGB24, PAINT_WIDTH, PAINT_HEIGHT);
	r->last = cairo_image_surface_create(CAIRO_FORMAT_RGB24, PAINT_WIDTH, PAINT_HEIGHT);
	if (cairo_surface_status(r->frame) || cairo_surface_status(r->last))
		return KN_ERR_NOMEM;
	return film_open(&r->film, &(struct film_opts){.path = opts->file,
						       .width = PAINT_WIDTH,
						       .height = PAINT_HEIGHT,
						       .out_width = opts->width,
						       .out_height = opts->height,
						       .fps = opts->fps,
						       .frames = frames,
						       .crf = CRF,
						       .audio = opts->audio,
						       .subtitles = opts->captions,
						       .progress = on_progress,
						       .from = PERCENT_FROM,
						       .to = PERCENT_TO});
}

enum kn_err render_film(const struct storyboard *board, const struct text *text,
			const struct render_opts *opts, char *why, size_t why_size)
{
	struct render r = {.opts = opts};
	enum kn_err err;

	snprintf(why, why_size, "ffmpeg could not be started");
	r.err = open_film(&r, board->panels[board->count - 1].end);
	for (size_t i = 0; !r.err && i < board->count; i++) {
		const struct panel *panel = &board->panels[i];
		int64_t shown = panel->clip ? play_clip(&r, panel) : 0;

		paint_panel(&r, panel, text, i, shown);
		end_panel(&r);
	}
	err = film_close(&r.film, why, why_size);
	cairo_surface_destroy(r.frame);
	cairo_surface_destroy(r.last);
	return err ? err : r.err;
}
