/*
 * A textured model as it is written to files: one mesh with texture
 * coordinates, and its textures as encoded pictures. Y is up, +z the front,
 * metres, standing on y = 0.
 */
#ifndef T3D_MODEL_H
#define T3D_MODEL_H

#include "mesh.h"

#include <stdbool.h>

struct blob {
	unsigned char *data;
	size_t size;
};

struct model {
	struct vec3 *pos, *normal;
	float (*uv)[2];      /* from the upper left, as glTF has it; NULL: none */
	struct vec3 *colour; /* linear, per vertex; NULL: none */
	size_t verts;
	uint32_t *index;
	size_t indices;
	struct blob base;    /* a JPEG or PNG; size 0: none */
	struct blob surface; /* red: occlusion, green: roughness, blue: metal */
	struct blob glow;    /* emission */
	float rough, metal;  /* factors */
};

void model_free(struct model *model);
/* Scales it so that its longest side has that length, and stands it on the origin. */
void model_fit(struct model *model, float metres);
void model_bounds(const struct model *model, struct vec3 *lo, struct vec3 *hi);

/* Appends; a failed allocation leaves size SIZE_MAX, which stays, and is checked once at the end.
 */
void blob_add(struct blob *blob, const void *data, size_t size);
void blob_printf(struct blob *blob, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool blob_failed(const struct blob *blob);
void blob_free(struct blob *blob);
enum kn_err blob_write(const struct blob *blob, const char *path);
/* At most `max` bytes: KN_ERR_TOO_LARGE beyond. */
enum kn_err blob_read(const char *path, size_t max, struct blob *out);
/* "image/png", "image/jpeg" or NULL. */
const char *blob_image_type(const struct blob *blob);

#endif
