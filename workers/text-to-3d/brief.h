/*
 * What a prompt asks for, as far as its words are known: subjects in their
 * order, and for each its colours, material, size and company.
 */
#ifndef T3D_BRIEF_H
#define T3D_BRIEF_H

#include "subject.h"

enum { BRIEF_SUBJECTS_MAX = 3, BRIEF_COUNT_MAX = 5 };

enum relation { BESIDE, UNDER, WORN, HELD };

struct material {
	const char *words;
	uint32_t srgb; /* 0: the subject keeps its colours */
	uint32_t second;
	float metal, rough, glow;
	enum pattern pattern;
};

struct wish {
	const struct subject *subject; /* NULL: nothing known was named */
	enum relation relation;        /* to the first wish */
	uint32_t colour[2];
	int colours; /* how many of them were named */
	const struct material *material;
	bool glowing, robotic;
	struct vec3 stretch;
	int count;
};

struct brief {
	struct wish wishes[BRIEF_SUBJECTS_MAX];
	int wishes_n; /* at least one */
	/* Colours of parts, by role: "with blue eyes". 0 where none is named. */
	uint32_t part_colour[PAINT_ROLES];
	bool part_glows[PAINT_ROLES];
	int finish; /* enum finish */
	float size; /* factor to its natural size */
};

/* folded: as words_fold() makes it. */
void brief_read(const char *folded, struct brief *out);

#endif
