#include "render.h"

#include "jpeg.h"

#include <stdlib.h>

enum { STEPS = 110, SHADOW_STEPS = 60, QUALITY = 92 };

struct light {
	struct vec3 to, colour;
};

struct studio {
	const struct scene *scene;
	const struct field *field;
	struct vec3 eye, right, up, ahead;
	float zoom;  /* picture plane's half width at distance 1 */
	float size;  /* of the scene */
	float floor; /* height of the ground */
	struct vec3 ground;
	struct light key, rim;
};

struct hit {
	float t;
	int solid; /* -1: the ground or nothing */
};

static void set_camera(struct studio *s)
{
	struct vec3 lo = s->scene->lo, hi = s->scene->hi, middle = v3_mix(lo, hi, 0.5f);
	const float turn = 0.56f, tilt = 0.29f;
	s->ahead = v3_scale(v3(sinf(turn) * cosf(tilt), sinf(tilt), cosf(turn) * cosf(tilt)), -1);
	s->right = v3_unit(v3_cross(s->ahead, v3(0, 1, 0)));
	s->up = v3_cross(s->right, s->ahead);
	s->size = v3_length(v3_sub(hi, lo));
	s->zoom = 0.26f;
	/* Back until all corners of the box are in the picture, with a margin. */
	float far = 0;
	for (int i = 0; i < 8; i++) {
		struct vec3 c = v3_sub(
			v3(i & 1 ? hi.x : lo.x, i & 2 ? hi.y : lo.y, i & 4 ? hi.z : lo.z), middle);
		/* Few things fill the corners of their box. */
		c = v3_mul(c, v3(0.87f, 1, 0.87f));
		float off = fmaxf(fabsf(v3_dot(c, s->right)), fabsf(v3_dot(c, s->up)));
		far = fmaxf(far, off * 1.12f / s->zoom - v3_dot(c, s->ahead));
	}
	s->eye = v3_madd(middle, s->ahead, -far);
	s->floor = lo.y;
	s->key = (struct light){v3_unit(v3(-0.55f, 0.95f, 0.75f)), v3(2.5f, 2.35f, 2.15f)};
	s->rim = (struct light){v3_unit(v3(0.75f, 0.55f, -0.8f)), v3(1.0f, 1.15f, 1.4f)};
}

/* Where the ray is inside the scene's box; false if it never is. */
static bool clip_to_box(const struct scene *scene, struct vec3 o, struct vec3 d, float *from,
			float *to)
{
	*from = 0;
	*to = 1e9f;
	for (int a = 0; a < 3; a++) {
		float inv = 1 / (fabsf(v3_axis(d, a)) > 1e-9f ? v3_axis(d, a) : 1e-9f);
		float t0 = (v3_axis(scene->lo, a) - 0.01f - v3_axis(o, a)) * inv;
		float t1 = (v3_axis(scene->hi, a) + 0.01f - v3_axis(o, a)) * inv;
		*from = fmaxf(*from, fminf(t0, t1));
		*to = fminf(*to, fmaxf(t0, t1));
	}
	return *from < *to;
}

static struct hit cast(const struct studio *s, struct vec3 o, struct vec3 d)
{
	struct hit miss = {d.y < -1e-6f ? (s->floor - o.y) / d.y : 1e9f, -1};
	float t, end;
	if (!clip_to_box(s->scene, o, d, &t, &end))
		return miss;
	end = fminf(end, miss.t);
	float pixel = s->size * 0.0004f;
	for (int i = 0; i < STEPS && t < end; i++) {
		struct vec3 p = v3_madd(o, d, t);
		float h = field_clearance(s->field, p);
		if (h < pixel)
			return (struct hit){t, field_solid(s->field, p)};
		t += fmaxf(h * 0.92f, pixel * 0.5f);
	}
	return miss;
}

/* 1 in the light, 0 in the shadow, between in its soft edge. */
static float lit(const struct studio *s, struct vec3 p, struct vec3 to)
{
	float t, end, light = 1;
	if (!clip_to_box(s->scene, p, to, &t, &end))
		return 1;
	t = fmaxf(t, s->size * 0.006f);
	for (int i = 0; i < SHADOW_STEPS && t < end; i++) {
		float h = field_clearance(s->field, v3_madd(p, to, t));
		light = fminf(light, 0.5f + 7 * h / t * 0.5f);
		if (light < 0.01f)
			return 0;
		t += clampf(h * 0.8f, s->size * 0.005f, s->size * 0.04f);
	}
	light = clampf(light, 0, 1);
	return light * light * (3 - 2 * light);
}

