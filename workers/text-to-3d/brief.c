#include "brief.h"

#include "scene.h"
#include "workers/common/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 200, WORD_BYTES = 48 };

static const struct {
	const char *words;
	uint32_t srgb;
} colours[] = {
	{"red|scarlet|crimson", 0xd0312d},
	{"blue|azure|cobalt", 0x2a63d4},
	{"green|emerald", 0x35963f},
	{"yellow|lemon", 0xf4cf2f},
	{"orange|amber|tangerine", 0xf0832a},
	{"purple|violet|lavender", 0x7b45b8},
	{"pink|rose|magenta|fuchsia", 0xec6fa6},
	{"black|dark|ebony", 0x24262b},
	{"white|snowy|ivory", 0xf4f4f2},
	{"grey|gray", 0x8b9097},
	{"brown|chocolate|tan", 0x80532e},
	{"cyan|aqua|turquoise|teal", 0x23b5bd},
	{"navy|indigo", 0x26346f},
	{"beige|cream", 0xe9d9b8},
	{"lime|mint", 0x9ad84a},
	{"maroon|burgundy", 0x7a1f2c},
	{"golden", 0xe5b33a},
	{"neon", 0x39f0a0},
	{"olive|khaki", 0x7d7c3a},
	{"peach|coral", 0xf7916f},
};

static const struct material materials[] = {
	{"gold|golden|gilded", 0xe8b23c, 0xc48f24, 1, 0.24f, 0, PLAIN},
	{"silver|chrome|platinum", 0xdfe3e8, 0xaeb5bd, 1, 0.16f, 0, PLAIN},
	{"bronze|brass", 0xb9813f, 0x6f8a62, 1, 0.36f, 0, MOTTLED},
	{"copper", 0xc9764b, 0x5aa58c, 1, 0.32f, 0, MOTTLED},
	{"metal|metallic|steel|titanium|aluminium|aluminum", 0xaab2bb, 0x7d858e, 0.95f, 0.3f, 0,
	 PLAIN},
	{"iron|rusty|rusted|rust", 0x7a5a48, 0xa8562b, 0.6f, 0.7f, 0, MOTTLED},
	{"glass|transparent|crystalline", 0xb5dfec, 0xdff4fa, 0.55f, 0.04f, 0, PLAIN},
	{"ice|icy|frozen|frost", 0xc6e6f7, 0xf4fbff, 0.05f, 0.15f, 0, VEINS},
	{"wood|wooden|oak|bamboo", 0xa8703c, 0x7a4b25, 0, 0.65f, 0, GRAIN},
	{"stone|rock|granite|concrete", 0x93918c, 0x74716c, 0, 0.9f, 0, MOTTLED},
	{"marble", 0xf0eeea, 0x8f9299, 0, 0.2f, 0, VEINS},
	{"clay|terracotta|earthen", 0xc06a42, 0xa7562f, 0, 0.85f, 0, MOTTLED},
	{"porcelain|ceramic", 0xf3f3f1, 0x3f67b3, 0, 0.12f, 0, PLAIN},
	{"obsidian|onyx", 0x1c1b22, 0x3d3550, 0.1f, 0.08f, 0, VEINS},
	{"jade", 0x3f9c74, 0x7cc6a2, 0, 0.2f, 0, VEINS},
	{"ruby", 0xc0183c, 0xe85573, 0.15f, 0.08f, 0, VEINS},
	{"sapphire", 0x1e49c0, 0x5584ee, 0.15f, 0.08f, 0, VEINS},
	{"lava|magma|molten|fiery|burning|flaming", 0x2b1c1a, 0xff6a1a, 0, 0.8f, 0.35f, VEINS},
	{"leather", 0x6e4023, 0x573018, 0, 0.6f, 0, MOTTLED},
	{"paper|origami|cardboard", 0xe9dfc9, 0xd6c7a7, 0, 0.9f, 0, PLAIN},
	{"candy|sugar|gummy", 0xf27bb0, 0xfff1f6, 0, 0.18f, 0, STRIPES},
	{"zebra|striped|stripy", 0xf3f1ea, 0x24262b, 0, 0.6f, 0, STRIPES},
	{"spotted|dotted|leopard|polka", 0xf0d9a8, 0x4a3220, 0, 0.6f, 0, SPOTS},
	{"plastic|toy|lego", 0, 0, 0, 0.28f, 0, PLAIN},
	{"matte|velvet|plush", 0, 0, 0, 0.95f, 0, PLAIN},
	{"shiny|glossy|polished|sleek", 0, 0, 0, 0.12f, 0, PLAIN},
};

