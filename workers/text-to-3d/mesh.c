#include "mesh.h"

#include "cube.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BRICK = 4, CELLS_MIN = 24, CELLS_MAX = 176, COARSE = 32, RELAX_ROUNDS = 4 };

struct grid {
	const struct mesh_source *source;
	struct vec3 origin;
	float step;
	int nx, ny, nz; /* points */
	float *value;
	int32_t *edge[3]; /* the vertex on the edge that leaves a point along an axis, or -1 */
};

static size_t grid_index(const struct grid *g, int x, int y, int z)
{
	return ((size_t)z * (size_t)g->ny + (size_t)y) * (size_t)g->nx + (size_t)x;
}

static struct vec3 grid_point(const struct grid *g, float x, float y, float z)
{
	return v3_madd(g->origin, v3(x, y, z), g->step);
}

/* Points per axis: a multiple of BRICK cells, and a margin so that the surface never meets the
 * border. */
static int grid_side(float length, float step)
{
	int cells = (int)ceilf(length / step) + 3;
	return (cells + BRICK - 1) / BRICK * BRICK + 1;
}

static enum kn_err grid_new(const struct mesh_source *source, float step, struct grid *g)
{
	struct vec3 size = v3_sub(source->hi, source->lo);
	memset(g, 0, sizeof(*g));
	g->source = source;
	g->step = step;
	g->nx = grid_side(size.x, step);
	g->ny = grid_side(size.y, step);
	g->nz = grid_side(size.z, step);
	/* A little off the whole steps: flat walls should not fall onto grid points. */
	g->origin = v3_madd(source->lo, v3(1.43f, 1.37f, 1.41f), -step);
	size_t n = (size_t)g->nx * (size_t)g->ny * (size_t)g->nz;
	g->value = malloc(n * sizeof(float));
	bool ok = g->value;
	for (int a = 0; a < 3; a++) {
		g->edge[a] = malloc(n * sizeof(int32_t));
		ok = ok && g->edge[a];
		if (g->edge[a])
			memset(g->edge[a], 0xff, n * sizeof(int32_t));
	}
	return ok ? KN_OK : KN_ERR_NOMEM;
}

static void grid_free(struct grid *g)
{
	free(g->value);
	for (int a = 0; a < 3; a++)
		free(g->edge[a]);
}

/* Bricks that the surface cannot reach get the value of their middle. */
static void sample_brick(struct grid *g, int bx, int by, int bz)
{
	const struct mesh_source *s = g->source;
	float half = BRICK * 0.5f;
	float far = s->distance(
		s->ctx, grid_point(g, (float)bx + half, (float)by + half, (float)bz + half));
	bool skip = fabsf(far) > (half + 1) * 1.7321f * g->step * s->steep;
	for (int z = bz; z < bz + BRICK + (bz + BRICK == g->nz - 1); z++)
		for (int y = by; y < by + BRICK + (by + BRICK == g->ny - 1); y++)
			for (int x = bx; x < bx + BRICK + (bx + BRICK == g->nx - 1); x++) {
				float v = far;
				if (!skip)
					v = s->distance(s->ctx, grid_point(g, (float)x, (float)y,
									   (float)z));
				/* Never on a corner: vertices would coincide. */
				if (fabsf(v) < 1e-4f * g->step)
					v = v < 0 ? -1e-4f * g->step : 1e-4f * g->step;
				if (x == 0 || y == 0 || z == 0 || x == g->nx - 1 ||
				    y == g->ny - 1 || z == g->nz - 1)
					v = fmaxf(v, 1e-3f * g->step);
				g->value[grid_index(g, x, y, z)] = v;
			}
}

static void grid_sample(struct grid *g)
{
	for (int z = 0; z < g->nz - 1; z += BRICK)
		for (int y = 0; y < g->ny - 1; y += BRICK)
			for (int x = 0; x < g->nx - 1; x += BRICK)
				sample_brick(g, x, y, z);
}

static unsigned cell_mask(const struct grid *g, int x, int y, int z)
{
	unsigned mask = 0;
	for (int i = 0; i < 8; i++)
		mask |= (unsigned)(g->value[grid_index(g, x + (i & 1), y + (i >> 1 & 1),
						       z + (i >> 2))] < 0)
			<< i;
	return mask;
}

