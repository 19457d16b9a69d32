#include "sdf.h"

static const float PI = 3.14159265f;

float sdf_join(float a, float b, float k)
{
	float h = k > 0 ? fmaxf(k - fabsf(a - b), 0) / k : 0;
	return fminf(a, b) - h * h * k * 0.25f;
}

static float length2(float x, float y)
{
	return sqrtf(x * x + y * y);
}

float noise_cell(int x, int y, int z)
{
	uint32_t h =
		(uint32_t)x * 0x8da6b343u ^ (uint32_t)y * 0xd8163841u ^ (uint32_t)z * 0xcb1ab31fu;
	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	h ^= h >> 12;
	h *= 0x297a2d39u;
	h ^= h >> 15;
	return (float)(h >> 8) / 16777216.0f;
}

float noise3(struct vec3 p)
{
	float fx = floorf(p.x), fy = floorf(p.y), fz = floorf(p.z);
	int x = (int)fx, y = (int)fy, z = (int)fz;
	float u = p.x - fx, v = p.y - fy, w = p.z - fz;
	u = u * u * (3 - 2 * u);
	v = v * v * (3 - 2 * v);
	w = w * w * (3 - 2 * w);
	float plane[2];
	for (int k = 0; k < 2; k++) {
		float a = noise_cell(x, y, z + k), b = noise_cell(x + 1, y, z + k);
		float c = noise_cell(x, y + 1, z + k), d = noise_cell(x + 1, y + 1, z + k);
		a += (b - a) * u;
		c += (d - c) * u;
		plane[k] = a + (c - a) * v;
	}
	return (plane[0] + (plane[1] - plane[0]) * w) * 2 - 1;
}

static float box(struct vec3 p, struct vec3 half, float round)
{
	struct vec3 q = v3(fabsf(p.x) - half.x + round, fabsf(p.y) - half.y + round,
			   fabsf(p.z) - half.z + round);
	float inner = fminf(fmaxf(q.x, fmaxf(q.y, q.z)), 0);
	return v3_length(v3_max(q, v3(0, 0, 0))) + inner - round;
}

static float ellipsoid(struct vec3 p, struct vec3 r)
{
	struct vec3 q = v3(p.x / r.x, p.y / r.y, p.z / r.z);
	float k0 = v3_length(q);
	float k1 = v3_length(v3(q.x / r.x, q.y / r.y, q.z / r.z));
	if (k1 < 1e-6f)
		return -fminf(r.x, fminf(r.y, r.z));
	/* Far from a flat one that says too little: its box says more. */
	return fmaxf(k0 * (k0 - 1) / k1, box(p, r, 0));
}

/* An extrusion of the flat distance d, `half` high along h, with rounded edges. */
static float extrude(float d, float h, float half, float round)
{
	float a = d + round, b = fabsf(h) - half + round;
	return fminf(fmaxf(a, b), 0) + length2(fmaxf(a, 0), fmaxf(b, 0)) - round;
}

static float cone(struct vec3 p, struct vec3 size, float round)
{
	float r1 = fmaxf(size.x - round, 0), r2 = fmaxf(size.z - round, 0), h = size.y - round;
	float qx = length2(p.x, p.z), qy = p.y;
	float k2x = r2 - r1, k2y = 2 * h;
	float cax = qx - fminf(qx, qy < 0 ? r1 : r2), cay = fabsf(qy) - h;
	float t = clampf(((r2 - qx) * k2x + (h - qy) * k2y) / (k2x * k2x + k2y * k2y), 0, 1);
	float cbx = qx - r2 + k2x * t, cby = qy - h + k2y * t;
	float s = cbx < 0 && cay < 0 ? -1 : 1;
	return s * sqrtf(fminf(cax * cax + cay * cay, cbx * cbx + cby * cby)) - round;
}

static float tube(struct vec3 p, struct vec3 a, struct vec3 b, float ra, float rb)
{
	struct vec3 ab = v3_sub(b, a), ap = v3_sub(p, a);
	float t = clampf(v3_dot(ap, ab) / fmaxf(v3_dot(ab, ab), 1e-9f), 0, 1);
	return v3_length(v3_madd(ap, ab, -t)) - (ra + (rb - ra) * t);
}

/* The nearest of a few points on the curve, refined by Newton's method. */
static float bend(struct vec3 p, const struct part *b)
{
	enum { SAMPLES = 5, STEPS = 2 };
	struct vec3 c1 = v3_scale(v3_sub(b->via, b->at), 2);
	struct vec3 c2 = v3_add(v3_sub(b->at, v3_scale(b->via, 2)), b->to);
	struct vec3 from = v3_sub(b->at, p);
	float best = 1e9f, t = 0;
	for (int i = 0; i <= SAMPLES; i++) {
		float k = (float)i / SAMPLES;
		struct vec3 off = v3_madd(v3_madd(from, c1, k), c2, k * k);
		float d = v3_dot(off, off);
		if (d < best) {
			best = d;
			t = k;
		}
	}
	for (int i = 0; i < STEPS; i++) {
		struct vec3 off = v3_madd(v3_madd(from, c1, t), c2, t * t);
		struct vec3 slope = v3_madd(c1, c2, 2 * t);
		float curve = v3_dot(slope, slope) + 2 * v3_dot(off, c2);
		if (curve > 1e-6f)
			t = clampf(t - v3_dot(off, slope) / curve, 0, 1);
	}
	struct vec3 off = v3_madd(v3_madd(from, c1, t), c2, t * t);
	return v3_length(off) - (b->size.x + (b->size.y - b->size.x) * t);
}

