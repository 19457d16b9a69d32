/*
 * The motion worker: films of a prompt, or of a prompt and a picture, for the models grok,
 * wan2.1 and veo3.1. It draws; no model is asked. The contract is in workers/README.md.
 */
#include "workers/common/fetch.h"
#include "workers/common/film.h"
#include "workers/common/picture.h"
#include "workers/common/worker.h"
#include "workers/motion/enhance.h"
#include "workers/motion/overlay.h"
#include "workers/motion/request.h"
#include "workers/motion/scene.h"
#include "workers/motion/still.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>

enum { REASON_SIZE = 1024, RENDER_FROM = 12, RENDER_TO = 98 };

static const char video_file[] = "video.mp4", fetched_file[] = "image";

/* What stands before the camera: one of still and scene. */
struct stage {
	struct still *still;
	struct scene *scene;
	struct overlay *overlay;
};

static void __attribute__((noreturn)) out_of_memory(void)
{
	worker_fail(true, "memory", "Out of memory");
}

static void fetch_image(const struct worker_job *job, struct request *request)
{
	char why[REASON_SIZE];

	worker_progress(2, "fetching", "Fetching the image");
	if (fetch_picture(request->image_url, worker_option(job, "gcs_endpoint"), fetched_file, why,
			  sizeof(why)))
		worker_fail(false, "image_fetch", "%s", why);
	request->image_file = fetched_file;
}

static cairo_surface_t *load_picture(const struct request *request)
{
	const struct shot *shot = &request->shot;
	double edge = 1.25 * fmax(shot->width, shot->height);
	cairo_surface_t *picture;
	char why[REASON_SIZE];
	enum kn_err err;

	worker_progress(6, "decoding", "Decoding the image");
	err = picture_load(request->image_file, (int)edge, &picture, why, sizeof(why));
	if (err)
		worker_fail(err == KN_ERR_NOMEM, err == KN_ERR_NOT_FOUND ? "ffmpeg" : "image", "%s",
			    why);
	return picture;
}

static uint32_t set_stage(struct request *request, struct stage *stage)
{
	struct shot *shot = &request->shot;
	cairo_surface_t *picture;

	if (!request->image_file) {
		worker_progress(6, "composing", "Composing the scene");
		stage->scene = scene_new(shot);
		if (!stage->scene)
			out_of_memory();
		worker_log("Scene %s in %s", scene_name(stage->scene),
			   scene_palette(stage->scene)->name);
		return scene_palette(stage->scene)->light;
	}
	picture = load_picture(request);
	if (request->size_from_image)
		still_frame_size(picture, &shot->width, &shot->height);
	stage->still = still_new(picture, shot);
	cairo_surface_destroy(picture);
	if (!stage->still)
		out_of_memory();
	return 0xfff3d6; /* warm light suits most pictures */
}

static bool paint_frame(const struct stage *stage, const struct shot *shot, cairo_t *cr,
			int64_t frame)
{
	double t = shot->frames > 1 ? (double)frame / (double)(shot->frames - 1) : 0;
	double seconds = (double)frame / shot->fps;

	if (stage->still && !still_paint(stage->still, cr, t))
		return false;
	if (stage->scene)
		scene_paint(stage->scene, cr, t);
	overlay_paint(stage->overlay, cr, seconds);
	if (stage->scene)
		scene_paint_title(stage->scene, cr, t);
	return !cairo_status(cr);
}

static void on_progress(void *arg, int percent)
{
	(void)arg;
	worker_progress(percent, "rendering", NULL);
}

static struct film *open_film(const struct shot *shot)
{
	struct film *film;
	enum kn_err err = film_open(&film, &(struct film_opts){
						   .path = video_file,
						   .width = shot->width,
						   .height = shot->height,
						   .fps = shot->fps,
						   .frames = shot->frames,
						   .crf = shot->crf,
						   .preset = shot->preset,
						   .progress = on_progress,
						   .from = RENDER_FROM,
						   .to = RENDER_TO,
					   });

	if (err == KN_ERR_NOT_FOUND)
		worker_fail(false, "ffmpeg", "ffmpeg is not installed");
	if (err)
		worker_fail(true, "ffmpeg", "ffmpeg could not be started");
	return film;
}

static void render(const struct stage *stage, const struct shot *shot)
{
	cairo_surface_t *frame =
		cairo_image_surface_create(CAIRO_FORMAT_RGB24, shot->width, shot->height);
	cairo_t *cr = cairo_create(frame);
	struct film *film = open_film(shot);
	char why[REASON_SIZE] = "ffmpeg ended early";
	enum kn_err err = cairo_status(cr) ? KN_ERR_NOMEM : KN_OK;

	for (int64_t i = 0; !err && i < shot->frames; i++) {
		cairo_save(cr);
		err = paint_frame(stage, shot, cr, i) ? film_frame(film, frame) : KN_ERR_NOMEM;
		cairo_restore(cr);
	}
	if (film_close(&film, why, sizeof(why)) && !err)
		err = KN_ERR_IO;
	cairo_destroy(cr);
	cairo_surface_destroy(frame);
	if (err == KN_ERR_NOMEM)
		out_of_memory();
	if (err)
		worker_fail(true, "ffmpeg", "The video could not be encoded (%s)", why);
}

int main(void)
{
	struct worker_job job;
	struct request request;
	struct stage stage = {NULL, NULL, NULL};
	char *enhanced = NULL;
	uint32_t light;

	worker_begin(&job);
	if (sodium_init() < 0)
		worker_fail(true, "internal", "libsodium does not work");
	request_read(&job, &request);
	if (request.enhance)
		request.shot.prompt = enhanced = enhance_prompt(&job, job.prompt);
	request_apply_words(&request);
	if (!request.image_file && request.image_url)
		fetch_image(&job, &request);
	light = set_stage(&request, &stage);
	stage.overlay = overlay_new(&request.shot, light);
	if (!stage.overlay)
		out_of_memory();

	worker_progress(RENDER_FROM, "rendering", "Rendering the video");
	render(&stage, &request.shot);
	worker_asset("video", video_file);
	worker_progress(100, "done", "The video is ready");

	overlay_free(&stage.overlay);
	scene_free(&stage.scene);
	still_free(&stage.still);
	free(enhanced);
	json_object_put(job.root);
	return EXIT_SUCCESS;
}
