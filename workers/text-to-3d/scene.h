/*
 * A scene: the parts of all its subjects, placed; and the field that answers
 * for any point how far the surface is and what it is made of. The field keeps,
 * for every block of space, the few parts that matter there: that is what makes
 * both the picture and the mesh quick.
 */
#ifndef T3D_SCENE_H
#define T3D_SCENE_H

#include "lib/err.h"
#include "surface.h"
#include "part.h"

enum { SCENE_SOLIDS_MAX = 250, SCENE_PAINTS_MAX = 250, OUTLINE_POINTS_MAX = 64 };

/* Where a subject stands: turned about y, stretched, moved. */
struct place {
	struct vec3 at, stretch;
	float yaw; /* degrees */
};

enum finish { FINISH_PLAIN, FINISH_SPIKY, FINISH_ROUGH, FINISH_FLUFFY, FINISH_RIBBED };

struct solid {
	struct part part; /* its profile is `smooth`, not the table's */
	struct place place;
	float turn[9];    /* world to part, the part's own turn */
	float cosy, siny; /* of the place's yaw */
	float shrink;     /* the least stretch: keeps distances bounds */
	uint8_t paint;    /* index into the scene's */
	struct profile smooth;
	float outline[OUTLINE_POINTS_MAX][2];
	bool first; /* of its subject: never blends with what stands before */
};

struct scene {
	struct solid solids[SCENE_SOLIDS_MAX];
	size_t solids_n;
	struct paint paints[SCENE_PAINTS_MAX];
	size_t paints_n;
	enum finish finish;
	struct vec3 lo, hi; /* the box that holds the surface; lo.y is the ground */
};

/* Adds a part at a place with a paint; what does not fit any more is left out. */
void scene_add(struct scene *scene, const struct part *part, const struct place *place,
	       size_t paint, bool first);
/* Adds a paint and returns its index. */
size_t scene_paint(struct scene *scene, const struct paint *paint);

struct field;

/* Measures the scene (writes lo and hi) and prepares its field; the scene must outlive it. */
enum kn_err field_new(struct scene *scene, struct field **out);
void field_free(struct field **field);

float field_distance(const struct field *field, struct vec3 p);
/* The same near the surface; away from it a good guess, much quicker. */
float field_clearance(const struct field *field, struct vec3 p);
/* Unit, pointing out; `step` is the distance of the samples it is made from. */
struct vec3 field_normal(const struct field *field, struct vec3 p, float step);
/* The surface at p, whose normal is n. */
struct surface field_surface(const struct field *field, struct vec3 p, struct vec3 n);
/* Which solid is nearest, for telling parts apart at their borders. */
int field_solid(const struct field *field, struct vec3 p);
/* 0 in a deep corner .. 1 in the open. */
float field_openness(const struct field *field, struct vec3 p, struct vec3 n, float reach);

#endif
