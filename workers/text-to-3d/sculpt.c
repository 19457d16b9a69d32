#include "sculpt.h"

#include <string.h>

static float range(struct rng *rng, double lo, double hi)
{
	return (float)rng_range(rng, lo, hi);
}

static struct part *add(struct sculpture *s, struct part part)
{
	static struct part spill;
	if (s->subject.parts_n == SCULPT_PARTS_MAX)
		return &spill;
	s->parts[s->subject.parts_n] = part;
	return &s->parts[s->subject.parts_n++];
}

static void plinth(struct sculpture *s, float r)
{
	add(s, (struct part)CONE(EXTRA, 0, 0.03f, 0, r, 0.03f, r * 0.94f));
	add(s, (struct part)TORUS(SECOND, 0, 0.06f, 0, r * 0.9f, 0.012f));
}

/* A turned vessel: a wavy outline from the foot to the lip. */
static void vessel(struct rng *rng, struct sculpture *s)
{
	enum { POINTS = 12 };
	float phase = range(rng, 0, 6.28), waves = range(rng, 0.7, 1.6),
	      belly = range(rng, 0.08, 0.16);
	s->outline[0][0] = s->outline[POINTS + 1][0] = 0;
	s->outline[0][1] = 0;
	s->outline[POINTS + 1][1] = 0.96f;
	for (int i = 0; i < POINTS; i++) {
		float t = (float)i / (POINTS - 1);
		float r =
			0.2f + belly * sinf(phase + t * waves * 6.28f) + range(rng, -0.012, 0.012);
		s->outline[i + 1][0] = fmaxf(r, 0.07f);
		s->outline[i + 1][1] = t * 0.96f;
	}
	s->profile = (struct profile){(const float(*)[2])s->outline, POINTS + 2};
	struct part *body = add(s, (struct part)LATHE(MAIN, 0, 0, 0, s->profile, .round = 0.012f));
	float mouth = fmaxf(s->outline[POINTS][0] * 0.8f, 0.055f);
	add(s, (struct part)CONE(SECOND, 0, 0.92f, 0, mouth * 0.8f, 0.09f, mouth, .cut = true,
				 .blend = 0.02f));
	add(s, (struct part)TORUS(SECOND, 0, range(rng, 0.3, 0.7), 0, 0.2f, 0.02f));
	body->round = 0.012f;
	if (rng_below(rng, 2))
		add(s, (struct part)BEND(ACCENT, 0.16f, 0.8f, 0, 0.48f, 0.85f, 0, 0.18f,
					 range(rng, 0.3, 0.5), 0, 0.03f, 0.026f, .mirror = true,
					 .blend = 0.03f));
}

/* Smooth stones on top of each other, turned at odds. */
static void cairn(struct rng *rng, struct sculpture *s)
{
	float y = 0.06f;
	int n = 4 + (int)rng_below(rng, 3);
	plinth(s, 0.3f);
	for (int i = 0; i < n; i++) {
		float h = range(rng, 0.06, 0.12),
		      r = range(rng, 0.14, 0.27) * (1 - 0.08f * (float)i);
		struct part p =
			ELLIPSOID(i % 2 ? SECOND : MAIN, range(rng, -0.04, 0.04), y + h * 0.9f,
				  range(rng, -0.04, 0.04), r, h, r * range(rng, 0.75, 1));
		p.turn = v3(range(rng, -8, 8), range(rng, 0, 180), range(rng, -8, 8));
		add(s, p);
		y += h * 1.7f;
	}
	add(s, (struct part)BALL(ACCENT, 0, y + 0.04f, 0, 0.055f));
}

/* Ribbons that rise from a plinth and meet. */
static void ribbons(struct rng *rng, struct sculpture *s)
{
	int n = 3 + (int)rng_below(rng, 4);
	float out = range(rng, 0.3, 0.55), top = range(rng, 0.75, 1), twist = range(rng, 0.3, 1.4);
	plinth(s, 0.26f);
	for (int i = 0; i < n; i++) {
		float a = 6.2832f * (float)i / (float)n, b = a + twist;
		struct part p = BEND(i % 2 ? ACCENT : MAIN, 0.12f * cosf(a), 0.06f, 0.12f * sinf(a),
				     out * cosf(b), top * 0.5f, out * sinf(b), 0.03f * cosf(a), top,
				     0.03f * sinf(a), 0.05f, 0.022f, .blend = 0.05f);
		add(s, p);
	}
	add(s, (struct part)BALL(SECOND, 0, range(rng, 0.35, 0.5), 0, range(rng, 0.08, 0.14)));
}

/* Rings about a core, as an armillary sphere has them. */
static void rings(struct rng *rng, struct sculpture *s)
{
	int n = 2 + (int)rng_below(rng, 3);
	plinth(s, 0.2f);
	add(s, (struct part)CONE(SECOND, 0, 0.14f, 0, 0.06f, 0.09f, 0.025f));
	add(s, (struct part)BALL(MAIN, 0, 0.6f, 0, range(rng, 0.12, 0.2)));
	for (int i = 0; i < n; i++) {
		struct part p = TORUS(i % 2 ? SECOND : ACCENT, 0, 0.6f, 0, 0.25f + 0.05f * (float)i,
				      0.018f);
		p.turn = v3(range(rng, -80, 80), range(rng, 0, 180), range(rng, -80, 80));
		add(s, p);
	}
	add(s, (struct part)TUBE(SECOND, 0, 0.2f, 0, 0, 0.62f, 0, 0.022f, 0.022f));
}

