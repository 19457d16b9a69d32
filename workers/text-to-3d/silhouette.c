#include "silhouette.h"

#include "jpeg.h"

#include <stdlib.h>
#include <string.h>

enum { GRID = 200, RIM = 2, TEXTURE_QUALITY = 90, SPREAD_ROUNDS = 24 };

/* The picture on a square grid, the subject's mask, and how high the body rises there. */
struct cutout {
	struct vec3 colour[GRID][GRID]; /* sRGB, 0..1 */
	bool ground[GRID][GRID];
	float depth[GRID][GRID];  /* cells to the outline: positive in the subject */
	float square[GRID][GRID]; /* the height's square, in units of the picture's side; negative
				     outside */
	float thick;
};

static struct vec3 pixel(const unsigned char *data, int stride, int x, int y)
{
	uint32_t argb;
	memcpy(&argb, data + (size_t)y * (size_t)stride + (size_t)x * 4, sizeof(argb));
	float a = (float)(argb >> 24) / 255, paper = 1 - a; /* premultiplied, over white */
	return v3((float)(argb >> 16 & 255) / 255 + paper, (float)(argb >> 8 & 255) / 255 + paper,
		  (float)(argb & 255) / 255 + paper);
}

/* The picture's colour at 0..1 of a square that it is centred in; beyond its edge the edge goes on.
 */
static struct vec3 sample(cairo_surface_t *s, float u, float v)
{
	int w = cairo_image_surface_get_width(s), h = cairo_image_surface_get_height(s),
	    side = w > h ? w : h;
	float x = clampf(u * (float)side - (float)(side - w) * 0.5f - 0.5f, 0, (float)(w - 1));
	float y = clampf(v * (float)side - (float)(side - h) * 0.5f - 0.5f, 0, (float)(h - 1));
	int x0 = (int)x, y0 = (int)y, x1 = x0 + (x0 < w - 1), y1 = y0 + (y0 < h - 1);
	const unsigned char *d = cairo_image_surface_get_data(s);
	int stride = cairo_image_surface_get_stride(s);
	struct vec3 top = v3_mix(pixel(d, stride, x0, y0), pixel(d, stride, x1, y0), x - (float)x0);
	struct vec3 low = v3_mix(pixel(d, stride, x0, y1), pixel(d, stride, x1, y1), x - (float)x0);
	return v3_mix(top, low, y - (float)y0);
}

static float difference(struct vec3 a, struct vec3 b)
{
	struct vec3 d = v3_sub(a, b);
	return fmaxf(fabsf(d.x), fmaxf(fabsf(d.y), fabsf(d.z)));
}

static struct vec3 border_colour(const struct cutout *c)
{
	struct vec3 sum = v3(0, 0, 0);
	for (int i = 0; i < GRID; i++) {
		sum = v3_add(sum, v3_add(c->colour[0][i], c->colour[GRID - 1][i]));
		sum = v3_add(sum, v3_add(c->colour[i][0], c->colour[i][GRID - 1]));
	}
	return v3_scale(sum, 0.25f / GRID);
}

/* Floods from the border as long as colours change slowly and stay near the border's. */
static enum kn_err find_ground(struct cutout *c)
{
	static const int dx[4] = {1, -1, 0, 0}, dy[4] = {0, 0, 1, -1};
	int *stack = malloc(sizeof(*stack) * GRID * GRID);
	struct vec3 border = border_colour(c);
	size_t depth = 0;
	if (!stack)
		return KN_ERR_NOMEM;
	for (int i = 0; i < GRID * GRID; i++) {
		int x = i % GRID, y = i / GRID;
		bool edge = x == 0 || y == 0 || x == GRID - 1 || y == GRID - 1;
		if (edge && difference(c->colour[y][x], border) < 0.3f) {
			c->ground[y][x] = true;
			stack[depth++] = i;
		}
	}
	while (depth > 0) {
		int i = stack[--depth], x = i % GRID, y = i / GRID;
		for (int k = 0; k < 4; k++) {
			int nx = x + dx[k], ny = y + dy[k];
			if (nx < 0 || ny < 0 || nx >= GRID || ny >= GRID || c->ground[ny][nx])
				continue;
			if (difference(c->colour[ny][nx], c->colour[y][x]) > 0.055f ||
			    difference(c->colour[ny][nx], border) > 0.3f)
				continue;
			c->ground[ny][nx] = true;
			stack[depth++] = ny * GRID + nx;
		}
	}
	free(stack);
	return KN_OK;
}

/* Nothing reaches the rim, and specks go: a cell needs company on both sides. */
static size_t tidy(struct cutout *c)
{
	size_t subject = 0;
	for (int y = 0; y < GRID; y++)
		for (int x = 0; x < GRID; x++)
			if (x < RIM || y < RIM || x >= GRID - RIM || y >= GRID - RIM)
				c->ground[y][x] = true;
	for (int y = RIM; y < GRID - RIM; y++)
		for (int x = RIM; x < GRID - RIM; x++) {
			int around = 0;
			for (int k = 0; k < 9; k++)
				around += !c->ground[y + k / 3 - 1][x + k % 3 - 1];
			if (around <= 3)
				c->ground[y][x] = true;
			subject += !c->ground[y][x];
		}
	return subject;
}

