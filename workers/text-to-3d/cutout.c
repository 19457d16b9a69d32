#include "cutout.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	GRID = CUTOUT_GRID,
	RIM = 2,
	SAMPLES = 3, /* of a cell, squared */
	BAND = 6,    /* cells that an edge is the mean of: inwards … */
	ALONG = 1,   /* … and to both sides */
	TERMS = 6,
	FITS = 5,
	GAP = 2 /* ground does not pass through gaps of twice that */
};

#define OPPOSITE_MAX 0.25f /* edges that differ more have no ground in common */
#define SHADOW_MIN 0.3f
#define SHADOW_TINT 0.06f
#define SHADOW_STEP 0.045f /* from cell to cell: soft ones only */
#define PIECE_MIN 0.03f   /* of the largest piece */

/* What the ground should look like: as between two opposite edges, or as a smooth surface. */
struct ground {
	struct vec3 left[GRID], right[GRID], top[GRID], bottom[GRID];
	struct vec3 surface[TERMS]; /* of a quadratic in x and y */
	float tolerance;
};

static struct vec3 pixel(const unsigned char *data, int stride, int x, int y)
{
	uint32_t argb;
	memcpy(&argb, data + (size_t)y * (size_t)stride + (size_t)x * 4, sizeof(argb));
	float a = (float)(argb >> 24) / 255, paper = 1 - a; /* premultiplied, over white */
	return v3((float)(argb >> 16 & 255) / 255 + paper, (float)(argb >> 8 & 255) / 255 + paper,
		  (float)(argb & 255) / 255 + paper);
}

struct vec3 cutout_sample(cairo_surface_t *s, float u, float v)
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

static void take_colours(cairo_surface_t *picture, struct cutout *c)
{
	for (int i = 0; i < GRID * GRID; i++) {
		struct vec3 sum = v3(0, 0, 0);
		for (int k = 0; k < SAMPLES * SAMPLES; k++) {
			float x = (float)(i % GRID) + ((float)(k % SAMPLES) + 0.5f) / SAMPLES;
			float y = (float)(i / GRID) + ((float)(k / SAMPLES) + 0.5f) / SAMPLES;
			sum = v3_add(sum, cutout_sample(picture, x / GRID, y / GRID));
		}
		c->colour[i / GRID][i % GRID] = v3_scale(sum, 1.0f / (SAMPLES * SAMPLES));
	}
}

/* Grain goes, edges stay. */
static void smooth(struct cutout *c, struct vec3 (*scratch)[GRID])
{
	memcpy(scratch, c->colour, sizeof(c->colour));
	for (int y = 1; y < GRID - 1; y++)
		for (int x = 1; x < GRID - 1; x++) {
			struct vec3 sum = v3_scale(scratch[y][x], 4);
			sum = v3_add(sum, v3_add(scratch[y - 1][x], scratch[y + 1][x]));
			sum = v3_add(sum, v3_add(scratch[y][x - 1], scratch[y][x + 1]));
			c->colour[y][x] = v3_scale(sum, 1.0f / 8);
		}
}

static float difference(struct vec3 a, struct vec3 b)
{
	struct vec3 d = v3_sub(a, b);
	return fmaxf(fabsf(d.x), fmaxf(fabsf(d.y), fabsf(d.z)));
}

/* --- what the ground should look like --- */

/* One edge: the means of a few cells inwards and along. (x, y) is its first cell. */
static void take_edge(const struct cutout *c, int x, int y, int dx, int dy, struct vec3 out[GRID])
{
	int in_x = x > 0 ? -dy : dy, in_y = y > 0 ? -dx : dx;
	for (int i = 0; i < GRID; i++) {
		struct vec3 sum = v3(0, 0, 0);
		int n = 0;
		for (int j = i - ALONG; j <= i + ALONG; j++)
			for (int k = 0; k < BAND && j >= 0 && j < GRID; k++, n++)
				sum = v3_add(
					sum,
					c->colour[y + dy * j + in_y * k][x + dx * j + in_x * k]);
		out[i] = v3_scale(sum, 1.0f / (float)n);
	}
}

/* How far the edges' own cells are from their means says how much grain there is. */
static void take_edges(const struct cutout *c, struct ground *g)
{
	float sum = 0;
	take_edge(c, 0, 0, 0, 1, g->left);
	take_edge(c, GRID - 1, 0, 0, 1, g->right);
	take_edge(c, 0, 0, 1, 0, g->top);
	take_edge(c, 0, GRID - 1, 1, 0, g->bottom);
	for (int i = 0; i < GRID; i++)
		sum += difference(c->colour[i][0], g->left[i]) +
		       difference(c->colour[i][GRID - 1], g->right[i]) +
		       difference(c->colour[0][i], g->top[i]) +
		       difference(c->colour[GRID - 1][i], g->bottom[i]);
	g->tolerance = clampf(0.02f + 3 * sum / (4 * GRID), 0.025f, 0.15f);
}

