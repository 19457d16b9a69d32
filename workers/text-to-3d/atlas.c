#include "atlas.h"

#include <stdlib.h>
#include <string.h>

enum { FACES = 6, SMOOTH_ROUNDS = 6, SMALL_CHART = 24 };

struct chart {
	float u0, v0, u1, v1; /* in the plane of its face */
	float x, y;           /* its corner in the atlas, in texels */
	uint8_t face;
	uint32_t tris;
};

struct unfolding {
	const struct mesh *mesh;
	uint32_t (*beside)[3]; /* the triangle across edge (k, k + 1) */
	uint8_t *face;         /* per triangle */
	uint32_t *of;          /* chart per triangle */
	struct chart *charts;
	size_t charts_n;
	float density; /* texels per unit */
};

struct half_edge {
	uint32_t low, high, tri, k;
};

static int by_ends(const void *va, const void *vb)
{
	const struct half_edge *a = va, *b = vb;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return a->tri < b->tri ? -1 : a->tri > b->tri;
}

static enum kn_err find_neighbours(struct unfolding *u)
{
	size_t n = u->mesh->tris * 3;
	struct half_edge *e = malloc(n * sizeof(*e));
	if (!e)
		return KN_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const uint32_t *t = u->mesh->tri[i / 3];
		uint32_t a = t[i % 3], b = t[(i + 1) % 3];
		e[i] = (struct half_edge){a < b ? a : b, a < b ? b : a, (uint32_t)(i / 3),
					  (uint32_t)(i % 3)};
	}
	qsort(e, n, sizeof(*e), by_ends);
	for (size_t i = 0; i + 1 < n; i += 2) {
		u->beside[e[i].tri][e[i].k] = e[i + 1].tri;
		u->beside[e[i + 1].tri][e[i + 1].k] = e[i].tri;
	}
	free(e);
	return KN_OK;
}

static struct vec3 face_normal(const struct mesh *m, size_t t)
{
	const uint32_t *i = m->tri[t];
	return v3_unit(
		v3_cross(v3_sub(m->pos[i[1]], m->pos[i[0]]), v3_sub(m->pos[i[2]], m->pos[i[0]])));
}

/* How much a normal faces +x, -x, +y, -y, +z, -z. */
static float facing(struct vec3 n, int face)
{
	float c = v3_axis(n, face / 2);
	return face & 1 ? -c : c;
}

static void choose_faces(struct unfolding *u)
{
	for (size_t t = 0; t < u->mesh->tris; t++) {
		struct vec3 n = face_normal(u->mesh, t);
		for (int f = 1; f < FACES; f++)
			if (facing(n, f) > facing(n, u->face[t]))
				u->face[t] = (uint8_t)f;
	}
	/* A triangle whose neighbours mostly face elsewhere goes with them, if it can be seen from
	 * there. */
	for (int round = 0; round < SMOOTH_ROUNDS; round++)
		for (size_t t = 0; t < u->mesh->tris; t++) {
			const uint32_t *b = u->beside[t];
			uint8_t x = u->face[b[0]], y = u->face[b[1]], z = u->face[b[2]];
			uint8_t most = x == y || x == z ? x : y == z ? y : u->face[t];
			if (most != u->face[t] && facing(face_normal(u->mesh, t), most) > 0.3f)
				u->face[t] = most;
		}
}

static void plane_point(struct vec3 p, int face, float *x, float *y)
{
	switch (face / 2) {
	case 0:
		*x = face & 1 ? p.z : -p.z;
		*y = -p.y;
		break;
	case 1:
		*x = p.x;
		*y = face & 1 ? -p.z : p.z;
		break;
	default:
		*x = face & 1 ? -p.x : p.x;
		*y = -p.y;
	}
}

static void chart_reach(struct unfolding *u, struct chart *c, size_t t)
{
	for (int k = 0; k < 3; k++) {
		float x, y;
		plane_point(u->mesh->pos[u->mesh->tri[t][k]], c->face, &x, &y);
		c->u0 = fminf(c->u0, x);
		c->v0 = fminf(c->v0, y);
		c->u1 = fmaxf(c->u1, x);
		c->v1 = fmaxf(c->v1, y);
	}
}

/* Floods connected triangles of one face into a chart each. `stack` has room for all triangles. */
static void flood(struct unfolding *u, uint32_t *stack)
{
	memset(u->of, 0xff, u->mesh->tris * sizeof(*u->of));
	u->charts_n = 0;
	for (size_t seed = 0; seed < u->mesh->tris; seed++) {
		if (u->of[seed] != UINT32_MAX)
			continue;
		uint32_t id = (uint32_t)u->charts_n++;
		struct chart *c = &u->charts[id];
		*c = (struct chart){1e9f, 1e9f, -1e9f, -1e9f, 0, 0, u->face[seed], 0};
		size_t depth = 0;
		stack[depth++] = (uint32_t)seed;
		u->of[seed] = id;
		while (depth > 0) {
			uint32_t t = stack[--depth];
			c->tris++;
			chart_reach(u, c, t);
			for (int k = 0; k < 3; k++) {
				uint32_t b = u->beside[t][k];
				if (u->of[b] != UINT32_MAX || u->face[b] != c->face)
					continue;
				u->of[b] = id;
				stack[depth++] = b;
			}
		}
	}
}

/* Crumbs join whichever neighbour they can be seen with. */
static void dissolve_crumbs(struct unfolding *u)
{
	for (size_t t = 0; t < u->mesh->tris; t++) {
		if (u->charts[u->of[t]].tris >= SMALL_CHART)
			continue;
		struct vec3 n = face_normal(u->mesh, t);
		for (int k = 0; k < 3; k++) {
			uint32_t b = u->beside[t][k];
			if (u->charts[u->of[b]].tris >= SMALL_CHART &&
			    facing(n, u->face[b]) > 0.2f) {
				u->face[t] = u->face[b];
				break;
			}
		}
	}
}

