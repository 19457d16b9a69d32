#include "workers/text-to-video/scenes.h"

#include "lib/text.h"
#include "workers/common/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYWORDS = 3 };

/* Words that say nothing of a picture, in the languages that are told most stories in. */
static const char stop_words[] =
	"a|about|after|all|also|an|and|any|are|as|at|away|be|because|been|before|but|by|can|could|"
	"did|"
	"do|does|down|each|every|for|from|had|has|have|he|her|here|him|his|how|i|if|in|into|is|it|"
	"its|"
	"just|like|may|me|might|more|most|must|my|no|not|now|of|off|on|once|one|only|or|other|our|"
	"out|"
	"over|own|said|say|says|she|should|so|some|such|than|that|the|their|them|then|there|these|"
	"they|"
	"this|those|through|time|to|too|under|until|up|upon|us|very|was|we|were|what|when|where|"
	"which|"
	"while|who|why|will|with|would|you|your|"
	"der|die|das|und|ein|eine|einen|ist|nicht|mit|von|zu|im|den|dem|es|sie|er|auf|war|"
	"le|la|les|un|une|et|est|dans|des|du|de|que|qui|pour|pas|"
	"el|los|las|una|en|por|para|con|no|se|su|"
	"и|в|на|не|что|он|она|они|это|был|была|как|но|по|из|с";

static enum kn_err add_scene(struct film_scene **scenes, size_t *n, const struct film_scene *scene)
{
	struct film_scene *grown;

	if ((*n & (*n - 1)) == 0) {
		grown = reallocarray(*scenes, *n == 0 ? 1 : 2 * *n, sizeof(*grown));
		if (grown == NULL)
			return KN_ERR_NOMEM;
		*scenes = grown;
	}
	(*scenes)[(*n)++] = *scene;
	return KN_OK;
}

/* Whether a cut after word i is good: at a sentence's end once the scene is long enough, or when it
 * is too long. */
static bool cut_after(const struct narration *n, size_t i, int64_t start)
{
	int64_t ms = n->words[i].end - start;

	return (ms >= SCENE_MS_MIN && n->words[i].ends_sentence) || ms >= SCENE_MS_MAX;
}

enum kn_err scenes_plan(const struct narration *narration, struct film_scene **out, size_t *n)
{
	struct film_scene scene = {0};
	enum kn_err err = KN_OK;
	size_t first = 0;

	*out = NULL;
	*n = 0;
	for (size_t i = 0; i < narration->words_n && err == KN_OK; i++) {
		bool last = i + 1 == narration->words_n;

		if (!last && !cut_after(narration, i, scene.start))
			continue;
		scene.end = last ? narration->ms : narration->words[i + 1].start;
		scene.at = narration->words[first].at;
		scene.len = narration->words[i].at + narration->words[i].len - scene.at;
		err = add_scene(out, n, &scene);
		scene.start = scene.end;
		first = i + 1;
	}
	if (err != KN_OK) {
		free(*out);
		*out = NULL;
	}
	return err;
}

struct keyword {
	const char *at;
	size_t len, weight;
};

static bool is_stop_word(const char *word, size_t len)
{
	char folded[64];

	if (len + 3 > sizeof(folded))
		return false;
	snprintf(folded, sizeof(folded), " %.*s ", (int)len, word);
	return words_have(folded, stop_words);
}

/* Keeps the weightiest few, in the order in which they stand. */
static void keep_keyword(struct keyword best[KEYWORDS], size_t *n, const struct keyword *word)
{
	size_t lightest = 0;

	for (size_t i = 0; i < *n; i++)
		if (best[i].len == word->len && memcmp(best[i].at, word->at, word->len) == 0)
			return;
	if (*n == KEYWORDS) {
		for (size_t i = 1; i < *n; i++)
			if (best[i].weight <= best[lightest].weight)
				lightest = i;
		if (best[lightest].weight >= word->weight)
			return;
		memmove(&best[lightest], &best[lightest + 1],
			(*n - lightest - 1) * sizeof(best[0]));
		(*n)--;
	}
	best[(*n)++] = *word;
}

void scenes_local_query(const char *text, struct film_scene *scene)
{
	char *copy = strndup(text + scene->at, scene->len);
	char *folded = copy != NULL ? words_fold(copy) : NULL;
	struct keyword best[KEYWORDS];
	size_t n = 0, used = 0;

	for (const char *p = folded; p != NULL && *p != '\0';) {
		struct keyword word = {.at = p += strspn(p, " ")};

		word.len = strcspn(p, " ");
		p += word.len;
		word.weight = text_length(word.at, word.len);
		if (word.len > 0 && word.weight > 2 && !is_stop_word(word.at, word.len))
			keep_keyword(best, &n, &word);
	}
	scene->query[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t cut = text_cut(best[i].at, best[i].len, 28);

		used += (size_t)snprintf(scene->query + used, QUERY_SIZE - used, "%s%.*s",
					 i > 0 ? " " : "", (int)cut, best[i].at);
	}
	if (n == 0 && copy != NULL)
		snprintf(scene->query, QUERY_SIZE, "%.*s", (int)text_cut(copy, strlen(copy), 40),
			 copy);
	free(folded);
	free(copy);
}