static const struct {
	const char *words;
	struct vec3 stretch;
	float size;
	int finish;
} shapes[] = {
	{"tall|slender|long|elongated|lanky", {0.82f, 1.3f, 0.82f}, 1, 0},
	{"short|squat|stubby|low", {1.15f, 0.75f, 1.15f}, 1, 0},
	{"fat|chubby|wide|round|plump|chunky|bulky", {1.28f, 0.96f, 1.28f}, 1, 0},
	{"thin|skinny|slim|narrow", {0.72f, 1.05f, 0.78f}, 1, 0},
	{"tiny|mini|miniature|pocket", {1, 1, 1}, 0.3f, 0},
	{"small|little|cute|baby", {1.05f, 0.95f, 1.05f}, 0.6f, 0},
	{"big|large|great", {1, 1.05f, 1}, 1.8f, 0},
	{"giant|huge|massive|enormous|colossal|gigantic", {1.05f, 1.05f, 1.05f}, 3, 0},
	{"spiky|spiked|thorny|prickly", {1, 1, 1}, 1, FINISH_SPIKY},
	{"rough|rocky|ancient|old|weathered|ruined|cracked|mossy", {1, 1, 1}, 1, FINISH_ROUGH},
	{"fluffy|furry|hairy|fuzzy|woolly", {1.04f, 1, 1.04f}, 1, FINISH_FLUFFY},
	{"ribbed|knitted|corrugated", {1, 1, 1}, 1, FINISH_RIBBED},
};

/* Words for parts, and the paint that means them. */
static const struct {
	const char *words;
	enum paint_role role;
} part_words[] = {
	{"eye|eyes|visor", EYE},
	{"hair|mane|beard", HAIR},
	{"leaves|leaf|foliage", LEAF},
	{"roof|belly|hat|cap|trousers|pants", SECOND},
	{"wing|wings|fins|petals", ACCENT},
	{"skin|face", SKIN},
	{"window|windows|glass", GLASS},
	{"wheels|tires|tyres", RUBBER},
	{"shirt|jacket|suit|body", MAIN},
};

static const struct {
	const char *words;
	int count;
} counts[] = {
	{"two|2|pair|twin|twins|couple", 2},
	{"three|3|trio", 3},
	{"four|4", 4},
	{"five|5|several|many|group|six|seven|eight|dozen|forest|herd|flock", BRIEF_COUNT_MAX}};

static const char CONNECTORS[] =
	"and|with|on|in|holding|wearing|carrying|riding|beside|near|under|over|"
	"atop|inside|behind|next|by|at|from|sitting|standing|made|of|that|has|having";

struct reader {
	char words[WORDS_MAX][WORD_BYTES];
	int n;
	int owner[WORDS_MAX]; /* the wish that a word belongs to */
	struct brief *brief;
};

static bool is(const char *word, const char *alternatives)
{
	char folded[WORD_BYTES + 2];
	snprintf(folded, sizeof(folded), " %s ", word);
	return words_have(folded, alternatives);
}

static void split(struct reader *r, const char *folded)
{
	while (*folded && r->n < WORDS_MAX) {
		size_t gap = strspn(folded, " "), len = strcspn(folded + gap, " ");
		if (len > 0 && len < WORD_BYTES)
			snprintf(r->words[r->n++], WORD_BYTES, "%.*s", (int)len, folded + gap);
		folded += gap + len;
	}
}

/* The subject at word i, of two words or one; *used says how many. */
static const struct subject *subject_at(const struct reader *r, int i, int *used)
{
	char two[WORD_BYTES * 2];
	*used = 2;
	if (i + 1 < r->n) {
		snprintf(two, sizeof(two), "%s %s", r->words[i], r->words[i + 1]);
		const struct subject *s = subject_find(two);
		if (s)
			return s;
	}
	*used = 1;
	return subject_find(r->words[i]);
}

static enum relation relation_before(const struct reader *r, int i, const struct subject *s)
{
	if (s->traits & TRAIT_WORN)
		return WORN;
	for (int k = i - 1; k >= 0 && k >= i - 4; k--) {
		if (is(r->words[k], "on|atop|riding|over"))
			return UNDER;
		if (is(r->words[k], "holding|carrying|wielding|playing|with") &&
		    s->traits & TRAIT_HELD)
			return HELD;
	}
	return BESIDE;
}

