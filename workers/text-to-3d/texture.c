#include "texture.h"

#include "atlas.h"
#include "jpeg.h"

#include <stdlib.h>
#include <string.h>

enum { BASE_QUALITY = 90, SURFACE_QUALITY = 82 };

struct canvas {
	const struct field *field;
	const struct model *model;
	const float *open; /* per vertex */
	int side;
	unsigned char *base, *surface, *glow;
	uint8_t *state; /* 0: empty, 1: painted, n: filled in round n - 1 */
	bool glows;
};

static void put(unsigned char *rgb, float r, float g, float b)
{
	rgb[0] = (unsigned char)(clampf(r, 0, 1) * 255 + 0.5f);
	rgb[1] = (unsigned char)(clampf(g, 0, 1) * 255 + 0.5f);
	rgb[2] = (unsigned char)(clampf(b, 0, 1) * 255 + 0.5f);
}

static void paint_texel(struct canvas *c, const uint32_t *i, const float w[3], size_t at)
{
	const struct model *m = c->model;
	struct vec3 p = v3(0, 0, 0), n = v3(0, 0, 0);
	float open = 0;
	for (int k = 0; k < 3; k++) {
		p = v3_madd(p, m->pos[i[k]], w[k]);
		n = v3_madd(n, m->normal[i[k]], w[k]);
		open += c->open[i[k]] * w[k];
	}
	struct surface s = field_surface(c->field, p, v3_unit(n));
	/* A little of the shade goes into the colour: many viewers have no use for occlusion. */
	float shade = 0.75f + 0.25f * open;
	unsigned char *base = c->base + at * 3;
	base[0] = colour_byte(s.colour.x * shade);
	base[1] = colour_byte(s.colour.y * shade);
	base[2] = colour_byte(s.colour.z * shade);
	put(c->surface + at * 3, open, s.rough, s.metal);
	if (s.glow > 0) {
		unsigned char *glow = c->glow + at * 3;
		c->glows = true;
		glow[0] = colour_byte(s.colour.x * s.glow);
		glow[1] = colour_byte(s.colour.y * s.glow);
		glow[2] = colour_byte(s.colour.z * s.glow);
	}
	c->state[at] = 1;
}

static void paint_triangle(struct canvas *c, const uint32_t *i)
{
	float x[3], y[3];
	for (int k = 0; k < 3; k++) {
		x[k] = c->model->uv[i[k]][0] * (float)c->side - 0.5f;
		y[k] = c->model->uv[i[k]][1] * (float)c->side - 0.5f;
	}
	float area = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]);
	if (fabsf(area) < 1e-9f)
		return;
	int x0 = (int)ceilf(fminf(x[0], fminf(x[1], x[2]))),
	    x1 = (int)fmaxf(x[0], fmaxf(x[1], x[2]));
	int y0 = (int)ceilf(fminf(y[0], fminf(y[1], y[2]))),
	    y1 = (int)fmaxf(y[0], fmaxf(y[1], y[2]));
	for (int v = y0; v <= y1; v++)
		for (int u = x0; u <= x1; u++) {
			float w[3];
			w[1] = (((float)u - x[0]) * (y[2] - y[0]) -
				(x[2] - x[0]) * ((float)v - y[0])) /
			       area;
			w[2] = ((x[1] - x[0]) * ((float)v - y[0]) -
				((float)u - x[0]) * (y[1] - y[0])) /
			       area;
			w[0] = 1 - w[1] - w[2];
			size_t at = (size_t)v * (size_t)c->side + (size_t)u;
			if (w[0] > -1e-4f && w[1] > -1e-4f && w[2] > -1e-4f && !c->state[at])
				paint_texel(c, i, w, at);
		}
}

/* Carries colours into the gaps, one texel a round. */
static void fill_gaps(struct canvas *c)
{
	static const int dx[4] = {1, -1, 0, 0}, dy[4] = {0, 0, 1, -1};
	for (uint8_t round = 1; round <= ATLAS_GAP + 1; round++)
		for (int y = 0; y < c->side; y++)
			for (int x = 0; x < c->side; x++) {
				size_t at = (size_t)y * (size_t)c->side + (size_t)x;
				for (int k = 0; k < 4 && !c->state[at]; k++) {
					int nx = x + dx[k], ny = y + dy[k];
					if (nx < 0 || ny < 0 || nx >= c->side || ny >= c->side)
						continue;
					size_t from = (size_t)ny * (size_t)c->side + (size_t)nx;
					if (c->state[from] == 0 || c->state[from] > round)
						continue;
					memcpy(c->base + at * 3, c->base + from * 3, 3);
					memcpy(c->surface + at * 3, c->surface + from * 3, 3);
					memcpy(c->glow + at * 3, c->glow + from * 3, 3);
					c->state[at] = (uint8_t)(round + 1);
				}
			}
}

enum kn_err texture_paint(const struct field *field, int side, float reach, struct model *model)
{
	size_t texels = (size_t)side * (size_t)side;
	float *open = malloc(model->verts * sizeof(*open));
	struct canvas c = {.field = field, .model = model, .open = open, .side = side};
	c.base = malloc(texels * 3);
	c.surface = malloc(texels * 3);
	c.glow = calloc(texels, 3);
	c.state = calloc(texels, 1);
	enum kn_err err = KN_ERR_NOMEM;
	if (!open || !c.base || !c.surface || !c.glow || !c.state)
		goto out;
	memset(c.base, 128, texels * 3);
	memset(c.surface, 128, texels * 3);
	for (size_t v = 0; v < model->verts; v++)
		open[v] = field_openness(field, model->pos[v], model->normal[v], reach);
	for (size_t i = 0; i < model->indices; i += 3)
		paint_triangle(&c, model->index + i);
	fill_gaps(&c);
	err = jpeg_encode(c.base, side, side, BASE_QUALITY, &model->base);
	if (!err)
		err = jpeg_encode(c.surface, side, side, SURFACE_QUALITY, &model->surface);
	if (!err && c.glows)
		err = jpeg_encode(c.glow, side, side, SURFACE_QUALITY, &model->glow);
	model->rough = model->metal = 1;
out:
	free(open);
	free(c.base);
	free(c.surface);
	free(c.glow);
	free(c.state);
	return err;
}
