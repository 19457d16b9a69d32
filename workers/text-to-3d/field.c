#include "scene.h"
#include "sdf.h"

#include <stdlib.h>

enum { BLOCKS = 28, COARSE = 64 };

/* Half of the least thickness, of the scene's longest side: meshes have about a hundred cells
 * there. */
static const float THINNEST = 0.0085f;

struct field {
	const struct scene *scene;
	struct vec3 origin;
	float block; /* edge of a block */
	uint32_t first[BLOCKS * BLOCKS * BLOCKS + 1];
	float *coarse; /* distances at COARSE³ points over the same cube, for walking through empty
			  space */
	uint8_t *list; /* the solids of block i: list[first[i]] .. list[first[i + 1] - 1], in order
			*/
};

static struct vec3 to_subject(const struct solid *s, struct vec3 p)
{
	struct vec3 q = v3_sub(p, s->place.at);
	return v3((s->cosy * q.x - s->siny * q.z) / s->place.stretch.x, q.y / s->place.stretch.y,
		  (s->siny * q.x + s->cosy * q.z) / s->place.stretch.z);
}

/* The distance to one solid, in the scene's units. */
static float solid_distance(const struct solid *s, struct vec3 p)
{
	struct vec3 q = to_subject(s, p);
	float floor = -q.y;
	const struct part *part = &s->part;
	if (part->mirror)
		q.x = fabsf(q.x);
	if (part->around > 1) {
		float step = 6.2831853f / part->around, angle = atan2f(q.z, q.x);
		float r = hypotf(q.x, q.z), near = angle - step * roundf(angle / step);
		q.x = r * cosf(near);
		q.z = r * sinf(near);
	}
	struct vec3 bump = q;
	if (part->shape != SHAPE_TUBE && part->shape != SHAPE_BEND) {
		const float *m = s->turn;
		struct vec3 r = v3_sub(q, part->at);
		q = v3(m[0] * r.x + m[1] * r.y + m[2] * r.z, m[3] * r.x + m[4] * r.y + m[5] * r.z,
		       m[6] * r.x + m[7] * r.y + m[8] * r.z);
	}
	float d = sdf_part(part, q);
	if (part->rough > 0 && d < part->rough * 3) {
		float size = part->rough_size > 0 ? part->rough_size : 0.1f;
		d = (d + part->rough * noise3(v3_scale(bump, 1 / size))) * 0.8f;
	}
	return fmaxf(d, floor) * s->shrink;
}

/* What a finish adds to the surface: a height, never over its amplitude. */
static float finish_height(enum finish finish, struct vec3 p)
{
	struct vec3 q;
	float r;
	switch (finish) {
	case FINISH_PLAIN:
		return 0;
	case FINISH_SPIKY:
		q = v3_scale(p, 9);
		q = v3_sub(q, v3(roundf(q.x), roundf(q.y), roundf(q.z)));
		r = fmaxf(0, 1 - v3_length(q) * 2.2f);
		return 0.045f * r;
	case FINISH_ROUGH:
		return 0.016f * noise3(v3_scale(p, 9)) + 0.008f * noise3(v3_scale(p, 21));
	case FINISH_FLUFFY:
		return 0.012f * noise3(v3(p.x * 26, p.y * 12, p.z * 26));
	case FINISH_RIBBED:
		return 0.006f * sinf(p.y * 70);
	}
	return 0;
}

struct nearest {
	float d;
	int solid;
};

static void join(const struct solid *s, int index, float d, struct nearest *n)
{
	if (s->part.cut) {
		float k = s->part.blend, joined = -sdf_join(-n->d, d, k);
		if (-d > n->d)
			n->solid = index;
		n->d = joined;
		return;
	}
	if (d < n->d)
		n->solid = index;
	n->d = sdf_join(n->d, d, s->part.blend * s->shrink);
}

/*
 * Subjects join hard: each is folded on its own, so that one's cuts and blends
 * leave the others alone.
 */
static struct nearest fold(const struct scene *scene, const uint8_t *list, size_t n, struct vec3 p)
{
	struct nearest all = {1e9f, 0}, own = {1e9f, 0};
	for (size_t i = 0; i < n; i++) {
		int index = list ? list[i] : (int)i;
		const struct solid *s = &scene->solids[index];
		if (s->first) {
			if (own.d < all.d)
				all = own;
			own = (struct nearest){1e9f, index};
		}
		join(s, index, solid_distance(s, p), &own);
	}
	if (own.d < all.d)
		all = own;
	if (scene->finish != FINISH_PLAIN && all.d < 0.1f)
		all.d = (all.d - finish_height(scene->finish, p)) * 0.7f;
	return all;
}

static struct nearest nearest(const struct field *f, struct vec3 p)
{
	struct vec3 q = v3_scale(v3_sub(p, f->origin), 1 / f->block);
	int x = (int)clampf(q.x, 0, BLOCKS - 1), y = (int)clampf(q.y, 0, BLOCKS - 1);
	int z = (int)clampf(q.z, 0, BLOCKS - 1);
	size_t b = ((size_t)z * BLOCKS + (size_t)y) * BLOCKS + (size_t)x;
	return fold(f->scene, f->list + f->first[b], f->first[b + 1] - f->first[b], p);
}

