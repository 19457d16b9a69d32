/* For words that nobody taught us: an abstract sculpture, different for each prompt. */
#ifndef T3D_SCULPT_H
#define T3D_SCULPT_H

#include "subject.h"
#include "workers/common/rng.h"

enum { SCULPT_PARTS_MAX = 32 };

struct sculpture {
	struct subject subject;
	struct part parts[SCULPT_PARTS_MAX];
	float outline[16][2];
	struct profile profile;
};

/* subject.parts points into *out, which must stay where it is. */
void sculpt(struct rng *rng, struct sculpture *out);

#endif