/* What a mirror would show: the room's gradient, two soft boxes. Rough ones blur it. */
static struct vec3 room(const struct studio *s, struct vec3 d, float rough)
{
	struct vec3 above = v3(0.82f, 0.88f, 0.96f), below = v3_scale(s->ground, 0.55f);
	float blur = 0.06f + rough * 0.8f;
	struct vec3 c = v3_mix(below, above, smoothstepf(-blur, blur, d.y));
	c = v3_scale(c, 0.55f + 0.25f * d.y);
	float power = 1.6f * (1 - rough * 0.8f);
	float box = smoothstepf(0.80f - blur * 0.6f, 0.86f + blur * 0.2f, v3_dot(d, s->key.to));
	float strip = smoothstepf(0.78f - blur * 0.6f, 0.9f + blur * 0.1f,
				  v3_dot(d, v3_unit(v3(0.9f, 0.25f, 0.45f))));
	return v3_add(c, v3_madd(v3_scale(v3(1, 0.97f, 0.92f), box * power), v3(0.8f, 0.9f, 1),
				 strip * power * 0.5f));
}

static struct vec3 specular(const struct surface *m, struct vec3 n, struct vec3 v,
			    const struct light *l)
{
	struct vec3 h = v3_unit(v3_add(v, l->to));
	float a = fmaxf(m->rough * m->rough, 0.02f), nh = fmaxf(v3_dot(n, h), 0);
	float k = nh * nh * (a * a - 1) + 1, d = a * a / (3.14159265f * k * k);
	return v3_scale(l->colour, fminf(d * 0.25f, 6));
}

static struct vec3 shade(const struct studio *s, struct vec3 p, struct vec3 view)
{
	struct vec3 n = field_normal(s->field, p, s->size * 0.0011f), v = v3_scale(view, -1);
	if (v3_dot(n, v) < 0)
		n = v3_unit(v3_madd(n, v, -v3_dot(n, v)));
	struct surface m = field_surface(s->field, p, n);
	float open = field_openness(s->field, p, n, s->size * 0.07f);
	open *= 0.55f + 0.45f * smoothstepf(-0.02f, s->size * 0.12f,
					    p.y - s->floor + s->size * 0.05f * n.y);
	float key = fmaxf(v3_dot(n, s->key.to), 0), rim = fmaxf(v3_dot(n, s->rim.to), 0);
	if (key > 0)
		key *= lit(s, v3_madd(p, n, s->size * 0.002f), s->key.to);
	struct vec3 light = v3_scale(s->key.colour, key);
	light = v3_madd(light, s->rim.colour, rim * open * 0.7f);
	struct vec3 sky =
		v3_mix(v3_scale(s->ground, 0.42f), v3(0.62f, 0.68f, 0.78f), 0.5f + 0.5f * n.y);
	light = v3_madd(light, sky, open);
	struct vec3 f0 = v3_mix(v3(0.04f, 0.04f, 0.04f), m.colour, m.metal);
	float grazing = powf(1 - clampf(v3_dot(n, v), 0, 1), 5) * (1 - m.rough * 0.7f);
	struct vec3 f = v3_mix(f0, v3(1, 1, 1), grazing);
	struct vec3 r = v3_sub(view, v3_scale(n, 2 * v3_dot(view, n)));
	struct vec3 shine = v3_scale(room(s, r, m.rough), open * (1.15f - 0.4f * m.rough));
	shine = v3_madd(shine, specular(&m, n, v, &s->key), key);
	shine = v3_madd(shine, specular(&m, n, v, &s->rim), rim * 0.5f);
	struct vec3 c = v3_mul(v3_scale(m.colour, (1 - m.metal) * 0.62f), light);
	c = v3_add(c, v3_mul(f, shine));
	return v3_madd(c, m.colour, m.glow * 2.2f);
}