float field_distance(const struct field *field, struct vec3 p)
{
	return nearest(field, p).d;
}

float field_clearance(const struct field *f, struct vec3 p)
{
	float step = f->block * BLOCKS / (COARSE - 1);
	struct vec3 q = v3_scale(v3_sub(p, f->origin), 1 / step);
	const float end = COARSE - 1.001f;
	if (q.x < 0 || q.y < 0 || q.z < 0 || q.x > end || q.y > end || q.z > end)
		return field_distance(f, p);
	int x = (int)q.x, y = (int)q.y, z = (int)q.z;
	float u = q.x - (float)x, v = q.y - (float)y, w = q.z - (float)z, plane[2];
	const float *c = f->coarse + ((size_t)z * COARSE + (size_t)y) * COARSE + (size_t)x;
	for (int k = 0; k < 2; k++, c += (size_t)COARSE * COARSE) {
		float low = c[0] + (c[1] - c[0]) * u;
		float high = c[COARSE] + (c[COARSE + 1] - c[COARSE]) * u;
		plane[k] = low + (high - low) * v;
	}
	float d = plane[0] + (plane[1] - plane[0]) * w;
	return d > 2.5f * step ? d : field_distance(f, p);
}

int field_solid(const struct field *field, struct vec3 p)
{
	return nearest(field, p).solid;
}

struct vec3 field_normal(const struct field *f, struct vec3 p, float e)
{
	/* Four corners of a tetrahedron: as good as six samples. */
	float a = field_distance(f, v3(p.x + e, p.y - e, p.z - e));
	float b = field_distance(f, v3(p.x - e, p.y - e, p.z + e));
	float c = field_distance(f, v3(p.x - e, p.y + e, p.z - e));
	float d = field_distance(f, v3(p.x + e, p.y + e, p.z + e));
	return v3_unit(v3(a - b - c + d, -a - b + c + d, -a + b - c + d));
}

struct surface field_surface(const struct field *f, struct vec3 p, struct vec3 n)
{
	const struct solid *s = &f->scene->solids[nearest(f, p).solid];
	struct vec3 q = to_subject(s, p);
	struct vec3 turned = v3(s->cosy * n.x - s->siny * n.z, n.y, s->siny * n.x + s->cosy * n.z);
	/* Round things carry their pattern about their own middle. */
	enum pattern pattern = f->scene->paints[s->paint].pattern;
	if (pattern == HEXES || pattern == SEAMS || pattern == TILES)
		q = v3_sub(q, v3(s->part.mirror && q.x < 0 ? -s->part.at.x : s->part.at.x,
				 pattern == TILES ? 0 : s->part.at.y, s->part.at.z));
	return surface_at(&f->scene->paints[s->paint], q, turned);
}

float field_openness(const struct field *f, struct vec3 p, struct vec3 n, float reach)
{
	float shut = 0, weight = 1;
	for (int i = 1; i <= 4; i++) {
		float h = reach * (float)i * 0.25f;
		shut += weight * fmaxf(0, h - field_clearance(f, v3_madd(p, n, h)));
		weight *= 0.7f;
	}
	return clampf(1 - 1.1f * shut / reach, 0, 1);
}

/* A ball about the subject's origin that holds the part; generous. */
static float reach_of(const struct part *part)
{
	float far = v3_length(part->at), size = v3_length(part->size);
	if (part->shape == SHAPE_TUBE || part->shape == SHAPE_BEND)
		far = fmaxf(far, fmaxf(v3_length(part->via), v3_length(part->to)));
	if (part->shape == SHAPE_TORUS)
		size = part->size.x + part->size.y + part->size.z;
	for (size_t i = 0; part->profile && i < part->profile->n; i++)
		size = fmaxf(size, part->size.x * hypotf(part->profile->points[i][0],
							 part->profile->points[i][1]));
	return far + size + part->round + part->rough;
}

/* Narrows lo..hi to the cells of a coarse grid that may hold surface. */
static void measure(struct scene *scene, struct vec3 lo, struct vec3 hi)
{
	enum { CELLS = 24 };
	struct vec3 step = v3_scale(v3_sub(hi, lo), 1.0f / CELLS);
	float half = v3_length(step) * 0.5f;
	scene->lo = v3(1e9f, 1e9f, 1e9f);
	scene->hi = v3(-1e9f, -1e9f, -1e9f);
	for (int i = 0; i < CELLS * CELLS * CELLS; i++) {
		struct vec3 cell = v3((float)(i % CELLS), (float)(i / CELLS % CELLS),
				      (float)(i / CELLS / CELLS));
		struct vec3 a = v3_add(lo, v3_mul(step, cell));
		if (fold(scene, NULL, scene->solids_n, v3_madd(a, step, 0.5f)).d > half)
			continue;
		scene->lo = v3_min(scene->lo, a);
		scene->hi = v3_max(scene->hi, v3_add(a, step));
	}
}