static void make_plaque(struct cutout *c)
{
	for (int y = 0; y < GRID; y++)
		for (int x = 0; x < GRID; x++) {
			float half = GRID * 0.46f, round = GRID * 0.08f;
			float dx = fmaxf(fabsf((float)x - GRID * 0.5f) - half + round, 0);
			float dy = fmaxf(fabsf((float)y - GRID * 0.5f) - half + round, 0);
			c->ground[y][x] = hypotf(dx, dy) > round;
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
static void distances(const struct cutout *c, bool to_ground, float (*out)[GRID])
{
	float line[GRID];
	for (int y = 0; y < GRID; y++)
		for (int x = 0; x < GRID; x++)
			out[y][x] = c->ground[y][x] == to_ground ? 0 : 1e6f;
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

static void blur(float (*f)[GRID], float (*scratch)[GRID])
{
	for (int pass = 0; pass < 3; pass++) {
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
static void raise_body(struct cutout *c)
{
	float deepest = 0;
	distances(c, true, c->depth);
	distances(c, false, c->square);
	for (int i = 0; i < GRID * GRID; i++) {
		c->depth[i / GRID][i % GRID] -= c->square[i / GRID][i % GRID];
		deepest = fmaxf(deepest, c->depth[i / GRID][i % GRID]);
	}
	c->thick = fminf(deepest / GRID, 0.16f);
	for (int y = 0; y < GRID; y++)
		for (int x = 0; x < GRID; x++) {
			float d = c->depth[y][x] / GRID, k = fminf(d, c->thick);
			c->square[y][x] =
				d < 0 ? 2 * c->thick * fmaxf(d, -0.1f) : k * (2 * c->thick - k);
		}
	blur(c->square, c->depth);
	for (int y = 0; y < GRID; y++)
		for (int x = 0; x < GRID; x++)
			c->depth[y][x] = c->square[y][x] * GRID / (2 * c->thick);
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
	const struct cutout *c = ctx;
	return (p.z * p.z - bilinear(c->square, p.x, 1 - p.y)) / (2 * c->thick);
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

static enum kn_err make_texture(cairo_surface_t *picture, const struct cutout *c, int side,
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
		struct vec3 s = sample(picture, u, v);
		rgb[i * 3] = (unsigned char)(clampf(s.x, 0, 1) * 255 + 0.5f);
		rgb[i * 3 + 1] = (unsigned char)(clampf(s.y, 0, 1) * 255 + 0.5f);
		rgb[i * 3 + 2] = (unsigned char)(clampf(s.z, 0, 1) * 255 + 0.5f);
		done[i] = bilinear(c->depth, u, v) > 1.2f;
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

static enum kn_err cut_out(cairo_surface_t *picture, struct cutout *c, bool *cut)
{
	for (int i = 0; i < GRID * GRID; i++) {
		struct vec3 sum = v3(0, 0, 0);
		for (int k = 0; k < 9; k++)
			sum = v3_add(
				sum,
				sample(picture,
				       ((float)(i % GRID) + (float)(k % 3) / 3 + 0.17f) / GRID,
				       ((float)(i / GRID) + (float)(k / 3) / 3 + 0.17f) / GRID));
		c->colour[i / GRID][i % GRID] = v3_scale(sum, 1.0f / 9);
	}
	enum kn_err err = find_ground(c);
	size_t subject = err ? 0 : tidy(c);
	*cut = subject > GRID * GRID / 100 && subject < GRID * GRID * 93 / 100;
	if (!*cut)
		make_plaque(c);
	raise_body(c);
	return err;
}

enum kn_err silhouette_inflate(cairo_surface_t *picture, const struct silhouette_opts *opts,
			       struct model *out, bool *cut)
{
	struct mesh mesh = {0};
	struct cutout *c = calloc(1, sizeof(*c));
	memset(out, 0, sizeof(*out));
	cairo_surface_flush(picture);
	enum kn_err err = c ? cut_out(picture, c, cut) : KN_ERR_NOMEM;
	if (err)
		goto out;
	const struct mesh_source source = {body_distance, c, v3(0, 0, -c->thick * 1.05f),
					   v3(1, 1, c->thick * 1.05f), 2.0f};
	err = mesh_polygonise(&source, opts->triangles, &mesh);
	if (!err)
		err = take_mesh(&mesh, out);
	if (!err)
		err = make_texture(picture, c, opts->texture_side, &out->base);
	out->rough = 0.65f;
out:
	free(c);
	mesh_free(&mesh);
	if (err)
		model_free(out);
	return err;
}
