#include "silhouette.h"

#include "cutout.h"
#include "jpeg.h"

#include <stdlib.h>
#include <string.h>

enum { GRID = CUTOUT_GRID, TEXTURE_QUALITY = 90, SPREAD_ROUNDS = 24 };

/* The subject, and how high the body rises over each cell of it. */
struct body {
	struct cutout cut;
	float depth[GRID][GRID];  /* cells to the outline: positive in the subject */
	float square[GRID][GRID]; /* the height's square, in units of the picture's side; negative
				     outside */
	float thick;
};

static void make_plaque(struct body *b)
{
	for (int y = 0; y < GRID; y++)
		for (int x = 0; x < GRID; x++) {
			float half = GRID * 0.46f, round = GRID * 0.08f;
			float dx = fmaxf(fabsf((float)x - GRID * 0.5f) - half + round, 0);
			float dy = fmaxf(fabsf((float)y - GRID * 0.5f) - half + round, 0);
			b->cut.ground[y][x] = hypotf(dx, dy) > round;
		}
}

/* Squared distances along one line, exact: the lower envelope of parabolas. */
static void distance_line(const float *f, float *d, int step)
{
	int v[GRID], k = 0;
	float z[GRID + 1];
	v[0] = 0;
	z[0] = -1e9f;
	z[1] = 1e9f;
	for (int q = 1; q < GRID; q++) {
		float s;
		do {
			int p = v[k];
			s = ((f[q * step] + (float)(q * q)) - (f[p * step] + (float)(p * p))) /
			    (float)(2 * (q - p));
		} while (s <= z[k] && k-- > 0);
		k++;
		v[k] = q;
		z[k] = s;
		z[k + 1] = 1e9f;
	}
	k = 0;
	for (int q = 0; q < GRID; q++) {
		while (z[k + 1] < (float)q)
			k++;
		d[q] = (float)((q - v[k]) * (q - v[k])) + f[v[k] * step];
	}
}

/* The distance of each cell to the nearest one that is ground, or is not. */
static void distances(const struct body *b, bool to_ground, float (*out)[GRID])
{
	float line[GRID];
	for (int y = 0; y < GRID; y++)
		for (int x = 0; x < GRID; x++)
			out[y][x] = b->cut.ground[y][x] == to_ground ? 0 : 1e6f;
	for (int x = 0; x < GRID; x++) {
		distance_line(&out[0][x], line, GRID);
		for (int y = 0; y < GRID; y++)
			out[y][x] = line[y];
	}
	for (int y = 0; y < GRID; y++) {
		distance_line(out[y], line, 1);
		for (int x = 0; x < GRID; x++)
			out[y][x] = sqrtf(line[x]);
	}
}

static void blur(float (*f)[GRID], float (*scratch)[GRID], int passes)
{
	for (int pass = 0; pass < passes; pass++) {
		memcpy(scratch, f, sizeof(float) * GRID * GRID);
		for (int y = 1; y < GRID - 1; y++)
			for (int x = 1; x < GRID - 1; x++)
				f[y][x] =
					(scratch[y][x] * 4 + scratch[y - 1][x] + scratch[y + 1][x] +
					 scratch[y][x - 1] + scratch[y][x + 1]) /
					8;
	}
}

/* A round rim and a flat middle: the height's square grows linearly at the outline. */
static void raise_body(struct body *b)
{
	float deepest = 0;
	distances(b, true, b->depth);
	distances(b, false, b->square);
	for (int i = 0; i < GRID * GRID; i++)
		b->depth[i / GRID][i % GRID] -= b->square[i / GRID][i % GRID];
	/* The outline goes in steps of a cell, which the sides would show as ridges. */
	blur(b->depth, b->square, 8);
	for (int i = 0; i < GRID * GRID; i++)
		deepest = fmaxf(deepest, b->depth[i / GRID][i % GRID]);
	b->thick = fminf(deepest / GRID, 0.16f);
	for (int y = 0; y < GRID; y++)
		for (int x = 0; x < GRID; x++) {
			float d = b->depth[y][x] / GRID, k = fminf(d, b->thick);
			b->square[y][x] =
				d < 0 ? 2 * b->thick * fmaxf(d, -0.1f) : k * (2 * b->thick - k);
		}
	blur(b->square, b->depth, 3);
	for (int y = 0; y < GRID; y++)
		for (int x = 0; x < GRID; x++)
			b->depth[y][x] = b->square[y][x] * GRID / (2 * b->thick);
}

