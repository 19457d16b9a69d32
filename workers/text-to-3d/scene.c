#include "scene.h"

/* The rotation that undoes turns about x, then y, then z. */
static void turn_back(const struct vec3 *degrees, float m[9])
{
	const float rad = 3.14159265f / 180;
	float cx = cosf(degrees->x * rad), sx = sinf(degrees->x * rad);
	float cy = cosf(degrees->y * rad), sy = sinf(degrees->y * rad);
	float cz = cosf(degrees->z * rad), sz = sinf(degrees->z * rad);
	const float forward[9] = {
		cz * cy,
		cz * sy * sx - sz * cx,
		cz * sy * cx + sz * sx,
		sz * cy,
		sz * sy * sx + cz * cx,
		sz * sy * cx - cz * sx,
		-sy,
		cy * sx,
		cy * cx,
	};
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++)
			m[i * 3 + k] = forward[k * 3 + i];
}

/* Cuts the corners of an outline that starts and ends on the axis, so that turned things are round.
 */
static size_t cut_corners(float (*to)[2], const float (*from)[2], size_t n)
{
	size_t made = 0;
	to[made][0] = from[0][0];
	to[made++][1] = from[0][1];
	for (size_t i = 0; i + 1 < n; i++)
		for (int half = 0; half < 2; half++) {
			float t = half ? 0.8f : 0.2f;
			to[made][0] = from[i][0] + (from[i + 1][0] - from[i][0]) * t;
			to[made++][1] = from[i][1] + (from[i + 1][1] - from[i][1]) * t;
		}
	to[made][0] = from[n - 1][0];
	to[made++][1] = from[n - 1][1];
	return made;
}

static void smooth_profile(struct solid *s)
{
	float once[OUTLINE_POINTS_MAX][2];
	const struct profile *p = s->part.profile;
	if (p->n * 4 > OUTLINE_POINTS_MAX)
		return;
	size_t n = cut_corners(once, p->points, p->n);
	s->smooth.n = cut_corners(s->outline, (const float(*)[2])once, n);
	s->smooth.points = (const float(*)[2])s->outline;
	s->part.profile = &s->smooth;
}

void scene_add(struct scene *scene, const struct part *part, const struct place *place,
	       size_t paint, bool first)
{
	if (scene->solids_n == SCENE_SOLIDS_MAX)
		return;
	struct solid *s = &scene->solids[scene->solids_n++];
	s->part = *part;
	s->place = *place;
	turn_back(&part->turn, s->turn);
	s->cosy = cosf(place->yaw * 3.14159265f / 180);
	s->siny = sinf(place->yaw * 3.14159265f / 180);
	s->shrink = fminf(place->stretch.x, fminf(place->stretch.y, place->stretch.z));
	s->paint = (uint8_t)paint;
	s->first = first;
	if (part->profile)
		smooth_profile(s);
}

size_t scene_paint(struct scene *scene, const struct paint *paint)
{
	if (scene->paints_n == SCENE_PAINTS_MAX)
		return scene->paints_n - 1;
	scene->paints[scene->paints_n] = *paint;
	return scene->paints_n++;
}
