/*
 * The text-to-video worker: a story becomes a narrated, captioned film, in the
 * five stages of the Text-to-Video API ("Progress Stages"). The contract is in
 * workers/README.md, the pipeline in docs/text-to-video-pipeline.md.
 *
 * Text is data: it reaches ffmpeg by files of our own naming, never by an
 * argument or a filter graph.
 */
#include "lib/id.h"
#include "lib/text.h"
#include "workers/common/worker.h"
#include "workers/text-to-video/captions.h"
#include "workers/text-to-video/narration.h"
#include "workers/text-to-video/render.h"
#include "workers/text-to-video/scenes.h"
#include "workers/text-to-video/voices.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	REASON_SIZE = 1024,
	/* Where the stages stand on the way to 100. */
	AT_AUDIO = 20,
	AT_CAPTIONS = 40,
	AT_QUERIES = 60,
	AT_BACKGROUND = 80,
	AT_RENDERING = 90,
};

static const char spoken_file[] = "narration.wav", ass_file[] = "captions.ass";

struct files {
	char audio[ID_SIZE + 32], srt[ID_SIZE + 32], video[ID_SIZE + 32];
};

static void __attribute__((noreturn)) fail_err(enum kn_err err, const char *what, const char *why)
{
	worker_fail(err == KN_ERR_NOMEM || err == KN_ERR_FULL || err == KN_ERR_IO, kn_err_name(err),
		    "%s: %s", what, why != NULL && *why != '\0' ? why : kn_err_text(err));
}

static void on_speech(int percent)
{
	worker_progress(AT_AUDIO + percent * (AT_CAPTIONS - AT_AUDIO - 2) / 100, NULL, NULL);
}

static void on_render(void *arg, int percent)
{
	(void)arg;
	worker_progress(percent, NULL, NULL);
}

static void make_audio(const struct worker_job *job, const char *text, const struct files *files,
		       struct narration *narration)
{
	char why[REASON_SIZE] = "";
	enum kn_err err;

	worker_progress(AT_AUDIO, "audio", "Generating audio...");
	worker_log("Starting audio generation...");
	if (!voice_has_work(text))
		worker_fail(false, "text", "The text has nothing that can be spoken");
	err = narration_speak(narration, text, worker_param_string(job, "language", ""),
			      spoken_file, on_speech);
	if (err == KN_ERR_INVALID)
		worker_fail(false, "text", "The text has nothing that can be spoken");
	if (err == KN_ERR_NOT_FOUND)
		worker_fail(false, "language", "There is no voice for this language");
	if (err != KN_OK)
		fail_err(err, "The narration failed", NULL);
	err = narration_normalise(narration, spoken_file, files->audio, why, sizeof(why));
	if (err != KN_OK)
		fail_err(err, "The narration could not be finished", why);
	worker_asset("audio", files->audio);
	worker_log("Audio generation completed");
}

static void make_captions(const struct narration *narration, const struct files *files)
{
	enum kn_err err;
	size_t count;

	worker_progress(AT_CAPTIONS, "captions", "Generating captions...");
	worker_log("Starting caption generation...");
	err = captions_write(narration, files->srt, ass_file, RENDER_WIDTH, RENDER_HEIGHT, &count);
	if (err != KN_OK)
		fail_err(err, "The captions failed", NULL);
	worker_asset("captions", files->srt);
	worker_log("Caption generation completed");
}

static struct film_scene *make_queries(const struct narration *narration, size_t *n)
{
	struct film_scene *scenes;
	enum kn_err err;

	worker_progress(AT_QUERIES, "queries", "Generating video search queries...");
	worker_log("Starting search query generation...");
	err = scenes_plan(narration, &scenes, n);
	if (err != KN_OK)
		fail_err(err, "The scenes failed", NULL);
	for (size_t i = 0; i < *n; i++)
		scenes_local_query(narration->text, &scenes[i]);
	worker_log("Search query generation completed (%zu scenes)", *n);
	return scenes;
}

static void make_film(const struct render_job *render)
{
	char why[REASON_SIZE] = "";
	enum kn_err err;

	worker_progress(AT_RENDERING, "rendering", "Rendering video...");
	worker_log("Starting video rendering...");
	err = render_film(render, why, sizeof(why));
	if (err != KN_OK)
		fail_err(err, "The film could not be rendered", why);
	worker_asset("video", render->path);
	worker_log("Video rendering completed");
}

static void name_files(const struct worker_job *job, struct files *files)
{
	if (!id_is_safe(job->id))
		worker_fail(false, "job", "The job's id cannot name a file");
	snprintf(files->audio, sizeof(files->audio), "audio_%s.wav", job->id);
	snprintf(files->srt, sizeof(files->srt), "captions_%s.srt", job->id);
	snprintf(files->video, sizeof(files->video), "video_%s.mp4", job->id);
}

int main(void)
{
	struct worker_job job;
	struct narration narration;
	struct film_scene *scenes;
	struct files files;
	const char *text;
	size_t n;

	worker_begin(&job);
	if (sodium_init() < 0)
		worker_fail(true, "internal", "libsodium does not work");
	name_files(&job, &files);
	text = worker_param_string(&job, "text", job.prompt);
	if (!text_is_utf8(text, strlen(text)))
		worker_fail(false, "text", "The text is not UTF-8");

	make_audio(&job, text, &files, &narration);
	make_captions(&narration, &files);
	scenes = make_queries(&narration, &n);
	worker_progress(AT_BACKGROUND, "background", "Preparing background videos...");
	worker_log("Starting background video preparation...");
	worker_log("Backgrounds are drawn here: %zu scenes", n);
	worker_log("Background video preparation completed");
	make_film(&(struct render_job){
		.scenes = scenes,
		.scenes_n = n,
		.ms = narration.ms,
		.seed = worker_param_int(&job, "seed", 0),
		.audio = files.audio,
		.subtitles = ass_file,
		.path = files.video,
		.progress = on_render,
		.from = AT_RENDERING,
		.to = 99,
	});
	worker_progress(100, "completed", "Video generation completed");

	free(scenes);
	narration_free(&narration);
	json_object_put(job.root);
	return EXIT_SUCCESS;
}
