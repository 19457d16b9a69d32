/*
 * Scenes for a prompt that comes without a picture: several designs, each a table entry
 * with the words that call for it, painted in the palette of the prompt under its title.
 */
#ifndef SCENE_H
#define SCENE_H

#include "workers/motion/backdrop.h"
#include "workers/motion/title.h"

struct scene_design {
	const char *name;
	const char *words; /* as words_find() takes them */
	enum title_place place;
	/* Paints the layers that never change. */
	void (*build)(struct backdrop *b, struct rng *rng);
	/* Paints one frame: layers, and what lives between them. The rng is the same in each frame.
	 */
	void (*paint)(const struct backdrop *b, cairo_t *cr, const struct pose *pose,
		      struct rng rng, double seconds);
};

extern const struct scene_design scene_landscape, scene_night, scene_ocean, scene_city,
	scene_ribbons;

struct scene;

/* NULL: no memory. */
struct scene *scene_new(const struct shot *shot);
const char *scene_name(const struct scene *scene);
const struct palette *scene_palette(const struct scene *scene);
/* The scene without its title, at t, 0..1. */
void scene_paint(const struct scene *scene, cairo_t *cr, double t);
void scene_paint_title(const struct scene *scene, cairo_t *cr, double t);
void scene_free(struct scene **scene);

#endif