static void scene_bounds(struct scene *scene)
{
	struct vec3 lo = v3(1e9f, 1e9f, 1e9f), hi = v3(-1e9f, -1e9f, -1e9f);
	for (size_t i = 0; i < scene->solids_n; i++) {
		const struct solid *s = &scene->solids[i];
		if (s->part.cut)
			continue;
		struct vec3 st = s->place.stretch;
		float r = reach_of(&s->part) * fmaxf(st.x, fmaxf(st.y, st.z)) + 0.06f;
		lo = v3_min(lo, v3_sub(s->place.at, v3(r, r, r)));
		hi = v3_max(hi, v3_add(s->place.at, v3(r, r, r)));
	}
	/* Flat things look nearer than they are: narrow until nothing more is won. */
	float before, now = v3_length(v3_sub(hi, lo));
	measure(scene, lo, hi);
	do {
		before = now;
		measure(scene, scene->lo, scene->hi);
		now = v3_length(v3_sub(scene->hi, scene->lo));
	} while (now < before * 0.97f);
	scene->lo.y = fmaxf(scene->lo.y, 0);
}

/* What is thinner than the mesh can show would come out in tatters: it is made a little thicker. */
static void thicken(struct scene *scene)
{
	struct vec3 size = v3_sub(scene->hi, scene->lo);
	float least = fmaxf(size.x, fmaxf(size.y, size.z)) * THINNEST;
	for (size_t i = 0; i < scene->solids_n; i++) {
		struct solid *s = &scene->solids[i];
		struct part *p = &s->part;
		float l = least / s->shrink;
		if (p->cut)
			continue;
		if (p->shape == SHAPE_TUBE || p->shape == SHAPE_BEND)
			p->size = v3_max(p->size, v3(l, l, 0));
		else if (p->shape == SHAPE_BOX || p->shape == SHAPE_ELLIPSOID)
			p->size = v3_max(p->size, v3(l, l, l));
		else
			p->size.y = fmaxf(p->size.y, p->shape == SHAPE_STAR ? 0 : l);
	}
}

static size_t list_block(struct field *f, struct vec3 middle, float r, uint8_t *out)
{
	const struct scene *scene = f->scene;
	float least = fold(scene, NULL, scene->solids_n, middle).d;
	size_t n = 0;
	for (size_t i = 0; i < scene->solids_n; i++) {
		const struct solid *s = &scene->solids[i];
		float slack = 2 * r + s->part.blend + 0.02f, d = solid_distance(s, middle);
		/* A subject's first solid opens its fold: it is always there. */
		if (s->first || (s->part.cut ? d + least < slack : d - least < slack))
			out[n++] = (uint8_t)i;
	}
	return n;
}

static void survey(struct field *f)
{
	float step = f->block * BLOCKS / (COARSE - 1);
	for (int i = 0; i < COARSE * COARSE * COARSE; i++) {
		struct vec3 q = v3((float)(i % COARSE), (float)(i / COARSE % COARSE),
				   (float)(i / COARSE / COARSE));
		f->coarse[i] = field_distance(f, v3_madd(f->origin, q, step));
	}
}

enum kn_err field_new(struct scene *scene, struct field **out)
{
	const size_t blocks = (size_t)BLOCKS * BLOCKS * BLOCKS;
	struct field *f = calloc(1, sizeof(*f));
	uint8_t *list = malloc(blocks * SCENE_SOLIDS_MAX);
	float *coarse = malloc(sizeof(*coarse) * COARSE * COARSE * COARSE);
	if (!f || !list || !coarse) {
		free(f);
		free(list);
		free(coarse);
		return KN_ERR_NOMEM;
	}
	scene_bounds(scene);
	thicken(scene);
	f->scene = scene;
	struct vec3 size = v3_sub(scene->hi, scene->lo);
	f->block = fmaxf(size.x, fmaxf(size.y, size.z)) * 1.1f / BLOCKS;
	float half = f->block * BLOCKS * 0.5f;
	f->origin = v3_sub(v3_mix(scene->lo, scene->hi, 0.5f), v3(half, half, half));
	size_t used = 0;
	for (size_t i = 0; i < blocks; i++) {
		struct vec3 cell =
			v3((float)(i % BLOCKS) + 0.5f, (float)(i / BLOCKS % BLOCKS) + 0.5f,
			   (float)(i / BLOCKS / BLOCKS) + 0.5f);
		f->first[i] = (uint32_t)used;
		used += list_block(f, v3_madd(f->origin, cell, f->block), f->block * 0.867f,
				   list + used);
	}
	f->first[blocks] = (uint32_t)used;
	f->list = realloc(list, used ? used : 1);
	f->coarse = coarse;
	survey(f);
	*out = f;
	return KN_OK;
}

void field_free(struct field **field)
{
	if (*field) {
		free((*field)->list);
		free((*field)->coarse);
	}
	free(*field);
	*field = NULL;
}
