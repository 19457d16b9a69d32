/*
 * The text-to-video worker: a story becomes a narrated, captioned film. It works with no
 * network and no key; with keys it asks services, and goes on without them when they fail.
 * The contract is in workers/README.md, the pipeline in docs/text-to-video-pipeline.md.
 */
#include "workers/common/worker.h"
#include "workers/text-to-video/captions.h"
#include "workers/text-to-video/narration.h"
#include "workers/text-to-video/queries.h"
#include "workers/text-to-video/render.h"
#include "workers/text-to-video/stage.h"
#include "workers/text-to-video/stock.h"
#include "workers/text-to-video/text.h"

#include <curl/curl.h>
#include <glib.h>
#include <locale.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	WIDTH = 1280,
	HEIGHT = 720,
	FPS = 25, /* divides espeak-ng's 22050 samples a second */
	REASON_SIZE = 512,
	REMOTE_SECONDS = 60,
	NARRATION_SECONDS = 1800,
	STOCK_DAYS = 30,
	CLIPS_MAX = 40,     /* a longer film shows them again */
	STOCK_FAILURES = 3, /* in a row; then the archive is left alone */
};

struct pipeline {
	struct worker_job job;
	struct text *text;
	struct captions *captions;
	struct storyboard *board;
	struct remote openai, pexels;
	int64_t frames;
	char audio[96], srt[96], video[96]; /* file names */
	char why[REASON_SIZE];
};

#define STOCK_BYTES (INT64_C(2) << 30)

static const char ass_file[] = "captions.ass";

static void __attribute__((noreturn)) out_of_memory(void)
{
	worker_fail(true, "memory", "Out of memory");
}

/* An operator's number, which kinorad has checked. */
static int64_t number_of(const struct worker_job *job, const char *name, int64_t usual)
{
	long long number = atoll(worker_option(job, name));

	return number > 0 ? number : usual;
}

static struct remote remote_of(const struct worker_job *job, const char *key, const char *base,
			       const char *usual)
{
	struct remote remote = {.key = worker_option(job, key), .base = worker_option(job, base)};

	if (!*remote.base)
		remote.base = usual;
	remote.seconds = (long)number_of(job, "remote_timeout", REMOTE_SECONDS);
	return remote;
}

