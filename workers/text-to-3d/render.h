/*
 * The picture of a scene, as a photographer would take it: a plain sweep of
 * paper, a soft key light with its shadow, a cool fill, a rim light. Made by
 * walking rays through the field; this is the embedded preview engine, not a
 * neural model.
 */
#ifndef T3D_RENDER_H
#define T3D_RENDER_H

#include "model.h"
#include "scene.h"

struct render_opts {
	int side;                     /* pixels, both ways */
	struct vec3 ground;           /* colour of the paper, linear */
	void (*progress)(float done); /* 0..1; may be NULL */
};

/* A JPEG. */
enum kn_err render_scene(const struct scene *scene, const struct field *field,
			 const struct render_opts *opts, struct blob *out);

#endif
