/*
 * The vocabulary: what things are called and what they are built of. One table
 * a family; subject_find() looks through all of them. To add a subject, add its
 * parts and a row to the table it belongs to.
 */
#ifndef T3D_SUBJECT_H
#define T3D_SUBJECT_H

#include "part.h"
#include "surface.h"

enum subject_trait {
	TRAIT_WORN = 1,  /* goes on a head */
	TRAIT_HELD = 2,  /* goes beside its bearer, upright */
	TRAIT_LIVES = 4, /* "robot cat": may be made of plates and joints */
};

struct subject {
	const char *words; /* alternatives with '|' between, lower case, singular */
	const struct part *parts;
	size_t parts_n;
	struct paint paints[OWN_PAINTS];
	struct vec3 head; /* where a hat sits */
	float head_width; /* 0: no head */
	float seat;       /* the height at which others sit on it; 0: its top */
	unsigned traits;
	float metres; /* its longest side in the world of toys and models; 0: one */
};

struct subject_family {
	const struct subject *subjects;
	size_t n;
};

extern const struct subject_family creatures, people, buildings, vehicles, nature, things;

#define SUBJECT_PARTS(list) .parts = (list), .parts_n = sizeof(list) / sizeof((list)[0])
#define FAMILY(name)                                     \
	const struct subject_family name = {name##_list, \
					    sizeof(name##_list) / sizeof(name##_list[0])}

/* The subject that a folded word or two ("space ship") stand for, or NULL. Plurals are understood.
 */
const struct subject *subject_find(const char *words);

#endif