static int32_t edge_vertex(struct grid *g, int x, int y, int z, int e, struct mesh *m)
{
	int a = cube_edge[e][0], b = cube_edge[e][1];
	int axis = (b ^ a) >> 1; /* 1, 2, 4 → 0, 1, 2 */
	x += a & 1;
	y += a >> 1 & 1;
	z += a >> 2;
	size_t at = grid_index(g, x, y, z);
	int32_t *slot = &g->edge[axis][at];
	if (*slot >= 0)
		return *slot;
	int dx = axis == 0, dy = axis == 1, dz = axis == 2;
	float va = g->value[at], vb = g->value[grid_index(g, x + dx, y + dy, z + dz)];
	float t = clampf(va / (va - vb), 0.06f, 0.94f);
	m->pos[m->verts] = grid_point(g, (float)x + t * (float)dx, (float)y + t * (float)dy,
				      (float)z + t * (float)dz);
	*slot = (int32_t)m->verts++;
	return *slot;
}

static size_t count_triangles(const struct grid *g, const struct cube_case *table)
{
	size_t n = 0;
	for (int z = 0; z < g->nz - 1; z++)
		for (int y = 0; y < g->ny - 1; y++)
			for (int x = 0; x < g->nx - 1; x++)
				n += table[cell_mask(g, x, y, z)].n;
	return n;
}

static void march(struct grid *g, const struct cube_case *table, struct mesh *m)
{
	for (int z = 0; z < g->nz - 1; z++)
		for (int y = 0; y < g->ny - 1; y++)
			for (int x = 0; x < g->nx - 1; x++) {
				const struct cube_case *c = &table[cell_mask(g, x, y, z)];
				for (int i = 0; i < c->n; i++, m->tris++)
					for (int k = 0; k < 3; k++)
						m->tri[m->tris][k] = (uint32_t)edge_vertex(
							g, x, y, z, c->tri[i][k], m);
			}
}

static struct vec3 gradient(const struct mesh_source *s, struct vec3 p, float e)
{
	float a = s->distance(s->ctx, v3(p.x + e, p.y - e, p.z - e));
	float b = s->distance(s->ctx, v3(p.x - e, p.y - e, p.z + e));
	float c = s->distance(s->ctx, v3(p.x - e, p.y + e, p.z - e));
	float d = s->distance(s->ctx, v3(p.x + e, p.y + e, p.z + e));
	return v3_scale(v3(a - b - c + d, -a - b + c + d, -a + b - c + d), 0.25f / e);
}

/* One Newton step onto the surface, no longer than a third of a cell. */
static struct vec3 onto_surface(const struct mesh_source *s, struct vec3 p, float step)
{
	struct vec3 g = gradient(s, p, step * 0.2f);
	float slope = v3_dot(g, g), d = s->distance(s->ctx, p);
	if (slope < 0.04f)
		return p;
	float move = clampf(-d / sqrtf(slope), -step * 0.33f, step * 0.33f);
	return v3_madd(p, v3_unit(g), move);
}

/* Each vertex slides to the middle of its neighbours, then back onto the surface. */
static void relax_once(const struct mesh_source *s, float step, struct vec3 *sum, float *n,
		       struct mesh *m)
{
	memset(sum, 0, m->verts * sizeof(*sum));
	memset(n, 0, m->verts * sizeof(*n));
	for (size_t t = 0; t < m->tris; t++)
		for (int k = 0; k < 3; k++) {
			uint32_t a = m->tri[t][k], b = m->tri[t][(k + 1) % 3];
			sum[a] = v3_add(sum[a], m->pos[b]);
			n[a] += 1;
		}
	for (size_t v = 0; v < m->verts; v++) {
		struct vec3 p = v3_mix(m->pos[v], v3_scale(sum[v], 1 / n[v]), 0.5f);
		m->pos[v] = onto_surface(s, p, step);
	}
}

struct spot {
	int32_t x, y, z;
	uint32_t vert;
};

static int by_spot(const void *va, const void *vb)
{
	const struct spot *a = va, *b = vb;
	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	if (a->y != b->y)
		return a->y < b->y ? -1 : 1;
	return a->z < b->z ? -1 : a->z > b->z;
}

/*
 * The two sides of a sheet thinner than a cell can come to lie on the same
 * spot, where welding would join them. Such vertices go back to where they
 * started: on a grid edge each has to itself.
 */