static float chart_width(const struct unfolding *u, const struct chart *c)
{
	return ceilf((c->u1 - c->u0) * u->density) + 2 * ATLAS_GAP + 1;
}

static float chart_height(const struct unfolding *u, const struct chart *c)
{
	return ceilf((c->v1 - c->v0) * u->density) + 2 * ATLAS_GAP + 1;
}

static int by_height(const void *va, const void *vb)
{
	const struct chart *a = *(struct chart *const *)va, *b = *(struct chart *const *)vb;
	float ha = a->v1 - a->v0, hb = b->v1 - b->v0;
	return ha > hb ? -1 : ha < hb ? 1 : a < b ? -1 : a > b;
}

/* Shelves, highest charts first. */
static bool pack_shelves(struct unfolding *u, struct chart **order, float side)
{
	float x = 0, y = 0, shelf = 0;
	for (size_t i = 0; i < u->charts_n; i++) {
		float w = chart_width(u, order[i]), h = chart_height(u, order[i]);
		if (x + w > side) {
			y += shelf;
			x = shelf = 0;
		}
		if (x + w > side || y + h > side)
			return false;
		order[i]->x = x + ATLAS_GAP + 0.5f;
		order[i]->y = y + ATLAS_GAP + 0.5f;
		x += w;
		shelf = fmaxf(shelf, h);
	}
	return true;
}

static enum kn_err pack(struct unfolding *u, int side)
{
	struct chart **order = malloc(u->charts_n * sizeof(struct chart *));
	if (!order)
		return KN_ERR_NOMEM;
	float area = 0;
	for (size_t i = 0; i < u->charts_n; i++) {
		const struct chart *c = order[i] = &u->charts[i];
		area += (c->u1 - c->u0) * (c->v1 - c->v0);
	}
	qsort(order, u->charts_n, sizeof(struct chart *), by_height);
	u->density = (float)side / sqrtf(area);
	bool fits = false;
	for (int i = 0; i < 300 && !fits; i++) {
		u->density *= 0.97f;
		fits = pack_shelves(u, order, (float)side);
	}
	free(order);
	return fits ? KN_OK : KN_ERR_INTERNAL;
}

struct corner {
	uint32_t vert, chart, at;
};

static int by_vertex(const void *va, const void *vb)
{
	const struct corner *a = va, *b = vb;
	if (a->vert != b->vert)
		return a->vert < b->vert ? -1 : 1;
	if (a->chart != b->chart)
		return a->chart < b->chart ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

static void emit_vertex(const struct unfolding *u, const struct corner *corner, int side,
			struct model *out)
{
	const struct chart *c = &u->charts[corner->chart];
	size_t v = out->verts++;
	out->pos[v] = u->mesh->pos[corner->vert];
	out->normal[v] = u->mesh->normal[corner->vert];
	float x, y;
	plane_point(out->pos[v], c->face, &x, &y);
	out->uv[v][0] = (c->x + (x - c->u0) * u->density) / (float)side;
	out->uv[v][1] = (c->y + (y - c->v0) * u->density) / (float)side;
}

/* A mesh vertex becomes one vertex for each chart it belongs to. */
static enum kn_err emit(const struct unfolding *u, int side, struct model *out)
{
	size_t n = u->mesh->tris * 3, copies = 0;
	struct corner *corners = malloc(n * sizeof(*corners));
	if (!corners)
		return KN_ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		corners[i] = (struct corner){u->mesh->tri[i / 3][i % 3], u->of[i / 3], (uint32_t)i};
	qsort(corners, n, sizeof(*corners), by_vertex);
	for (size_t i = 0; i < n; i++)
		copies += i == 0 || corners[i].vert != corners[i - 1].vert ||
			  corners[i].chart != corners[i - 1].chart;
	out->pos = malloc(copies * sizeof(*out->pos));
	out->normal = malloc(copies * sizeof(*out->normal));
	out->uv = malloc(copies * sizeof(*out->uv));
	out->index = malloc(n * sizeof(*out->index));
	bool ok = out->pos && out->normal && out->uv && out->index;
	out->verts = 0;
	out->indices = n;
	for (size_t i = 0; ok && i < n; i++) {
		if (i == 0 || corners[i].vert != corners[i - 1].vert ||
		    corners[i].chart != corners[i - 1].chart)
			emit_vertex(u, &corners[i], side, out);
		out->index[corners[i].at] = (uint32_t)out->verts - 1;
	}
	free(corners);
	return ok ? KN_OK : KN_ERR_NOMEM;
}

enum kn_err atlas_unfold(const struct mesh *mesh, int side, struct model *out)
{
	struct unfolding u = {.mesh = mesh};
	uint32_t *stack = malloc(mesh->tris * sizeof(*stack));
	u.beside = malloc(mesh->tris * sizeof(*u.beside));
	u.face = calloc(mesh->tris, 1);
	u.of = malloc(mesh->tris * sizeof(*u.of));
	u.charts = malloc(mesh->tris * sizeof(*u.charts));
	enum kn_err err = KN_ERR_NOMEM;
	if (!stack || !u.beside || !u.face || !u.of || !u.charts)
		goto out;
	err = find_neighbours(&u);
	if (err)
		goto out;
	choose_faces(&u);
	for (int i = 0; i < 3; i++) {
		flood(&u, stack);
		dissolve_crumbs(&u);
	}
	flood(&u, stack);
	err = pack(&u, side);
	if (!err)
		err = emit(&u, side, out);
out:
	free(stack);
	free(u.beside);
	free(u.face);
	free(u.of);
	free(u.charts);
	return err;
}
