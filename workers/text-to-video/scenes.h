/* The film in scenes: stretches of the narration, each with the words to look for a background
 * with. */
#ifndef SCENES_H
#define SCENES_H

#include "workers/text-to-video/narration.h"

enum { SCENE_MS_MIN = 5000, SCENE_MS_MAX = 10000, QUERY_SIZE = 96 };

struct film_scene {
	int64_t start, end; /* ms; each begins where the one before ends */
	size_t at, len;     /* bytes of the text */
	char query[QUERY_SIZE];
};

/* KN_ERR_NOMEM only. *out is the caller's to free. */
enum kn_err scenes_plan(const struct narration *narration, struct film_scene **out, size_t *n);
/* Key phrases of a scene's text into its query: its longest words that carry meaning, in their
 * order. */
void scenes_local_query(const char *text, struct film_scene *scene);

#endif
