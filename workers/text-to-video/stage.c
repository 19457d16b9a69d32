#include "workers/text-to-video/stage.h"

#include "workers/common/worker.h"

static const struct {
	int from, to; /* the last number before the next stage's */
	const char *name, *message, *noun;
} stages[] = {
	[STAGE_AUDIO] = {20, 39, "audio", "Generating audio...", "audio generation"},
	[STAGE_CAPTIONS] = {40, 59, "captions", "Generating captions...", "caption generation"},
	[STAGE_QUERIES] = {60, 79, "search_queries", "Generating video search queries...",
			   "search query generation"},
	[STAGE_BACKGROUND] = {80, 89, "background", "Fetching background videos...",
			      "background video fetching"},
	[STAGE_RENDERING] = {90, 99, "rendering", "Rendering video...", "video rendering"},
};

void stage_begin(enum stage stage)
{
	worker_progress(stages[stage].from, stages[stage].name, stages[stage].message);
	worker_log("Starting %s...", stages[stage].noun);
}

void stage_at(enum stage stage, int64_t done, int64_t total)
{
	static int last;
	int span = stages[stage].to - stages[stage].from, percent;

	percent = stages[stage].from + (int)(total > 0 ? done * span / total : 0);
	if (percent != last)
		worker_progress(percent, stages[stage].name, NULL);
	last = percent;
}

void stage_end(enum stage stage)
{
	const char *noun = stages[stage].noun;

	worker_log("%c%s completed", noun[0] - 'a' + 'A', noun + 1);
}