/* A cluster of prisms that lean away from each other. */
static void cluster(struct rng *rng, struct sculpture *s)
{
	int n = 6 + (int)rng_below(rng, 5);
	uint8_t sides = (uint8_t)(4 + rng_below(rng, 4));
	add(s, (struct part)ELLIPSOID(EXTRA, 0, 0, 0, 0.34f, 0.13f, 0.32f, .rough = 0.03f));
	for (int i = 0; i < n; i++) {
		float a = range(rng, 0, 6.28), lean = i ? range(rng, 12, 42) : 3;
		float h = range(rng, 0.16, 0.3) * (i ? 1 : 1.5f), r = range(rng, 0.05, 0.1),
		      off = i ? 0.14f : 0;
		struct part p = PRISM(i % 3 ? MAIN : ACCENT, sides, off * cosf(a), 0.05f + h,
				      -off * sinf(a), r, h, r * 0.45f);
		p.turn = v3(lean * -sinf(a), 0, -lean * cosf(a));
		p.at.x += sinf(lean * 0.0175f) * cosf(a) * h;
		p.at.z -= sinf(lean * 0.0175f) * sinf(a) * h;
		add(s, p);
	}
}

/* A soft creature of blobs with two eyes. */
static void critter(struct rng *rng, struct sculpture *s)
{
	float w = range(rng, 0.2, 0.3), h = range(rng, 0.22, 0.36), ear = range(rng, 0.1, 0.32);
	add(s, (struct part)ELLIPSOID(MAIN, 0, h * 0.95f, 0, w, h, w * 0.9f));
	add(s, (struct part)ELLIPSOID(SECOND, 0, h * 0.75f, w * 0.35f, w * 0.7f, h * 0.65f,
				      w * 0.6f, .blend = 0.02f));
	add(s, (struct part)ELLIPSOID(MAIN, w * 0.5f, 0.03f, w * 0.35f, 0.08f, 0.06f, 0.12f,
				      .mirror = true, .blend = 0.03f));
	add(s,
	    (struct part)BEND(MAIN, w * 0.45f, h * 1.7f, 0, w * range(rng, 0.4, 1.5),
			      h * 1.75f + ear, 0, w * range(rng, 0.3, 1.6), h * 1.7f + ear * 1.2f,
			      0, 0.055f, range(rng, 0.01, 0.06), .mirror = true, .blend = 0.05f));
	add(s, (struct part)BALL(WHITE, w * 0.4f, h * 1.35f, w * 0.68f, 0.058f, .mirror = true));
	add(s,
	    (struct part)BALL(EYE, w * 0.41f, h * 1.35f, w * 0.68f + 0.04f, 0.03f, .mirror = true));
	add(s, (struct part)BEND(INK, -0.05f, h * 1.08f, w * 0.86f, 0, h * 1.02f, w * 0.95f, 0.05f,
				 h * 1.08f, w * 0.86f, 0.011f, 0.011f));
	add(s, (struct part)BEND(MAIN, w * 0.8f, h * 1.05f, 0.02f, w * 1.4f, h * 0.9f, 0.05f,
				 w * 1.35f, h * 0.5f, 0.12f, 0.06f, 0.045f, .mirror = true,
				 .blend = 0.04f));
	add(s, (struct part)BALL(ACCENT, 0, h * range(rng, 1.9, 2), 0, 0.045f, .blend = 0.02f));
}

static uint32_t hsv(float h, float s, float v)
{
	uint32_t rgb = 0;
	for (int i = 0; i < 3; i++) {
		float k = fmodf((float)(5 - 2 * i) + h * 6, 6);
		float c = v - v * s * clampf(fminf(k, 4 - k), 0, 1);
		rgb = rgb << 8 | (uint32_t)(c * 255);
	}
	return rgb;
}

void sculpt(struct rng *rng, struct sculpture *out)
{
	static void (*const kinds[])(struct rng *, struct sculpture *) = {vessel, cairn,   ribbons,
									  rings,  cluster, critter};
	static const enum pattern patterns[] = {PLAIN, PLAIN, MOTTLED, VEINS, BANDS, SPOTS};
	memset(out, 0, sizeof(*out));
	float hue = range(rng, 0, 1);
	struct paint *p = out->subject.paints;
	p[MAIN] = (struct paint){.srgb = hsv(hue, 0.6f, 0.85f),
				 .second = hsv(hue + 0.06f, 0.45f, 0.95f),
				 .rough = range(rng, 0.15, 0.6),
				 .pattern = patterns[rng_below(rng, 6)]};
	p[SECOND] = (struct paint){.srgb = hsv(hue + 0.45f, 0.35f, 0.92f), .rough = 0.35f};
	p[ACCENT] = (struct paint){.srgb = hsv(hue + 0.12f, 0.75f, 0.95f),
				   .rough = 0.25f,
				   .metal = rng_below(rng, 2) ? 0.9f : 0};
	p[EXTRA] = (struct paint){.srgb = 0x4a4e57, .rough = 0.6f};
	kinds[rng_below(rng, sizeof(kinds) / sizeof(kinds[0]))](rng, out);
	out->subject.parts = out->parts;
	out->subject.head = v3(0, 0.95f, 0);
	out->subject.head_width = 0.3f;
}
