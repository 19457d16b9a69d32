#include "compose.h"

#include "brief.h"
#include "sculpt.h"
#include "workers/common/rng.h"
#include "workers/common/words.h"

#include <stdlib.h>
#include <string.h>

/* The paints that mean the same for all subjects. */
static const struct paint common[PAINT_ROLES] = {
	[EYE] = {.srgb = 0x35c4ff, .rough = 0.1f},
	[INK] = {.srgb = 0x1b1d22, .rough = 0.22f},
	[WHITE] = {.srgb = 0xf5f5f3, .rough = 0.4f},
	[GLASS] = {.srgb = 0x35506e, .rough = 0.05f, .metal = 0.55f},
	[WOOD] = {.srgb = 0x8d5a31, .second = 0x6a3f1f, .rough = 0.7f, .pattern = GRAIN},
	[LEAF] = {.srgb = 0x4f9a3f,
		  .second = 0x7cbc55,
		  .rough = 0.75f,
		  .pattern = MOTTLED,
		  .size = 0.08f},
	[SKIN] = {.srgb = 0xeebb98, .rough = 0.55f},
	[HAIR] = {.srgb = 0x5a3c28,
		  .second = 0x74523a,
		  .rough = 0.6f,
		  .pattern = MOTTLED,
		  .size = 0.05f},
	[STEEL] = {.srgb = 0xb4bbc3, .rough = 0.28f, .metal = 1},
	[GOLD] = {.srgb = 0xe6b144, .rough = 0.22f, .metal = 1},
	[STONE] = {.srgb = 0x9a968e, .second = 0x7e7a73, .rough = 0.9f, .pattern = MOTTLED},
	[GLOW] = {.srgb = 0xffc55a, .rough = 0.4f, .glow = 1},
	[RED] = {.srgb = 0xd33a32, .rough = 0.35f},
	[PINK] = {.srgb = 0xe58a90, .rough = 0.5f},
	[RUBBER] = {.srgb = 0x26282c, .rough = 0.85f},
	[EARTH] = {.srgb = 0xb5643c, .second = 0x8f4729, .rough = 0.95f, .pattern = MOTTLED},
};

struct composer {
	struct composition *out;
	struct brief brief;
	struct sculpture sculpture;
	struct rng rng;
};

static uint32_t tint(uint32_t srgb, float f)
{
	uint32_t out = 0;
	for (int shift = 16; shift >= 0; shift -= 8)
		out = out << 8 | (uint32_t)clampf((float)(srgb >> shift & 255) * f, 0, 255);
	return out;
}

static void apply_material(struct paint paints[PAINT_ROLES], const struct material *m)
{
	static const enum paint_role roles[] = {MAIN,  SECOND, ACCENT, EXTRA, WOOD,
						STONE, STEEL,  HAIR,   SKIN};
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		struct paint *p = &paints[roles[i]];
		float shade = roles[i] == MAIN || roles[i] == SKIN ? 1
			      : roles[i] == SECOND                 ? 0.72f
								   : 0.86f;
		/* Tiles stay tiles and bricks stay bricks: "a stone castle" has a roof. */
		if (p->pattern == TILES && roles[i] != MAIN)
			continue;
		p->rough = m->rough;
		if (!m->srgb)
			continue;
		enum pattern kept = p->pattern == BRICKS && m->metal < 0.5f ? BRICKS : m->pattern;
		*p = (struct paint){.srgb = tint(m->srgb, shade),
				    .second = m->second,
				    .metal = m->metal,
				    .rough = m->rough,
				    .glow = m->glow,
				    .pattern = kept,
				    .size = kept == BRICKS ? p->size : 0};
	}
}

static void apply_colours(struct paint paints[PAINT_ROLES], const struct wish *w)
{
	static const enum paint_role roles[2] = {MAIN, SECOND};
	for (int i = 0; i < w->colours; i++) {
		struct paint *p = &paints[roles[i]];
		p->second = p->pattern == MOTTLED || p->pattern == GRAIN ? tint(w->colour[i], 0.78f)
			    : p->pattern == TILES || p->pattern == BRICKS
				    ? tint(w->colour[i], 0.55f)
				    : p->second;
		p->srgb = w->colour[i];
	}
}

/* Plates and joints instead of fur and skin. */
static void apply_robotic(struct paint paints[PAINT_ROLES])
{
	paints[MAIN] = (struct paint){.srgb = 0xdfe4ea,
				      .second = 0x5a636e,
				      .metal = 0.35f,
				      .rough = 0.26f,
				      .pattern = PANELS,
				      .size = 0.17f};
	paints[SECOND] = (struct paint){.srgb = 0x454c56, .metal = 0.7f, .rough = 0.35f};
	paints[ACCENT] = (struct paint){.srgb = 0x27c3f5, .rough = 0.3f, .glow = 0.7f};
	paints[PINK] = (struct paint){.srgb = 0x2b3038, .metal = 0.6f, .rough = 0.3f};
	paints[WHITE] = (struct paint){.srgb = 0x1b1e24, .metal = 0.5f, .rough = 0.15f};
}

