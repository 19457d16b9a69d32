#include "workers/motion/warp.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The oval's half axes, of the picture's sides. */
static const double reach_x = 0.40, reach_y = 0.47;

struct pixels {
	const uint32_t *data;
	ptrdiff_t stride; /* in pixels */
	int width, height;
};

/* t of 256 parts of b, the rest of a. */
static uint32_t mix(uint32_t a, uint32_t b, uint32_t t)
{
	uint32_t rb = ((a & 0xff00ff) * (256 - t) + (b & 0xff00ff) * t) >> 8;
	uint32_t g = ((a & 0x00ff00) * (256 - t) + (b & 0x00ff00) * t) >> 8;

	return (rb & 0xff00ff) | (g & 0x00ff00);
}

static int clamp(int n, int max)
{
	return n < 0 ? 0 : n > max ? max : n;
}

static uint32_t sample(const struct pixels *from, double x, double y)
{
	int left = (int)floor(x), top = (int)floor(y);
	uint32_t tx = (uint32_t)((x - left) * 256), ty = (uint32_t)((y - top) * 256);
	int x0 = clamp(left, from->width - 1), x1 = clamp(left + 1, from->width - 1);
	const uint32_t *row0 = from->data + clamp(top, from->height - 1) * from->stride;
	const uint32_t *row1 = from->data + clamp(top + 1, from->height - 1) * from->stride;

	return mix(mix(row0[x0], row0[x1], tx), mix(row1[x0], row1[x1], tx), ty);
}

/* 1 in the middle, where the subject moves as one; 0 from the oval's edge on; smooth between. q:
 * the square of the distance, 1 at the edge. */
static double hold(double q)
{
	double s = fmin((1 - q) / 0.75, 1);

	return s <= 0 ? 0 : s * s * (3 - 2 * s);
}

static void warp_row(const struct pixels *from, uint32_t *to, int y, const struct warp *warp)
{
	double cx = from->width / 2.0, cy = from->height / 2.0;
	double v = (y - cy) / (reach_y * from->height), width = reach_x * from->width;
	double half = v * v < 1 ? width * sqrt(1 - v * v) : 0;
	int first = clamp((int)ceil(cx - half), from->width);
	int end = clamp((int)floor(cx + half) + 1, from->width);

	for (int x = first; x < end; x++) {
		double u = (x - cx) / width, f = hold(u * u + v * v);
		double grown = 1 + (warp->push - 1) * f;

		to[x] = sample(from, cx + (x - cx) / grown - warp->dx * f,
			       cy + (y - cy) / grown - warp->dy * f);
	}
}

bool warp_middle(cairo_surface_t *surface, const struct warp *warp)
{
	int width = cairo_image_surface_get_width(surface);
	int height = cairo_image_surface_get_height(surface);
	size_t stride = (size_t)cairo_image_surface_get_stride(surface);
	unsigned char *data = cairo_image_surface_get_data(surface);
	void *copy;
	struct pixels from;

	if (warp->dx == 0 && warp->dy == 0 && warp->push == 1)
		return true;
	copy = malloc(stride * (size_t)height);
	if (!copy)
		return false;
	cairo_surface_flush(surface);
	memcpy(copy, data, stride * (size_t)height);
	from = (struct pixels){copy, (ptrdiff_t)(stride / sizeof(uint32_t)), width, height};
	for (int y = 0; y < height; y++)
		warp_row(&from, (uint32_t *)(void *)(data + (size_t)y * stride), y, warp);
	cairo_surface_mark_dirty(surface);
	free(copy);
	return true;
}