static float torus(struct vec3 p, struct vec3 size)
{
	float ring = length2(p.x, p.z) - size.x;
	float y = fmaxf(fabsf(p.y) - size.z, 0);
	return length2(ring, y) - size.y;
}

/* Folds (x, z) into the first of n equal sectors, centred on +x. */
static void sector(float *x, float *z, int n)
{
	float step = 2 * PI / (float)n, angle = atan2f(*z, *x), r = length2(*x, *z);
	angle -= step * roundf(angle / step);
	*x = r * cosf(angle);
	*z = r * sinf(angle);
}

static float prism(struct vec3 p, struct vec3 size, int sides, float round)
{
	float x = p.x, z = p.z;
	sector(&x, &z, sides);
	float inset = cosf(PI / (float)sides);
	float low = size.x * inset, high = size.z * inset;
	float slope = (low - high) / (2 * size.y);
	float wall = (x - (low + high) * 0.5f + p.y * slope) / sqrtf(1 + slope * slope);
	return extrude(wall, p.y, size.y, round);
}

static float star(struct vec3 p, const struct part *s, float round)
{
	float x = p.y, y = p.x; /* a point up */
	sector(&x, &y, s->sides);
	y = fabsf(y);
	float half = PI / (float)s->sides;
	float ax = s->size.x, bx = s->size.y * cosf(half), by = s->size.y * sinf(half);
	float ex = bx - ax, n = length2(ex, by);
	float side = (by * (x - ax) - ex * y) / n;
	return extrude(side, p.z,
		       s->size.z * clampf(1.15f - length2(p.x, p.y) / (ax * 1.6f), 0.2f, 1), round);
}

static float heart(struct vec3 p, struct vec3 size, float round)
{
	float s = size.x * 1.62f, x = fabsf(p.x) / s, y = p.y / s + 0.55f, d;
	if (x + y > 1) {
		d = length2(x - 0.25f, y - 0.75f) - 0.353553f;
	} else {
		float m = 0.5f * fmaxf(x + y, 0);
		d = sqrtf(fminf(x * x + (y - 1) * (y - 1), (x - m) * (x - m) + (y - m) * (y - m)));
		d *= x > y ? 1 : -1;
	}
	return extrude(d * s, p.z, size.z, round);
}

/* The signed distance to a closed outline in (radius, height). */
static float lathe(struct vec3 p, const struct profile *profile)
{
	float px = length2(p.x, p.z), py = p.y, best = 1e9f, sign = 1;
	for (size_t i = 0, j = profile->n - 1; i < profile->n; j = i++) {
		float ax = profile->points[i][0], ay = profile->points[i][1];
		float ex = profile->points[j][0] - ax, ey = profile->points[j][1] - ay;
		float wx = px - ax, wy = py - ay;
		float t = clampf((wx * ex + wy * ey) / fmaxf(ex * ex + ey * ey, 1e-12f), 0, 1);
		float dx = wx - ex * t, dy = wy - ey * t;
		/* The edge along the axis is no surface. */
		if (ax > 1e-5f || profile->points[j][0] > 1e-5f)
			best = fminf(best, dx * dx + dy * dy);
		bool above = py >= ay, below = py < profile->points[j][1];
		bool left = ex * wy > ey * wx;
		if ((above && below && left) || (!above && !below && !left))
			sign = -sign;
	}
	return sign * sqrtf(best);
}

float sdf_part(const struct part *part, struct vec3 p)
{
	float round = part->round > 0 || part->shape == SHAPE_BOX ? part->round : 0.01f;
	switch (part->shape) {
	case SHAPE_ELLIPSOID:
		return ellipsoid(p, part->size);
	case SHAPE_BOX:
		return box(p, part->size, round);
	case SHAPE_CONE:
		return cone(p, part->size, round);
	case SHAPE_TUBE:
		return tube(p, part->at, part->to, part->size.x, part->size.y);
	case SHAPE_BEND:
		return bend(p, part);
	case SHAPE_TORUS:
		return torus(p, part->size);
	case SHAPE_PRISM:
		return prism(p, part->size, part->sides, round);
	case SHAPE_STAR:
		return star(p, part, round);
	case SHAPE_HEART:
		return heart(p, part->size, round);
	case SHAPE_LATHE:
		return lathe(v3_scale(p, 1 / part->size.x), part->profile) * part->size.x -
		       part->round;
	}
	return 1e9f;
}