static void mix_paints(const struct composer *c, const struct wish *w, const struct subject *s,
		       struct paint paints[PAINT_ROLES])
{
	memcpy(paints, common, sizeof(common));
	for (int i = 0; i < OWN_PAINTS; i++)
		paints[i] = s->paints[i].srgb ? s->paints[i] : s->paints[MAIN];
	if (w->robotic)
		apply_robotic(paints);
	if (w->material)
		apply_material(paints, w->material);
	apply_colours(paints, w);
	if (w->glowing)
		paints[MAIN].glow = 0.45f, paints[ACCENT].glow = 0.9f;
	for (int i = 0; i < PAINT_ROLES; i++) {
		if (c->brief.part_colour[i]) {
			paints[i].srgb = c->brief.part_colour[i];
			paints[i].second = tint(c->brief.part_colour[i], 0.8f);
		}
		if (c->brief.part_glows[i] || (i == EYE && w->robotic))
			paints[i].glow = 1.1f;
	}
}

/* No two prompts give the same mesh: every size is a little different. */
static struct part varied(const struct part *part, struct rng *rng)
{
	struct part p = *part;
	p.size = v3_scale(p.size, (float)rng_range(rng, 0.97, 1.03));
	return p;
}

static void add_robotics(struct composer *c, const struct subject *s, const struct place *place,
			 size_t base)
{
	if (s->head_width <= 0)
		return;
	struct vec3 h = s->head;
	float w = s->head_width;
	const struct part parts[] = {
		TUBE(SECOND, h.x, h.y - 0.03f, h.z, h.x, h.y + w * 0.45f, h.z - w * 0.1f, w * 0.05f,
		     w * 0.035f),
		BALL(ACCENT, h.x, h.y + w * 0.5f, h.z - w * 0.1f, w * 0.1f),
		CONE(SECOND, h.x + w * 0.47f, h.y - w * 0.5f, h.z, w * 0.17f, w * 0.09f, w * 0.13f,
		     .mirror = true, .turn = {0, 0, -90}),
		TORUS(ACCENT, h.x + w * 0.54f, h.y - w * 0.5f, h.z, w * 0.1f, w * 0.025f,
		      .mirror = true, .turn = {0, 0, -90}),
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		scene_add(&c->out->scene, &parts[i], place, base + parts[i].paint, false);
}

static void add_subject(struct composer *c, const struct wish *w, const struct subject *s,
			const struct place *place, size_t base)
{
	for (size_t i = 0; i < s->parts_n; i++) {
		struct part p = varied(&s->parts[i], &c->rng);
		scene_add(&c->out->scene, &p, place, base + p.paint, i == 0);
	}
	if (w->robotic)
		add_robotics(c, s, place, base);
}

static size_t add_paints(struct composer *c, const struct wish *w, const struct subject *s)
{
	struct paint paints[PAINT_ROLES];
	size_t base = c->out->scene.paints_n;
	mix_paints(c, w, s, paints);
	for (int i = 0; i < PAINT_ROLES; i++)
		scene_paint(&c->out->scene, &paints[i]);
	return base;
}

static struct vec3 stretch_of(struct composer *c, const struct wish *w, float scale)
{
	float x = (float)rng_range(&c->rng, 0.96, 1.04), y = (float)rng_range(&c->rng, 0.96, 1.04);
	float z = (float)rng_range(&c->rng, 0.96, 1.04);
	return v3(w->stretch.x * x * scale, w->stretch.y * y * scale, w->stretch.z * z * scale);
}

/* Half the width and the height of a subject as it would stand alone. */
static void extent(const struct subject *s, const struct vec3 *stretch, float *half, float *top)
{
	*half = *top = 0.1f;
	for (size_t i = 0; i < s->parts_n; i++) {
		const struct part *p = &s->parts[i];
		bool line = p->shape == SHAPE_TUBE || p->shape == SHAPE_BEND;
		struct vec3 far = line ? v3_max(p->at, p->to) : p->at;
		float r = line                      ? fmaxf(p->size.x, p->size.y)
			  : p->shape == SHAPE_LATHE ? 0.3f
						    : p->size.x;
		float up = line ? r : p->shape == SHAPE_TORUS ? p->size.y : p->size.y;
		if (p->cut)
			continue;
		*half = fmaxf(*half, (fabsf(far.x) + r) * stretch->x);
		*top = fmaxf(*top, (far.y + up) * stretch->y);
	}
}

/* The first subject, as often as asked for, in a loose row. */
static struct place place_first(struct composer *c, const struct wish *w, const struct subject *s,
				size_t base, float lift)
{
	struct place first = {.at = v3(0, lift, 0), .stretch = stretch_of(c, w, 1)};
	float half, top;
	extent(s, &first.stretch, &half, &top);
	for (int i = 0; i < w->count; i++) {
		struct place p = first;
		float k = (float)i - (float)(w->count - 1) * 0.5f;
		if (w->count > 1) {
			p.at.x = k * half * 2.1f;
			p.at.z = -fabsf(k) * half * 0.5f + (i & 1 ? 0.25f * half : 0);
			p.yaw = (float)rng_range(&c->rng, -18, 18);
			p.stretch = v3_scale(p.stretch, (float)rng_range(&c->rng, 0.8, 1.05));
		}
		add_subject(c, w, s, &p, base);
	}
	return first;
}

/* Others join the first: on its head, at its side, in its hand. */
static void place_other(struct composer *c, const struct wish *w, const struct subject *s,
			const struct subject *first, const struct place *by, int nth)
{
	struct place p = {.stretch = stretch_of(c, w, w->relation == HELD ? 0.6f : 0.68f)};
	float half, top, own_half, own_top, side = nth % 2 ? 1 : -1;
	extent(first, &by->stretch, &half, &top);
	extent(s, &p.stretch, &own_half, &own_top);
	if (w->relation == WORN && first->head_width > 0) {
		p.stretch = v3_scale(v3(1, 1, 1), first->head_width * by->stretch.x / 0.6f);
		p.at = v3_add(by->at, v3_mul(first->head, by->stretch));
		p.at.y -= 0.02f * by->stretch.y;
	} else if (w->relation == HELD) {
		p.at = v3(side * (half + own_half * 0.25f), 0.12f, 0.2f * by->stretch.z);
	} else {
		p.at = v3(side * (half + own_half) * 0.98f, 0, 0.1f);
		p.yaw = -side * 14;
	}
	add_subject(c, w, s, &p, add_paints(c, w, s));
}

/* "On a chair": what is named second stands below. */
static float place_under(struct composer *c, const struct wish *w, const struct subject *s)
{
	struct place p = {.stretch = stretch_of(c, w, 1)};
	float half, top;
	extent(s, &p.stretch, &half, &top);
	if (s->seat > 0) {
		p.stretch = v3_scale(p.stretch, 1.3f);
		top = s->seat * p.stretch.y;
	} else if (top > 0.6f) {
		p.stretch.y *= 0.6f / top;
		top = 0.6f;
	}
	add_subject(c, w, s, &p, add_paints(c, w, s));
	return top * 0.97f;
}

static const struct subject *subject_of(struct composer *c, const struct wish *w)
{
	if (w->subject)
		return w->subject;
	sculpt(&c->rng, &c->sculpture);
	return &c->sculpture.subject;
}

static void place_all(struct composer *c)
{
	const struct wish *w = c->brief.wishes;
	const struct subject *first = subject_of(c, &w[0]);
	size_t base = add_paints(c, &w[0], first);
	float lift = 0;
	for (int i = 1; i < c->brief.wishes_n && lift <= 0; i++)
		if (w[i].relation == UNDER)
			lift = place_under(c, &w[i], w[i].subject);
	struct place by = place_first(c, &w[0], first, base, lift);
	for (int i = 1; i < c->brief.wishes_n; i++)
		if (w[i].relation != UNDER)
			place_other(c, &w[i], w[i].subject, first, &by, i);
	c->out->metres = clampf((first->metres > 0 ? first->metres : 1) * c->brief.size, 0.1f, 9);
}

/* Paper in a quiet colour that sets the subject off: light for dark things, darker for light ones.
 */
static void choose_ground(struct composer *c)
{
	static const uint32_t papers[] = {0xd9dde3, 0xe3ddd3, 0xd3dfdd,
					  0xdfd9e3, 0xd6e0ea, 0xe6ddd6};
	struct vec3 paper = colour_linear(papers[rng_below(&c->rng, 6)]);
	const struct paint *main = &c->out->scene.paints[0];
	struct vec3 m = colour_linear(main->srgb);
	float light = 0.2f * m.x + 0.7f * m.y + 0.1f * m.z, dim = 1;
	if (light > 0.55f)
		dim = 0.62f;
	if (main->glow > 0)
		dim = 0.25f;
	c->out->ground = v3_scale(paper, dim);
}

enum kn_err compose(const char *prompt, int64_t seed, struct composition *out)
{
	struct composer *c = calloc(1, sizeof(*c));
	char *folded = words_fold(prompt);
	memset(out, 0, sizeof(*out));
	if (c && folded) {
		c->out = out;
		rng_seed(&c->rng, prompt, seed, "shape");
		brief_read(folded, &c->brief);
		out->scene.finish = (enum finish)c->brief.finish;
		place_all(c);
		choose_ground(c);
	}
	enum kn_err err = c && folded ? KN_OK : KN_ERR_NOMEM;
	free(folded);
	free(c);
	return err;
}