/* The sweep: lighter where the lamp points, darker to the corners, with the subject's shadow. */
static struct vec3 paper(const struct studio *s, struct vec3 o, struct vec3 d, float t, float u,
			 float v)
{
	float fall = 1 - 0.22f * smoothstepf(0.2f, 1.45f, hypotf(u * 0.9f, v + 0.05f));
	struct vec3 back = v3_scale(s->ground, fall);
	float far = s->size * 6;
	if (t > far)
		return back;
	struct vec3 p = v3_madd(o, d, t);
	float shadow = 0.5f + 0.5f * lit(s, p, s->key.to);
	float reach = s->size * 0.16f, open = 1;
	if (p.x > s->scene->lo.x - reach && p.x < s->scene->hi.x + reach &&
	    p.z > s->scene->lo.z - reach && p.z < s->scene->hi.z + reach)
		open = field_openness(s->field, p, v3(0, 1, 0), reach);
	float near = 1 - smoothstepf(far * 0.4f, far, t);
	float k = 1 - near * (1 - shadow * (0.45f + 0.55f * open));
	return v3_scale(back, k);
}

static struct vec3 ray(const struct studio *s, float u, float v, struct hit *hit)
{
	struct vec3 d =
		v3_unit(v3_madd(v3_madd(s->ahead, s->right, u * s->zoom), s->up, v * s->zoom));
	*hit = cast(s, s->eye, d);
	if (hit->solid < 0)
		return paper(s, s->eye, d, hit->t, u, v);
	return shade(s, v3_madd(s->eye, d, hit->t), d);
}

static struct vec3 develop(struct vec3 c)
{
	float rgb[3] = {c.x, c.y, c.z};
	for (int i = 0; i < 3; i++) {
		/* Filmic shoulder; keeps middle tones where they are. */
		float x = fmaxf(rgb[i], 0) * 0.82f;
		rgb[i] = x * (2.51f * x + 0.03f) / (x * (2.43f * x + 0.59f) + 0.14f);
	}
	return v3(rgb[0], rgb[1], rgb[2]);
}

static bool edge(const struct hit *a, const struct hit *b, float size)
{
	return a->solid != b->solid || (a->solid >= 0 && fabsf(a->t - b->t) > size * 0.015f);
}

static struct vec3 refine(const struct studio *s, int x, int y, int side)
{
	struct vec3 sum = v3(0, 0, 0);
	for (int i = 0; i < 4; i++) {
		static const float dx[4] = {0.125f, 0.625f, 0.375f, 0.875f};
		struct hit hit;
		float u = ((float)x + dx[i]) * 2 / (float)side - 1;
		float v = 1 - ((float)y + 0.125f + 0.25f * (float)i) * 2 / (float)side;
		sum = v3_add(sum, develop(ray(s, u, v, &hit)));
	}
	return v3_scale(sum, 0.25f);
}

static void expose(const struct studio *s, const struct render_opts *opts, struct hit *hits,
		   unsigned char *rgb)
{
	int side = opts->side;
	struct vec3 *colour = malloc((size_t)side * (size_t)side * sizeof(*colour));
	for (int pass = 0; colour && pass < 2; pass++)
		for (int y = 0; y < side; y++) {
			for (int x = 0; x < side; x++) {
				size_t at = (size_t)y * (size_t)side + (size_t)x;
				struct hit *h = &hits[at];
				float u = ((float)x + 0.5f) * 2 / (float)side - 1;
				float v = 1 - ((float)y + 0.5f) * 2 / (float)side;
				if (pass == 0)
					colour[at] = develop(ray(s, u, v, h));
				else if (x > 0 && y > 0 && x < side - 1 && y < side - 1 &&
					 (edge(h, h - 1, s->size) || edge(h, h + 1, s->size) ||
					  edge(h, h - side, s->size) || edge(h, h + side, s->size)))
					colour[at] = refine(s, x, y, side);
				rgb[at * 3] = colour_byte(colour[at].x);
				rgb[at * 3 + 1] = colour_byte(colour[at].y);
				rgb[at * 3 + 2] = colour_byte(colour[at].z);
			}
			if (opts->progress && y % 64 == 0)
				opts->progress(((float)pass * 3 + (float)y / (float)side) /
					       (pass ? 4 : 1.34f));
		}
	free(colour);
}

enum kn_err render_scene(const struct scene *scene, const struct field *field,
			 const struct render_opts *opts, struct blob *out)
{
	size_t pixels = (size_t)opts->side * (size_t)opts->side;
	struct studio s = {.scene = scene, .field = field, .ground = opts->ground};
	struct hit *hits = malloc(pixels * sizeof(*hits));
	unsigned char *rgb = malloc(pixels * 3);
	enum kn_err err = KN_ERR_NOMEM;
	if (hits && rgb) {
		set_camera(&s);
		expose(&s, opts, hits, rgb);
		err = jpeg_encode(rgb, opts->side, opts->side, QUALITY, out);
	}
	free(hits);
	free(rgb);
	return err;
}