/* Ids are ours, but they become file names. */
static void name_files(struct pipeline *p)
{
	const char *id = p->job.id;
	size_t len = strlen(id);

	if (!len || len > 64 || strspn(id, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_-") != len)
		worker_fail(false, "job", "The job's id is not a name");
	snprintf(p->audio, sizeof(p->audio), "audio_%s.wav", id);
	snprintf(p->srt, sizeof(p->srt), "captions_%s.srt", id);
	snprintf(p->video, sizeof(p->video), "video_%s.mp4", id);
}

static void read_text(struct pipeline *p)
{
	const char *wanted = worker_param_string(&p->job, "language", "");
	const struct language *language = *wanted ? language_by_voice(wanted) : NULL;
	const char *raw = worker_param_string(&p->job, "text", p->job.prompt);
	enum kn_err err = text_new(&p->text, raw, language);

	if (err == KN_ERR_INVALID)
		worker_fail(false, "text", "The text has nothing that can be spoken");
	if (err)
		out_of_memory();
}

static void make_audio(struct pipeline *p)
{
	const char *language = worker_param_string(&p->job, "language", "");
	const char *voice = worker_param_string(&p->job, "voice", language);
	struct narration_opts opts = {
		.voice = *voice ? voice : NULL,
		.file = p->audio,
		.remote = *p->openai.key ? &p->openai : NULL,
		.fps = FPS,
		.max_seconds = number_of(&p->job, "max_narration_seconds", NARRATION_SECONDS)};
	enum kn_err err;

	stage_begin(STAGE_AUDIO);
	err = narration_make(p->text, &opts, &p->frames, p->why, sizeof(p->why));
	if (err == KN_ERR_INVALID)
		worker_fail(false, "text", "The text has nothing that can be spoken");
	if (err == KN_ERR_TOO_LARGE)
		worker_fail(false, "text",
			    "The text is too long: it would take more than %lld seconds to tell",
			    (long long)opts.max_seconds);
	if (err)
		worker_fail(true, "audio", "The narration could not be made (%s)", p->why);
	worker_asset("audio", p->audio);
	stage_end(STAGE_AUDIO);
}

static void make_captions(struct pipeline *p)
{
	enum kn_err err;

	stage_begin(STAGE_CAPTIONS);
	err = captions_new(&p->captions, p->text, p->frames * 1000 / FPS);
	if (!err)
		err = captions_write_srt(p->captions, p->text, p->srt);
	if (!err)
		err = captions_write_ass(p->captions, p->text, WIDTH, HEIGHT, ass_file);
	if (err)
		worker_fail(true, "captions", "The captions could not be written (%s)",
			    kn_err_text(err));
	worker_asset("captions", p->srt);
	stage_end(STAGE_CAPTIONS);
}

static void make_queries(struct pipeline *p)
{
	stage_begin(STAGE_QUERIES);
	if (storyboard_new(&p->board, p->captions, p->text, p->frames, FPS))
		out_of_memory();
	queries_pick(p->board, p->text);
	if (*p->openai.key && queries_ask(p->board, p->text, &p->openai, p->why, sizeof(p->why)))
		worker_log("The chat service failed (%s); using key phrases of the text", p->why);
	stage_end(STAGE_QUERIES);
}

static void fetch_clips(struct pipeline *p)
{
	struct stock_cache cache = {
		.directory = worker_option(&p->job, "stock_cache"),
		.max_bytes = number_of(&p->job, "max_stock_size", STOCK_BYTES),
		.max_days = number_of(&p->job, "max_stock_age_days", STOCK_DAYS),
	};
	int failures = 0;

	for (size_t i = 0; i < p->board->count && failures < STOCK_FAILURES; i++) {
		struct panel *panel = &p->board->panels[i];
		char *credit = NULL;

		if (i >= CLIPS_MAX) {
			panel->clip = g_strdup(p->board->panels[i % CLIPS_MAX].clip);
			continue;
		}
		if (stock_fetch(&p->pexels, panel->query, &cache, &panel->clip, &credit, p->why,
				sizeof(p->why))) {
			failures++;
			worker_log("No clip for \"%s\" (%s)", panel->query, p->why);
		} else {
			failures = 0;
			worker_log("\"%s\": %s", panel->query, credit);
		}
		g_free(credit);
		stage_at(STAGE_BACKGROUND, (int64_t)i + 1, (int64_t)p->board->count);
	}
	if (failures == STOCK_FAILURES)
		worker_log("The archive failed too often; the other scenes are painted");
	stock_cache_prune(&cache);
}

static void make_background(struct pipeline *p)
{
	stage_begin(STAGE_BACKGROUND);
	if (*p->pexels.key)
		fetch_clips(p);
	stage_end(STAGE_BACKGROUND);
}

static void make_film(struct pipeline *p)
{
	struct render_opts opts = {.width = WIDTH,
				   .height = HEIGHT,
				   .fps = FPS,
				   .audio = p->audio,
				   .captions = ass_file,
				   .file = p->video};
	enum kn_err err;

	stage_begin(STAGE_RENDERING);
	err = render_film(p->board, p->text, &opts, p->why, sizeof(p->why));
	if (err == KN_ERR_NOMEM)
		out_of_memory();
	if (err)
		worker_fail(true, "rendering", "The film could not be rendered (%s)", p->why);
	worker_asset("video", p->video);
	stage_end(STAGE_RENDERING);
}

int main(void)
{
	struct pipeline p = {0};

	worker_begin(&p.job);
	setlocale(LC_CTYPE, "C.UTF-8");
	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT))
		worker_fail(true, "internal", "A library does not work");
	name_files(&p);
	p.openai =
		remote_of(&p.job, "openai_api_key", "openai_base_url", "https://api.openai.com/v1");
	p.pexels = remote_of(&p.job, "pexels_api_key", "pexels_base_url", "https://api.pexels.com");
	read_text(&p);

	make_audio(&p);
	make_captions(&p);
	make_queries(&p);
	make_background(&p);
	make_film(&p);

	storyboard_free(&p.board);
	captions_free(&p.captions);
	text_free(&p.text);
	json_object_put(p.job.root);
	curl_global_cleanup();
	return EXIT_SUCCESS;
}