static void terms_at(int x, int y, float out[TERMS])
{
	float u = 2 * (float)x / (GRID - 1) - 1, v = 2 * (float)y / (GRID - 1) - 1;
	const float terms[TERMS] = {1, u, v, u * u, u * v, v * v};
	memcpy(out, terms, sizeof(terms));
}

static struct vec3 surface_at(const struct ground *g, int x, int y)
{
	float terms[TERMS];
	struct vec3 sum = v3(0, 0, 0);
	terms_at(x, y, terms);
	for (int i = 0; i < TERMS; i++)
		sum = v3_madd(sum, g->surface[i], terms[i]);
	return sum;
}

/* Solves the normal equations by elimination; the matrix is positive definite. */
static void solve(float m[TERMS][TERMS], struct vec3 right[TERMS], struct vec3 out[TERMS])
{
	for (int i = 0; i < TERMS; i++)
		for (int j = i + 1; j < TERMS; j++) {
			float k = m[j][i] / m[i][i];
			for (int n = i; n < TERMS; n++)
				m[j][n] -= k * m[i][n];
			right[j] = v3_madd(right[j], right[i], -k);
		}
	for (int i = TERMS - 1; i >= 0; i--) {
		struct vec3 sum = right[i];
		for (int n = i + 1; n < TERMS; n++)
			sum = v3_madd(sum, out[n], -m[i][n]);
		out[i] = v3_scale(sum, 1 / m[i][i]);
	}
}

/* Least squares over what is near the edge at first, then over all that is like it. */
static void fit_surface(const struct cutout *c, struct ground *g)
{
	for (int fit = 0; fit < FITS; fit++) {
		float m[TERMS][TERMS] = {{0}}, terms[TERMS];
		struct vec3 right[TERMS] = {{0, 0, 0}};
		for (int i = 0; i < GRID * GRID; i++) {
			int x = i % GRID, y = i / GRID;
			bool edge = x < BAND || y < BAND || x >= GRID - BAND || y >= GRID - BAND;
			if (!edge && (fit == 0 || difference(c->colour[y][x], surface_at(g, x, y)) >
							  2 * g->tolerance))
				continue;
			terms_at(x, y, terms);
			for (int j = 0; j < TERMS; j++) {
				for (int n = 0; n < TERMS; n++)
					m[j][n] += terms[j] * terms[n];
				right[j] = v3_madd(right[j], c->colour[y][x], terms[j]);
			}
		}
		solve(m, right, g->surface);
	}
}

/* --- where it looks like that --- */

/* Takes the expected colour if it is nearer than what was expected before. */
static void expect(struct vec3 ground, struct vec3 colour, struct vec3 *best, float *differs)
{
	float d = difference(colour, ground);
	if (d >= *differs)
		return;
	*differs = d;
	*best = ground;
}

static void expect_between(struct vec3 a, struct vec3 b, int at, struct vec3 colour,
			   struct vec3 *best, float *differs)
{
	if (difference(a, b) < OPPOSITE_MAX)
		expect(v3_mix(a, b, (float)at / (GRID - 1)), colour, best, differs);
}

/* The ground's own colour darkened, and not much else. */
static bool is_shadow(struct vec3 colour, struct vec3 ground)
{
	float k = v3_dot(colour, ground) / fmaxf(v3_dot(ground, ground), 1e-6f);
	return k > SHADOW_MIN && k < 1 && difference(colour, v3_scale(ground, k)) < SHADOW_TINT;
}

static bool is_soft(const struct cutout *c, int x, int y)
{
	struct vec3 here = c->colour[y][x];
	return x > 0 && y > 0 && x < GRID - 1 && y < GRID - 1 &&
	       difference(here, c->colour[y][x - 1]) < SHADOW_STEP &&
	       difference(here, c->colour[y][x + 1]) < SHADOW_STEP &&
	       difference(here, c->colour[y - 1][x]) < SHADOW_STEP &&
	       difference(here, c->colour[y + 1][x]) < SHADOW_STEP;
}

static bool is_like_ground(const struct cutout *c, const struct ground *g, int x, int y)
{
	struct vec3 colour = c->colour[y][x], ground = v3(0, 0, 0);
	float differs = 1e9f;
	expect(surface_at(g, x, y), colour, &ground, &differs);
	expect_between(g->left[y], g->right[y], x, colour, &ground, &differs);
	expect_between(g->top[x], g->bottom[x], y, colour, &ground, &differs);
	return differs < g->tolerance || (is_soft(c, x, y) && is_shadow(colour, ground));
}

/* Whether all cells around are `like`; beyond the edge they are. */
static bool is_wide(bool (*like)[GRID], int x, int y)
{
	for (int ny = y - GAP; ny <= y + GAP; ny++)
		for (int nx = x - GAP; nx <= x + GAP; nx++)
			if (nx >= 0 && ny >= 0 && nx < GRID && ny < GRID && !like[ny][nx])
				return false;
	return true;
}