static void part_sheets(const struct vec3 *start, float step, struct spot *spots, struct mesh *m)
{
	float k = 500 / step;
	for (size_t v = 0; v < m->verts; v++) {
		struct vec3 p = v3_scale(m->pos[v], k);
		spots[v] = (struct spot){(int32_t)lrintf(p.x), (int32_t)lrintf(p.y),
					 (int32_t)lrintf(p.z), (uint32_t)v};
	}
	qsort(spots, m->verts, sizeof(*spots), by_spot);
	for (size_t i = 1; i < m->verts; i++)
		if (by_spot(&spots[i - 1], &spots[i]) == 0) {
			m->pos[spots[i].vert] = start[spots[i].vert];
			m->pos[spots[i - 1].vert] = start[spots[i - 1].vert];
		}
}

/* Evens the triangles out. */
static enum kn_err relax(const struct mesh_source *s, float step, struct mesh *m)
{
	struct vec3 *sum = malloc(m->verts * sizeof(*sum)),
		    *start = malloc(m->verts * sizeof(*start));
	float *n = malloc(m->verts * sizeof(*n));
	struct spot *spots = malloc(m->verts * sizeof(*spots));
	bool ok = sum && start && n && spots;
	if (ok)
		memcpy(start, m->pos, m->verts * sizeof(*start));
	for (int round = 0; ok && round < RELAX_ROUNDS; round++)
		relax_once(s, step, sum, n, m);
	if (ok)
		part_sheets(start, step, spots, m);
	free(sum);
	free(start);
	free(n);
	free(spots);
	return ok ? KN_OK : KN_ERR_NOMEM;
}

/* From the field, which knows more than the triangles; where it has no slope, from the triangles.
 */
static enum kn_err normals(const struct mesh_source *s, float step, struct mesh *m)
{
	struct vec3 *flat = calloc(m->verts, sizeof(*flat));
	if (!flat)
		return KN_ERR_NOMEM;
	for (size_t t = 0; t < m->tris; t++) {
		const uint32_t *i = m->tri[t];
		struct vec3 n = v3_cross(v3_sub(m->pos[i[1]], m->pos[i[0]]),
					 v3_sub(m->pos[i[2]], m->pos[i[0]]));
		for (int k = 0; k < 3; k++)
			flat[i[k]] = v3_add(flat[i[k]], n);
	}
	for (size_t v = 0; v < m->verts; v++) {
		struct vec3 n = v3_unit(gradient(s, m->pos[v], step * 0.35f)), f = v3_unit(flat[v]);
		m->normal[v] = v3_dot(n, f) > 0.5f ? n : f;
	}
	free(flat);
	return KN_OK;
}

/* The grid whose mesh has about `target` triangles: a coarse one tells the area. */
static enum kn_err fitting_grid(const struct mesh_source *s, size_t target,
				const struct cube_case *table, struct grid *g)
{
	struct vec3 size = v3_sub(s->hi, s->lo);
	float longest = fmaxf(size.x, fmaxf(size.y, size.z)), cells = COARSE;
	for (int attempt = 0;; attempt++) {
		enum kn_err err = grid_new(s, longest / cells, g);
		if (err)
			return err;
		grid_sample(g);
		size_t n = count_triangles(g, table);
		float ratio = (float)target / (float)(n ? n : 1);
		float next = n ? clampf(cells * sqrtf(ratio), CELLS_MIN, CELLS_MAX) : CELLS_MAX;
		bool close = ratio > 0.75f && ratio < 1.3f;
		if (attempt == 3 || close || fabsf(next - cells) < 1)
			return n ? KN_OK : KN_ERR_INVALID;
		cells = next;
		grid_free(g);
	}
}

enum kn_err mesh_polygonise(const struct mesh_source *source, size_t target, struct mesh *m)
{
	static struct cube_case table[256];
	struct grid g = {0};
	memset(m, 0, sizeof(*m));
	cube_table(table);
	enum kn_err err = fitting_grid(source, target, table, &g);
	if (err)
		goto out;
	size_t tris = count_triangles(&g, table);
	/* A closed surface has half as many vertices as triangles, and two more per piece. */
	m->pos = malloc(tris * sizeof(*m->pos));
	m->tri = malloc(tris * sizeof(*m->tri));
	m->normal = malloc(tris * sizeof(*m->normal));
	err = KN_ERR_NOMEM;
	if (!m->pos || !m->tri || !m->normal)
		goto out;
	march(&g, table, m);
	err = relax(source, g.step, m);
	if (!err)
		err = normals(source, g.step, m);
out:
	grid_free(&g);
	if (err)
		mesh_free(m);
	return err;
}

void mesh_free(struct mesh *mesh)
{
	free(mesh->pos);
	free(mesh->normal);
	free(mesh->tri);
	memset(mesh, 0, sizeof(*mesh));
}
