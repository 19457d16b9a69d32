/* Subjects on grounds as photographs have them: light that falls off, grain, soft shadows. */
#include "workers/text-to-3d/cutout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 400 };

struct scene {
	struct vec3 ground, subject;
	float falloff; /* of the light towards the corners */
	float grain;
	float shadow;  /* how dark it is below the subject */
	float x, y, r; /* the subject: a disc, a dark belt around it */
	float horizon; /* where another ground begins; 1: none */
};

/* The same numbers each time. */
static float random_float(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return (float)(*state >> 8) / (float)(1 << 24) - 0.5f;
}

static bool is_in(const struct scene *s, float u, float v)
{
	return s->r > 0 && hypotf(u - s->x, v - s->y) < s->r;
}

static struct vec3 colour_at(const struct scene *s, float u, float v)
{
	float far = hypotf(u - 0.5f, v - 0.5f),
	      under = hypotf((u - s->x) / 1.1f, (v - s->y - s->r) * 5) / fmaxf(s->r, 0.01f);
	struct vec3 c = v < s->horizon ? s->ground : v3(0.45f, 0.3f, 0.2f);

	if (is_in(s, u, v))
		return fabsf(v - s->y) < s->r / 8
			       ? v3(0.15f, 0.15f, 0.2f)
			       : v3_scale(s->subject, 1 - 0.2f * fabsf(u - s->x));
	c = v3_scale(c, 1 - s->falloff * far * far);
	return v3_scale(c, 1 - s->shadow * (1 - smoothstepf(0.2f, 1.2f, under)));
}

static uint32_t byte_of(float x)
{
	return (uint32_t)(clampf(x, 0, 1) * 255 + 0.5f);
}

static cairo_surface_t *draw(const struct scene *s)
{
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, SIDE, SIDE);
	uint32_t state = 1, *row;

	cairo_surface_flush(surface);
	for (int y = 0; y < SIDE; y++) {
		row = (uint32_t *)(void *)(cairo_image_surface_get_data(surface) +
					   y * cairo_image_surface_get_stride(surface));
		for (int x = 0; x < SIDE; x++) {
			struct vec3 c =
				colour_at(s, ((float)x + 0.5f) / SIDE, ((float)y + 0.5f) / SIDE);
			float grain = s->grain * random_float(&state);

			row[x] = 0xff000000 | byte_of(c.x + grain) << 16 |
				 byte_of(c.y + grain) << 8 | byte_of(c.z + grain);
		}
	}
	cairo_surface_mark_dirty(surface);
	return surface;
}

/* Cells that are both subject and cut out, of those that are either. */
static float agreement(const struct scene *s, bool *found)
{
	cairo_surface_t *picture = draw(s);
	struct cutout *cut = calloc(1, sizeof(*cut));
	int both = 0, either = 0;

	assert_int_equal(cutout_make(picture, cut, found), KN_OK);
	for (int i = 0; i < CUTOUT_GRID * CUTOUT_GRID; i++) {
		int x = i % CUTOUT_GRID, y = i / CUTOUT_GRID;
		bool subject =
			is_in(s, ((float)x + 0.5f) / CUTOUT_GRID, ((float)y + 0.5f) / CUTOUT_GRID);

		both += subject && !cut->ground[y][x];
		either += subject || !cut->ground[y][x];
	}
	free(cut);
	cairo_surface_destroy(picture);
	return either > 0 ? (float)both / (float)either : 0;
}

static const struct vec3 white = {0.96f, 0.95f, 0.94f}, grey = {0.8f, 0.81f, 0.82f},
			 red = {0.7f, 0.15f, 0.1f}, night = {0.1f, 0.11f, 0.13f};

static void test_subjects_are_cut_out(void **state)
{
	const struct scene scenes[] = {
		{.ground = white, .subject = red, .x = 0.5f, .y = 0.5f, .r = 0.3f, .horizon = 1},
		{.ground = white,
		 .subject = red,
		 .x = 0.5f,
		 .y = 0.5f,
		 .r = 0.3f,
		 .horizon = 1,
		 .grain = 0.12f,
		 .falloff = 0.5f,
		 .shadow = 0.4f},
		/* White on grey: less contrast than the fall of the light. */
		{.ground = grey,
		 .subject = white,
		 .x = 0.45f,
		 .y = 0.5f,
		 .r = 0.25f,
		 .horizon = 1,
		 .grain = 0.06f,
		 .falloff = 0.4f,
		 .shadow = 0.3f},
		{.ground = night,
		 .subject = grey,
		 .x = 0.5f,
		 .y = 0.5f,
		 .r = 0.2f,
		 .horizon = 1,
		 .grain = 0.05f},
		/* On a table before a wall. */
		{.ground = grey,
		 .subject = red,
		 .x = 0.5f,
		 .y = 0.55f,
		 .r = 0.3f,
		 .horizon = 0.6f,
		 .grain = 0.05f},
		/* Cut off by the picture's edge. */
		{.ground = grey,
		 .subject = red,
		 .x = 0.5f,
		 .y = 0.85f,
		 .r = 0.3f,
		 .horizon = 1,
		 .grain = 0.05f},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		bool found;
		float agree = agreement(&scenes[i], &found);

		if (!found || agree < 0.93f)
			fail_msg("scene %zu: found %d, agreement %.3f", i, found, (double)agree);
	}
}

static void test_nothing_to_cut(void **state)
{
	const struct scene scenes[] = {
		{.ground = grey, .horizon = 1},
		{.ground = grey, .horizon = 1, .grain = 0.3f, .falloff = 0.5f},
		{.ground = grey, .horizon = 0.5f, .grain = 0.1f},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		bool found;

		agreement(&scenes[i], &found);
		if (found)
			fail_msg("scene %zu has no subject", i);
	}
}

/* Neither square nor opaque, down to a single pixel. */
static void test_odd_pictures(void **state)
{
	static const int sizes[][2] = {{1, 1}, {1, 300}, {300, 1}, {7, 5}, {1024, 2}};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		cairo_surface_t *picture =
			cairo_image_surface_create(CAIRO_FORMAT_ARGB32, sizes[i][0], sizes[i][1]);
		struct cutout *cut = calloc(1, sizeof(*cut));
		bool found;

		assert_int_equal(cutout_make(picture, cut, &found), KN_OK);
		assert_false(found);
		free(cut);
		cairo_surface_destroy(picture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subjects_are_cut_out),
		cmocka_unit_test(test_nothing_to_cut),
		cmocka_unit_test(test_odd_pictures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