/* Of nouns in a row the last is what is meant ("robot cat"); the others only colour it. */
static void find_subjects(struct reader *r)
{
	int last_end = -1, used;
	struct brief *b = r->brief;
	memset(r->owner, 0xff, sizeof(r->owner));
	for (int i = 0; i < r->n; i += used) {
		const struct subject *s = subject_at(r, i, &used);
		if (!s)
			continue;
		bool row = last_end == i && b->wishes_n > 0;
		if (!row && b->wishes_n == BRIEF_SUBJECTS_MAX)
			continue;
		struct wish *w = &b->wishes[row ? b->wishes_n - 1 : b->wishes_n];
		bool robotic = row && is(r->words[i - 1], "robot|robotic|android|mech|cyborg");
		enum relation relation = row ? w->relation : relation_before(r, i, s);
		/* A figurine or statue of something is that thing. */
		bool keep = row && is(r->words[i],
				      "figurine|figure|statue|character|creature|mascot|model");
		if (!keep)
			w->subject = s;
		w->robotic = w->robotic || (robotic && s->traits & TRAIT_LIVES);
		w->relation = b->wishes_n - row == 0 ? BESIDE : relation;
		if (!row)
			b->wishes_n++;
		for (int k = i; k < i + used; k++)
			r->owner[k] = b->wishes_n - 1;
		last_end = i + used;
	}
}

/* A word describes the next subject, unless a connector stands between: then the one before. */
static struct wish *described_by(struct reader *r, int i)
{
	int before = -1;
	for (int k = i - 1; k >= 0 && before < 0; k--)
		before = r->owner[k];
	for (int k = i + 1; k < r->n; k++) {
		if (r->owner[k] >= 0)
			return &r->brief->wishes[r->owner[k]];
		if (before >= 0 && is(r->words[k], CONNECTORS))
			break;
	}
	return &r->brief->wishes[before >= 0 ? before : 0];
}

/* The part that is named right after word i, or PAINT_ROLES. */
static enum paint_role part_after(const struct reader *r, int i)
{
	for (int k = i + 1; k < r->n && k <= i + 3; k++) {
		for (size_t p = 0; p < sizeof(part_words) / sizeof(part_words[0]); p++)
			if (is(r->words[k], part_words[p].words))
				return part_words[p].role;
		if (r->owner[k] >= 0 || is(r->words[k], CONNECTORS))
			break;
	}
	return PAINT_ROLES;
}

static void read_colour(struct reader *r, int i)
{
	for (size_t c = 0; c < sizeof(colours) / sizeof(colours[0]); c++) {
		if (!is(r->words[i], colours[c].words))
			continue;
		enum paint_role part = part_after(r, i);
		struct wish *w = described_by(r, i);
		if (part != PAINT_ROLES)
			r->brief->part_colour[part] = colours[c].srgb;
		else if (w->colours < 2)
			w->colour[w->colours++] = colours[c].srgb;
	}
}

static void read_shape(struct reader *r, int i)
{
	for (size_t k = 0; k < sizeof(shapes) / sizeof(shapes[0]); k++) {
		if (!is(r->words[i], shapes[k].words))
			continue;
		struct wish *w = described_by(r, i);
		w->stretch = v3_mul(w->stretch, shapes[k].stretch);
		w->stretch = v3_max(v3(0.5f, 0.5f, 0.5f), v3_min(w->stretch, v3(1.8f, 1.8f, 1.8f)));
		r->brief->size = clampf(r->brief->size * shapes[k].size, 0.1f, 9);
		if (shapes[k].finish)
			r->brief->finish = shapes[k].finish;
	}
}

static void read_word(struct reader *r, int i)
{
	const char *word = r->words[i];
	read_colour(r, i);
	read_shape(r, i);
	for (size_t m = 0; m < sizeof(materials) / sizeof(materials[0]); m++)
		if (is(word, materials[m].words) && part_after(r, i) == PAINT_ROLES)
			described_by(r, i)->material = &materials[m];
	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
		if (is(word, counts[c].words))
			described_by(r, i)->count = counts[c].count;
	if (is(word, "glowing|luminous|neon|shining|radiant|glow|bioluminescent")) {
		enum paint_role part = part_after(r, i);
		if (part != PAINT_ROLES)
			r->brief->part_glows[part] = true;
		else
			described_by(r, i)->glowing = true;
	}
	if (is(word, "robotic|mechanical|cyber|cyberpunk|steampunk|futuristic")) {
		struct wish *w = described_by(r, i);
		if (w->subject && w->subject->traits & TRAIT_LIVES)
			w->robotic = true;
	}
}

void brief_read(const char *folded, struct brief *out)
{
	struct reader *r = calloc(1, sizeof(*r));
	memset(out, 0, sizeof(*out));
	out->size = 1;
	for (int i = 0; i < BRIEF_SUBJECTS_MAX; i++) {
		out->wishes[i].stretch = v3(1, 1, 1);
		out->wishes[i].count = 1;
	}
	if (r) {
		r->brief = out;
		split(r, folded);
		find_subjects(r);
		for (int i = 0; i < r->n; i++)
			if (r->owner[i] < 0)
				read_word(r, i);
	}
	if (out->wishes_n == 0)
		out->wishes_n = 1;
	free(r);
}
