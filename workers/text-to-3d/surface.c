#include "surface.h"

#include "sdf.h"

static float channel_linear(uint32_t byte)
{
	float c = (float)(byte & 255) / 255.0f;
	return c <= 0.04045f ? c / 12.92f : powf((c + 0.055f) / 1.055f, 2.4f);
}

struct vec3 colour_linear(uint32_t srgb)
{
	return v3(channel_linear(srgb >> 16), channel_linear(srgb >> 8), channel_linear(srgb));
}

uint8_t colour_byte(float linear)
{
	float c = clampf(linear, 0, 1);
	c = c <= 0.0031308f ? c * 12.92f : 1.055f * powf(c, 1 / 2.4f) - 0.055f;
	return (uint8_t)(c * 255.0f + 0.5f);
}

/* 1 on a line of half width w around whole numbers, 0 away from it. */
static float line(float x, float w)
{
	return 1 - smoothstepf(w * 0.7f, w * 1.3f, fabsf(x - roundf(x)));
}

/* Flat coordinates on a wall: around it, and up. Roofs and floors use x and z. */
static void wall(struct vec3 p, struct vec3 n, float *u, float *v)
{
	*u = fabsf(n.x) > fabsf(n.z) ? p.z : p.x;
	*v = p.y;
	if (fabsf(n.y) > 0.8f) {
		*u = p.x;
		*v = p.z;
	}
}

static float clouds(struct vec3 q)
{
	float f = noise3(q) * 0.55f + noise3(v3_scale(q, 2.1f)) * 0.3f +
		  noise3(v3_scale(q, 4.3f)) * 0.2f;
	return smoothstepf(-0.45f, 0.55f, f);
}

static float spots(struct vec3 q)
{
	struct vec3 c = v3(floorf(q.x + 0.5f), floorf(q.y + 0.5f), floorf(q.z + 0.5f));
	float r = 0.25f + 0.2f * noise_cell((int)c.x, (int)c.y, (int)c.z);
	return 1 - smoothstepf(r - 0.06f, r, v3_length(v3_sub(q, c)));
}

static float panels(struct vec3 q, struct vec3 n)
{
	float u, v;
	wall(q, n, &u, &v);
	float row = floorf(v);
	u += 0.37f * row;
	float shade = 0.18f * noise_cell((int)floorf(u), (int)row, 3);
	return fmaxf(shade, 0.85f * fmaxf(line(u, 0.035f), line(v, 0.035f)));
}

static float bricks(struct vec3 q, struct vec3 n)
{
	float u, v;
	wall(q, n, &u, &v);
	v *= 2;
	float row = floorf(v);
	u += row * 0.5f;
	float tint = 0.3f * noise_cell((int)floorf(u), (int)row, 7);
	return fmaxf(tint, fmaxf(line(u, 0.06f), line(v, 0.09f)));
}

static float windows(struct vec3 q, struct vec3 n)
{
	if (fabsf(n.y) > 0.6f)
		return 0;
	float u, v;
	wall(q, n, &u, &v);
	float x = fabsf(u - floorf(u) - 0.5f), y = fabsf(v - floorf(v) - 0.5f);
	return (1 - smoothstepf(0.24f, 0.27f, x)) * (1 - smoothstepf(0.3f, 0.33f, y));
}

static float tiles(struct vec3 q)
{
	float v = q.y * 2.2f, row = floorf(v);
	float u = atan2f(q.z, q.x) * 3.0f + row * 0.5f + q.x * 0.001f;
	float dy = v - row, dx = fabsf(u - floorf(u) - 0.5f);
	return (1 - smoothstepf(0.0f, 0.35f, dy)) * 0.75f + smoothstepf(0.38f, 0.5f, dx) * 0.3f;
}

/* Seams of a geodesic dome: the same folded distance on all sides of a sphere. */
static float hexes(struct vec3 q)
{
	struct vec3 d = v3_unit(q);
	float lat = asinf(clampf(d.y, -1, 1)) * 4.6f, row = floorf(lat);
	float n = fmaxf(3, roundf(20 * cosf((row + 0.5f) / 4.6f)));
	float lon = (atan2f(d.z, d.x) / 6.2831853f + 0.5f) * n;
	float t = lat - row, u = lon + t * 0.5f, w = lon - t * 0.5f;
	return fmaxf(line(lat, 0.05f), fmaxf(line(u, 0.045f), line(w, 0.045f)));
}

static float pattern_at(enum pattern pattern, struct vec3 q, struct vec3 n)
{
	float warp;
	switch (pattern) {
	case PLAIN:
		return 0;
	case MOTTLED:
		return clouds(q) * 0.8f;
	case STRIPES:
		warp = noise3(v3_scale(q, 0.8f)) * 0.7f;
		return smoothstepf(0.25f, 0.45f, sinf((q.z + q.y * 0.35f + warp) * 6.2831853f));
	case SPOTS:
		return spots(q);
	case GRAIN:
		warp = hypotf(q.x, q.z) * 3 + noise3(v3(q.x * 2, q.y * 0.35f, q.z * 2)) * 1.3f;
		return 0.25f + 0.75f * smoothstepf(0.1f, 0.9f, warp - floorf(warp)) * 0.8f;
	case VEINS:
		warp = fabsf(noise3(q) + 0.5f * noise3(v3_scale(q, 2.3f)));
		return (1 - smoothstepf(0.0f, 0.13f, warp)) * 0.8f + 0.15f * clouds(q);
	case PANELS:
		return panels(q, n);
	case BRICKS:
		return bricks(q, n);
	case WINDOWS:
		return windows(q, n);
	case TILES:
		return tiles(q);
	case HEXES:
		return hexes(q);
	case BANDS:
		warp = q.y * 2 + 0.5f * noise3(v3(q.x, q.y * 3, q.z)) +
		       noise3(v3(0, q.y * 1.7f, 0));
		return smoothstepf(-0.5f, 0.5f, sinf(warp * 3.1f));
	case LANDS:
		warp = noise3(q) + 0.5f * noise3(v3_scale(q, 2)) +
		       0.25f * noise3(v3_scale(q, 4.1f));
		return smoothstepf(0.05f, 0.12f, warp);
	case CHECKS:
		return (float)(((int)floorf(q.x) + (int)floorf(q.y) + (int)floorf(q.z)) & 1);
	case SEAMS:
		return 1 - smoothstepf(0.0f, 0.5f, fabsf(sinf(atan2f(q.z, q.x) * 5)));
	}
	return 0;
}

struct surface surface_at(const struct paint *paint, struct vec3 p, struct vec3 n)
{
	struct surface s = {colour_linear(paint->srgb), paint->metal, paint->rough, paint->glow};
	if (paint->pattern == PLAIN)
		return s;
	float size = paint->size > 0 ? paint->size : 1.0f / 6;
	float t = pattern_at(paint->pattern, v3_scale(p, 1 / size), n);
	s.colour = v3_mix(s.colour, colour_linear(paint->second), t);
	if (paint->pattern == WINDOWS) {
		s.rough += (0.15f - s.rough) * t;
		s.glow += (0.5f - s.glow) * t;
	}
	return s;
}
