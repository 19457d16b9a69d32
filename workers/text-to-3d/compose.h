/* From a prompt to a scene: its subjects placed, painted and varied by chance. */
#ifndef T3D_COMPOSE_H
#define T3D_COMPOSE_H

#include "scene.h"

#include <stdint.h>

struct composition {
	struct scene scene;
	float metres;       /* what the longest side should be */
	struct vec3 ground; /* paper that suits it, linear */
};

/* The same prompt and seed give the same scene; different ones differ. Any bytes make a prompt. */
enum kn_err compose(const char *prompt, int64_t seed, struct composition *out);

#endif
