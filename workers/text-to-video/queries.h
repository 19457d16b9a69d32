/* One search query per panel: a key phrase of its words, or what a chat service proposes. */
#ifndef QUERIES_H
#define QUERIES_H

#include "workers/text-to-video/remote.h"
#include "workers/text-to-video/storyboard.h"

/* Sets each panel's query from its own words. */
void queries_pick(struct storyboard *board, const struct text *text);

/* Replaces them by the service's proposals; after a failure those it had not answered for stay. */
enum kn_err queries_ask(struct storyboard *board, const struct text *text,
			const struct remote *remote, char *why, size_t why_size);

#endif