static void spread_to(struct cutout *c, bool (*like)[GRID], int x, int y)
{
	for (int ny = y - GAP; ny <= y + GAP; ny++)
		for (int nx = x - GAP; nx <= x + GAP; nx++)
			if (nx >= 0 && ny >= 0 && nx < GRID && ny < GRID && like[ny][nx])
				c->ground[ny][nx] = true;
}

/* Floods from the edges through what is like ground and wide enough. */
static enum kn_err find_ground(struct cutout *c, const struct ground *g)
{
	static const int dx[4] = {1, -1, 0, 0}, dy[4] = {0, 0, 1, -1};
	int *stack = malloc(sizeof(*stack) * GRID * GRID);
	bool(*like)[GRID] = malloc(sizeof(c->ground)), (*seen)[GRID] = calloc(GRID, sizeof(*seen));
	size_t depth = 0;
	enum kn_err err = stack && like && seen ? KN_OK : KN_ERR_NOMEM;
	memset(c->ground, 0, sizeof(c->ground));
	for (int i = 0; i < GRID * GRID && !err; i++)
		like[i / GRID][i % GRID] = is_like_ground(c, g, i % GRID, i / GRID);
	for (int i = 0; i < GRID * GRID && !err; i++) {
		int x = i % GRID, y = i / GRID;
		bool edge = x == 0 || y == 0 || x == GRID - 1 || y == GRID - 1;
		seen[y][x] = edge && is_wide(like, x, y);
		if (seen[y][x])
			stack[depth++] = i;
	}
	while (depth > 0) {
		int i = stack[--depth], x = i % GRID, y = i / GRID;
		spread_to(c, like, x, y);
		for (int k = 0; k < 4; k++) {
			int nx = x + dx[k], ny = y + dy[k];
			if (nx < 0 || ny < 0 || nx >= GRID || ny >= GRID || seen[ny][nx] ||
			    !is_wide(like, nx, ny))
				continue;
			seen[ny][nx] = true;
			stack[depth++] = ny * GRID + nx;
		}
	}
	free(stack);
	free(like);
	free(seen);
	return err;
}

/* --- what is left --- */

/* Nothing reaches the rim, and specks go: a cell needs company on both sides. */
static void tidy(struct cutout *c)
{
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
		}
}

/* Numbers the cells of the piece that `start` is of; returns how many there are. */
static size_t number_piece(const struct cutout *c, uint16_t *piece, int *stack, int start,
			   uint16_t number)
{
	static const int step[4] = {1, -1, GRID, -GRID}; /* the rim is ground: no step leaves */
	size_t depth = 0, n = 0;
	stack[depth++] = start;
	piece[start] = number;
	for (; depth > 0; n++) {
		int i = stack[--depth];
		for (int k = 0; k < 4; k++) {
			int next = i + step[k];
			if (piece[next] || c->ground[next / GRID][next % GRID])
				continue;
			piece[next] = number;
			stack[depth++] = next;
		}
	}
	return n;
}

/* Only the largest piece stays, and what is not much smaller. *subject: how many cells. */
static enum kn_err keep_large_pieces(struct cutout *c, size_t *subject)
{
	uint16_t *piece = calloc(GRID * GRID, sizeof(*piece)), n = 0;
	int *stack = malloc(sizeof(*stack) * GRID * GRID);
	size_t *size = calloc(GRID * GRID / 2 + 1, sizeof(*size)), largest = 0;
	enum kn_err err = piece && stack && size ? KN_OK : KN_ERR_NOMEM;
	*subject = 0;
	for (int i = 0; i < GRID * GRID && !err; i++) {
		if (piece[i] || c->ground[i / GRID][i % GRID])
			continue;
		n++;
		size[n] = number_piece(c, piece, stack, i, n);
		largest = size[n] > largest ? size[n] : largest;
	}
	for (int i = 0; i < GRID * GRID && !err; i++) {
		if (piece[i] && (float)size[piece[i]] < PIECE_MIN * (float)largest)
			c->ground[i / GRID][i % GRID] = true;
		*subject += !c->ground[i / GRID][i % GRID];
	}
	free(piece);
	free(stack);
	free(size);
	return err;
}

enum kn_err cutout_make(cairo_surface_t *picture, struct cutout *out, bool *found)
{
	struct ground *ground = malloc(sizeof(*ground));
	struct vec3(*scratch)[GRID] = malloc(sizeof(out->colour));
	size_t subject = 0;
	enum kn_err err = KN_ERR_NOMEM;
	if (!ground || !scratch)
		goto out;
	take_colours(picture, out);
	smooth(out, scratch);
	take_edges(out, ground);
	fit_surface(out, ground);
	err = find_ground(out, ground);
	if (err)
		goto out;
	tidy(out);
	err = keep_large_pieces(out, &subject);
	*found = subject > GRID * GRID / 100 && subject < GRID * GRID * 93 / 100;
out:
	free(ground);
	free(scratch);
	return err;
}
