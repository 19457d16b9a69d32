/*
 * A closed, 2-manifold triangle mesh around a field: every edge belongs to
 * exactly two triangles. Counter-clockwise seen from outside.
 */
#ifndef T3D_MESH_H
#define T3D_MESH_H

#include "lib/err.h"
#include "vec.h"

#include <stddef.h>
#include <stdint.h>

struct mesh {
	struct vec3 *pos, *normal;
	size_t verts;
	uint32_t (*tri)[3];
	size_t tris;
};

/* What is meshed: a field negative inside and no steeper than `steep`, within lo..hi. */
struct mesh_source {
	float (*distance)(const void *ctx, struct vec3 p);
	const void *ctx;
	struct vec3 lo, hi;
	float steep;
};

/* About `target` triangles. KN_ERR_INVALID when there is no surface. */
enum kn_err mesh_polygonise(const struct mesh_source *source, size_t target, struct mesh *out);
void mesh_free(struct mesh *mesh);

#endif
