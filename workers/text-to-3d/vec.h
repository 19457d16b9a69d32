/* Points, directions and colours: three floats, by value. */
#ifndef T3D_VEC_H
#define T3D_VEC_H

#include <math.h>

struct vec3 {
	float x, y, z;
};

static inline struct vec3 v3(float x, float y, float z)
{
	return (struct vec3){x, y, z};
}

static inline struct vec3 v3_add(struct vec3 a, struct vec3 b)
{
	return v3(a.x + b.x, a.y + b.y, a.z + b.z);
}

static inline struct vec3 v3_sub(struct vec3 a, struct vec3 b)
{
	return v3(a.x - b.x, a.y - b.y, a.z - b.z);
}

static inline struct vec3 v3_mul(struct vec3 a, struct vec3 b)
{
	return v3(a.x * b.x, a.y * b.y, a.z * b.z);
}

static inline struct vec3 v3_scale(struct vec3 a, float s)
{
	return v3(a.x * s, a.y * s, a.z * s);
}

/* a + b·s */
static inline struct vec3 v3_madd(struct vec3 a, struct vec3 b, float s)
{
	return v3(a.x + b.x * s, a.y + b.y * s, a.z + b.z * s);
}

static inline struct vec3 v3_mix(struct vec3 a, struct vec3 b, float t)
{
	return v3_madd(a, v3_sub(b, a), t);
}

static inline float v3_dot(struct vec3 a, struct vec3 b)
{
	return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline struct vec3 v3_cross(struct vec3 a, struct vec3 b)
{
	return v3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}

static inline float v3_length(struct vec3 a)
{
	return sqrtf(v3_dot(a, a));
}

/* The zero vector becomes straight up: a normal is needed whatever happens. */
static inline struct vec3 v3_unit(struct vec3 a)
{
	float n = v3_length(a);
	return n > 1e-12f ? v3_scale(a, 1.0f / n) : v3(0, 1, 0);
}

static inline struct vec3 v3_min(struct vec3 a, struct vec3 b)
{
	return v3(fminf(a.x, b.x), fminf(a.y, b.y), fminf(a.z, b.z));
}

static inline struct vec3 v3_max(struct vec3 a, struct vec3 b)
{
	return v3(fmaxf(a.x, b.x), fmaxf(a.y, b.y), fmaxf(a.z, b.z));
}

static inline float v3_axis(struct vec3 a, int axis)
{
	return axis == 0 ? a.x : axis == 1 ? a.y : a.z;
}

static inline float clampf(float x, float lo, float hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

/* 0 at `from`, 1 at `to`, smooth between. */
static inline float smoothstepf(float from, float to, float x)
{
	float t = clampf((x - from) / (to - from), 0, 1);
	return t * t * (3 - 2 * t);
}

#endif
