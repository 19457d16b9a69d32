#include "workers/motion/request.h"

#include "workers/common/words.h"
#include "workers/motion/move.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The dialects have their own, narrower limits; these are what the engine can do at all. */
enum {
	SIDE_MIN = 64,
	SIDE_MAX = 4096,
	FRAMES_MAX = 2400,
	GROK_WIDTH = 1280,
	GROK_HEIGHT = 720,
	GROK_FPS = 24,
	GROK_SECONDS = 6,
	WAN_FPS = 16,
	VEO_FPS = 24,
};

static int int_between(const struct worker_job *job, const char *name, int def, int min, int max)
{
	int64_t value = worker_param_int(job, name, def);

	if (value < min || value > max)
		worker_fail(false, "params", "%s must be between %d and %d", name, min, max);
	return (int)value;
}

static int side(const struct worker_job *job, const char *name, int def)
{
	int value = int_between(job, name, def, SIDE_MIN, SIDE_MAX);

	/* Of yuv420p, which every player plays. */
	if (value % 2)
		worker_fail(false, "params", "%s must be even", name);
	return value;
}

static void read_grok(const struct worker_job *job, struct request *request)
{
	struct shot *shot = &request->shot;

	shot->width = GROK_WIDTH;
	shot->height = GROK_HEIGHT;
	shot->fps = GROK_FPS;
	shot->frames = GROK_FPS * GROK_SECONDS;
	shot->seed = worker_param_int(job, "seed", 0);
	request->size_from_image = true;
}

/* Guidance is how far the film departs from the picture; steps are what quality costs. */
static void read_wan(const struct worker_job *job, struct request *request)
{
	struct shot *shot = &request->shot;
	double cfg = worker_param_double(job, "cfg", 7.5);
	int steps = int_between(job, "steps", 30, 1, 1000);

	if (!(cfg >= 1 && cfg <= 20))
		worker_fail(false, "params", "cfg must be between 1.0 and 20.0");
	shot->width = side(job, "width", 1280);
	shot->height = side(job, "height", 720);
	shot->fps = WAN_FPS;
	shot->frames = int_between(job, "length", 81, 1, FRAMES_MAX);
	shot->seed = worker_param_int(job, "seed", 42);
	shot->amplitude = fmin(fmax(cfg / 7.5, 0.2), 2);
	shot->crf = steps < 15 ? 26 : steps < 30 ? 22 : steps < 60 ? 19 : 17;
	shot->preset = steps < 60 ? "veryfast" : "medium";
	request->unwanted = worker_param_string(job, "negative_prompt", "");
}

static void read_veo(const struct worker_job *job, struct request *request)
{
	struct shot *shot = &request->shot;
	const char *resolution = worker_param_string(job, "resolution", "720p");
	int seconds = int_between(job, "duration_seconds", 4, 1, 60);

	if (!strcmp(resolution, "1080p"))
		shot->width = 1920;
	else if (!strcmp(resolution, "720p"))
		shot->width = 1280;
	else
		worker_fail(false, "params", "resolution must be 720p or 1080p");
	shot->height = shot->width / 16 * 9;
	shot->fps = VEO_FPS;
	shot->frames = VEO_FPS * seconds;
	shot->seed = worker_param_int(job, "seed", 0);
	request->enhance = worker_param_bool(job, "enhance_prompt", false);
	if (!camera_parse(worker_param_string(job, "camera_motion", ""), &shot->camera))
		worker_fail(false, "params", "camera_motion must be one of %s", camera_names());
	if (!environment_parse(worker_param_string(job, "environmental_animation", ""),
			       &shot->environment))
		worker_fail(false, "params", "environmental_animation must be one of %s",
			    environment_names());
	if (!subject_parse(worker_param_string(job, "subject_animation", ""), &shot->subject))
		worker_fail(false, "params", "subject_animation must be one of %s",
			    subject_names());
}

void request_read(const struct worker_job *job, struct request *request)
{
	static const struct {
		const char *model;
		void (*read)(const struct worker_job *job, struct request *request);
	} models[] = {{"grok", read_grok}, {"wan2.1", read_wan}, {"veo3.1", read_veo}};
	const char *url = worker_param_string(job, "image_url", "");

	*request = (struct request){
		.shot = {.prompt = job->prompt, .crf = 20, .preset = "veryfast", .amplitude = 1},
		.unwanted = "",
		.image_file = worker_input(job, "image"),
		.image_url = *url ? url : NULL,
	};
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		if (!strcmp(models[i].model, job->model)) {
			models[i].read(job, request);
			return;
		}
	}
	worker_fail(false, "model", "This worker does not know the model %s", job->model);
}

void request_apply_words(struct request *request)
{
	struct shot *shot = &request->shot;
	char *folded = words_fold(shot->prompt), *unwanted = words_fold(request->unwanted);

	if (!folded || !unwanted)
		worker_fail(true, "memory", "Out of memory");
	if (shot->camera == CAMERA_NONE)
		shot->camera = move_from_words(folded);
	if (shot->environment == ENVIRONMENT_NONE)
		shot->environment = environment_from_words(folded, unwanted);
	if (shot->subject == SUBJECT_NONE)
		shot->subject = subject_from_words(folded);
	free(folded);
	free(unwanted);
}