static float bilinear(const float (*f)[GRID], float u, float v)
{
	float x = clampf(u * GRID - 0.5f, 0, GRID - 1.001f),
	      y = clampf(v * GRID - 0.5f, 0, GRID - 1.001f);
	int x0 = (int)x, y0 = (int)y;
	float fx = x - (float)x0, fy = y - (float)y0;
	float top = f[y0][x0] + (f[y0][x0 + 1] - f[y0][x0]) * fx;
	float low = f[y0 + 1][x0] + (f[y0 + 1][x0 + 1] - f[y0 + 1][x0]) * fx;
	return top + (low - top) * fy;
}

static float body_distance(const void *ctx, struct vec3 p)
{
	const struct body *b = ctx;
	return (p.z * p.z - bilinear(b->square, p.x, 1 - p.y)) / (2 * b->thick);
}

/* Colours of the subject spread over its outline, so that the rim does not show the ground. */
static void spread(unsigned char *rgb, uint8_t *done, int side)
{
	for (uint8_t round = 1; round <= SPREAD_ROUNDS; round++)
		for (int y = 1; y < side - 1; y++)
			for (int x = 1; x < side - 1; x++) {
				size_t at = (size_t)y * (size_t)side + (size_t)x;
				const size_t from[4] = {at - 1, at + 1, at - (size_t)side,
							at + (size_t)side};
				for (int k = 0; k < 4 && !done[at]; k++)
					if (done[from[k]] && done[from[k]] <= round) {
						memcpy(rgb + at * 3, rgb + from[k] * 3, 3);
						done[at] = (uint8_t)(round + 1);
					}
			}
}

static enum kn_err make_texture(cairo_surface_t *picture, const struct body *b, int side,
				struct blob *out)
{
	size_t texels = (size_t)side * (size_t)side;
	unsigned char *rgb = malloc(texels * 3);
	uint8_t *done = calloc(texels, 1);
	enum kn_err err = KN_ERR_NOMEM;
	if (!rgb || !done)
		goto out;
	for (size_t i = 0; i < texels; i++) {
		float u = ((float)(i % (size_t)side) + 0.5f) / (float)side;
		float v = ((float)(i / (size_t)side) + 0.5f) / (float)side;
		struct vec3 s = cutout_sample(picture, u, v);
		rgb[i * 3] = (unsigned char)(clampf(s.x, 0, 1) * 255 + 0.5f);
		rgb[i * 3 + 1] = (unsigned char)(clampf(s.y, 0, 1) * 255 + 0.5f);
		rgb[i * 3 + 2] = (unsigned char)(clampf(s.z, 0, 1) * 255 + 0.5f);
		done[i] = bilinear(b->depth, u, v) > 1.8f;
	}
	spread(rgb, done, side);
	err = jpeg_encode(rgb, side, side, TEXTURE_QUALITY, out);
out:
	free(rgb);
	free(done);
	return err;
}

/* The picture is projected along z: one vertex serves both sides, without a seam. */
static enum kn_err take_mesh(struct mesh *mesh, struct model *out)
{
	out->uv = malloc(mesh->verts * sizeof(*out->uv));
	out->index = malloc(mesh->tris * 3 * sizeof(*out->index));
	if (!out->uv || !out->index)
		return KN_ERR_NOMEM;
	for (size_t v = 0; v < mesh->verts; v++) {
		out->uv[v][0] = mesh->pos[v].x;
		out->uv[v][1] = 1 - mesh->pos[v].y;
	}
	memcpy(out->index, mesh->tri, mesh->tris * sizeof(*mesh->tri));
	out->indices = mesh->tris * 3;
	out->verts = mesh->verts;
	out->pos = mesh->pos; /* theirs now */
	out->normal = mesh->normal;
	mesh->pos = mesh->normal = NULL;
	return KN_OK;
}

enum kn_err silhouette_inflate(cairo_surface_t *picture, const struct silhouette_opts *opts,
			       struct model *out, bool *cut)
{
	struct mesh mesh = {0};
	struct body *b = calloc(1, sizeof(*b));
	memset(out, 0, sizeof(*out));
	cairo_surface_flush(picture);
	enum kn_err err = b ? cutout_make(picture, &b->cut, cut) : KN_ERR_NOMEM;
	if (err)
		goto out;
	if (!*cut)
		make_plaque(b);
	raise_body(b);
	const struct mesh_source source = {body_distance, b, v3(0, 0, -b->thick * 1.05f),
					   v3(1, 1, b->thick * 1.05f), 2.0f};
	err = mesh_polygonise(&source, opts->triangles, &mesh);
	if (!err)
		err = take_mesh(&mesh, out);
	if (!err)
		err = make_texture(picture, b, opts->texture_side, &out->base);
	out->rough = 0.65f;
out:
	free(b);
	mesh_free(&mesh);
	if (err)
		model_free(out);
	return err;
}
