#include "workers/motion/scene.h"

#include "workers/common/words.h"

#include <stdlib.h>

struct scene {
	const struct shot *shot;
	const struct scene_design *design;
	struct backdrop backdrop;
	struct title *title;
	struct rng rng;
};

static const struct scene_design *const designs[] = {
	&scene_landscape, &scene_night, &scene_ocean, &scene_city, &scene_ribbons,
};

enum { COUNT = sizeof(designs) / sizeof(designs[0]) };

/* The design whose words the prompt has first; else by chance. */
static const struct scene_design *choose(const struct shot *shot)
{
	const struct scene_design *chosen = NULL;
	char *folded = words_fold(shot->prompt);
	int first = -1;
	struct rng rng;

	for (size_t i = 0; folded && i < COUNT; i++) {
		int at = words_find(folded, designs[i]->words);

		if (at >= 0 && (first < 0 || at < first)) {
			first = at;
			chosen = designs[i];
		}
	}
	free(folded);
	if (chosen)
		return chosen;
	rng_seed(&rng, shot->prompt, shot->seed, "scene");
	return designs[rng_below(&rng, COUNT)];
}

struct scene *scene_new(const struct shot *shot)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct rng rng;

	if (!scene)
		return NULL;
	scene->shot = shot;
	scene->design = choose(shot);
	backdrop_init(&scene->backdrop, shot, palette_choose(shot->prompt, shot->seed));
	rng_seed(&scene->rng, shot->prompt, shot->seed, scene->design->name);
	rng = scene->rng;
	scene->design->build(&scene->backdrop, &rng);
	scene->title = title_new(shot, scene->backdrop.palette, scene->design->place);
	if (!scene->title || scene->backdrop.failed)
		scene_free(&scene);
	return scene;
}

const char *scene_name(const struct scene *scene)
{
	return scene->design->name;
}

const struct palette *scene_palette(const struct scene *scene)
{
	return scene->backdrop.palette;
}

void scene_paint(const struct scene *scene, cairo_t *cr, double t)
{
	struct pose pose = move_pose(scene->shot->camera, t, scene->shot->amplitude);

	/* Without a wish the camera drifts: depth shows best sideways. */
	if (scene->shot->camera == CAMERA_NONE)
		pose.x = 2 * t - 1;
	scene->design->paint(&scene->backdrop, cr, &pose, scene->rng,
			     t * shot_seconds(scene->shot));
}

void scene_paint_title(const struct scene *scene, cairo_t *cr, double t)
{
	title_paint(scene->title, cr, t * shot_seconds(scene->shot));
}

void scene_free(struct scene **scene)
{
	if (!*scene)
		return;
	title_free(&(*scene)->title);
	backdrop_free(&(*scene)->backdrop);
	free(*scene);
	*scene = NULL;
}
