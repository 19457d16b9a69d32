#include "workers/text-to-video/queries.h"

#include "workers/common/words.h"
#include "workers/text-to-video/stage.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

enum {
	SCENES_PER_REQUEST = 20,
	ANSWER_MAX = 1 << 20,
	QUERY_CHARS = 80,
	HAN_RUN = 4, /* characters of a Chinese phrase */
};

/* A word without the punctuation around it. */
struct core {
	const char *at;
	size_t len;
	int score; /* 0: means little */
};

static bool is_core(ucs4_t c, bool kana)
{
	const uc_script_t *script = uc_script(c);

	if (kana && script && !strcmp(script->name, "Hiragana"))
		return false;
	return uc_is_general_category(c, UC_CATEGORY_L) ||
	       uc_is_general_category(c, UC_CATEGORY_M) || uc_is_general_category(c, UC_CATEGORY_N);
}

/* From the first letter to the last before something else; apostrophes and hyphens inside stay. */
static struct core core_of(const struct word *word, bool kana, size_t *chars)
{
	const uint8_t *at = (const uint8_t *)word->at, *end = at + word->len;
	struct core core = {NULL, 0, 0};
	ucs4_t c;

	*chars = 0;
	for (int n; at < end; at += n) {
		n = u8_mbtouc(&c, at, (size_t)(end - at));
		if (is_core(c, kana)) {
			if (!core.at)
				core.at = (const char *)at;
			core.len = (size_t)((const char *)at + n - core.at);
			(*chars)++;
		} else if (core.at && kana) {
			break;
		}
	}
	return core;
}

static bool begins_upper(const struct core *core)
{
	ucs4_t c;

	u8_mbtouc(&c, (const uint8_t *)core->at, core->len);
	return uc_is_general_category(c, UC_CATEGORY_Lu);
}

/* Long words and names say more than short ones; adverbs say little. */
static struct core weigh(const struct text *text, size_t i)
{
	bool kana = text->language->rule == WORDS_BY_KANA;
	size_t chars;
	struct core core = core_of(&text->words[i], kana, &chars);
	char *bare, *folded;

	/* The rest of a run that was cut says nothing by itself. */
	if (!core.at ||
	    (i && text->language->rule == WORDS_BY_SPACE && !text->words[i - 1].space_after))
		return core;
	bare = g_strndup(core.at, core.len);
	folded = words_fold(bare);
	if (folded && words_find(folded, text->language->stop) != 0 && chars + kana > 1) {
		core.score = chars < 9 ? (int)chars : 9;
		if (i && !text->words[i - 1].ends_sentence && begins_upper(&core))
			core.score += 3;
		if (core.len > 4 && !memcmp(core.at + core.len - 2, "ly", 2))
			core.score = 1;
	}
	free(folded);
	g_free(bare);
	return core;
}

/* The heaviest word, with the one before or after it if they belong together. */
static char *phrase(const struct text *text, size_t from, size_t to)
{
	struct core before = {0}, best = {0}, first = {0}, last = {0};

	for (size_t i = from; i < to; i++) {
		struct core core = weigh(text, i);
		bool joined = i > from && before.score && !text->words[i - 1].ends_clause;
		int sum = core.score + (joined ? before.score * 2 / 3 : 0);

		if (core.score && sum > best.score) {
			best.score = sum;
			first = joined ? before : core;
			last = core;
		}
		before = core;
	}
	return best.score ? g_strndup(first.at, (size_t)(last.at + last.len - first.at)) : NULL;
}

/* Chinese: the longest run of characters that mean something. */
static char *han_phrase(const struct text *text, size_t from, size_t to)
{
	size_t start = from, best = from, most = 0;

	for (size_t i = from; i <= to; i++) {
		size_t chars = 0;
		struct core core = {0};
		char *bare = NULL;

		if (i < to) {
			core = core_of(&text->words[i], false, &chars);
			bare = g_strndup(text->words[i].at, core.at ? core.len : 0);
		}
		/* A character with a comma behind it ends its run. */
		if (bare && *bare && !strstr(text->language->stop, bare) &&
		    (i == start || text->words[i - 1].len == strlen(bare))) {
			g_free(bare);
			continue;
		}
		if (i - start > most) {
			most = i - start;
			best = start;
		}
		start = bare && *bare && !strstr(text->language->stop, bare) ? i : i + 1;
		g_free(bare);
	}
	return most ? text_span(text, best, best + (most > HAN_RUN ? HAN_RUN : most)) : NULL;
}

/* Nothing stands out: the beginning. */
static char *opening(const struct text *text, size_t from, size_t to)
{
	size_t end = from + 1;

	while (end < to && text_columns(text, from, end + 1) <= WORD_COLUMNS)
		end++;
	return text_span(text, from, end);
}

static char *pick(const struct text *text, const struct panel *panel)
{
	bool han = !strcmp(text->language->script, "Han");
	char *query = han ? han_phrase(text, panel->from, panel->to)
			  : phrase(text, panel->from, panel->to);

	return query ? query : opening(text, panel->from, panel->to);
}

void queries_pick(struct storyboard *board, const struct text *text)
{
	for (size_t i = 0; i < board->count; i++) {
		g_free(board->panels[i].query);
		board->panels[i].query = pick(text, &board->panels[i]);
		stage_at(STAGE_QUERIES, (int64_t)i + 1, (int64_t)board->count);
	}
}

static json_object *message(const char *role, const char *content)
{
	json_object *obj = json_object_new_object();

	json_object_object_add(obj, "role", json_object_new_string(role));
	json_object_object_add(obj, "content", json_object_new_string(content));
	return obj;
}

static json_object *request_body(const struct text *text, const struct panel *panels, size_t count)
{
	json_object *body = json_object_new_object(), *messages = json_object_new_array();
	json_object *scenes = json_object_new_array();

	for (size_t i = 0; i < count; i++) {
		char *span = text_span(text, panels[i].from, panels[i].to);

		json_object_array_add(scenes, json_object_new_string(span ? span : ""));
		free(span);
	}
	json_object_array_add(
		messages,
		message("system",
			"You choose stock footage for a narrated film. The user sends a JSON array "
			"with the narration of each scene. Answer with a JSON object "
			"{\"queries\": [...]} with exactly one search query per scene: two or "
			"three "
			"English words for something that can be seen. No other text."));
	json_object_array_add(messages, message("user", json_object_to_json_string(scenes)));
	json_object_put(scenes);
	json_object_object_add(body, "model", json_object_new_string("gpt-4o-mini"));
	json_object_object_add(body, "messages", messages);
	return body;
}

/* choices[0].message.content, in which some models wrap the JSON in prose or a code fence. */
static json_object *read_queries(json_object *answer)
{
	json_object *at = NULL, *inner, *queries = NULL;
	const char *content, *open, *close;
	char *json;

	if (!json_object_object_get_ex(answer, "choices", &at) ||
	    !json_object_is_type(at, json_type_array) || !json_object_array_length(at) ||
	    !json_object_object_get_ex(json_object_array_get_idx(at, 0), "message", &at) ||
	    !json_object_object_get_ex(at, "content", &at) ||
	    !json_object_is_type(at, json_type_string))
		return NULL;
	content = json_object_get_string(at);
	open = strchr(content, '{');
	close = strrchr(content, '}');
	if (!open || !close || close < open)
		return NULL;
	json = g_strndup(open, (size_t)(close + 1 - open));
	inner = json_tokener_parse(json);
	g_free(json);
	if (json_object_object_get_ex(inner, "queries", &queries) &&
	    json_object_is_type(queries, json_type_array))
		json_object_get(queries);
	else
		queries = NULL;
	json_object_put(inner);
	return queries;
}

static void take_queries(json_object *queries, struct panel *panels)
{
	for (size_t i = 0; i < json_object_array_length(queries); i++) {
		json_object *query = json_object_array_get_idx(queries, i);
		char *text;

		if (!json_object_is_type(query, json_type_string))
			continue;
		text = g_utf8_make_valid(json_object_get_string(query), -1);
		g_strstrip(g_strdelimit(text, "\r\n\t", ' '));
		if (*text && g_utf8_strlen(text, -1) <= QUERY_CHARS) {
			g_free(panels[i].query);
			panels[i].query = g_strdup(text);
		}
		g_free(text);
	}
}

static enum kn_err ask(struct panel *panels, size_t count, const struct text *text,
		       const struct remote *remote, char *why, size_t why_size)
{
	char *url = g_strconcat(remote->base, "/chat/completions", NULL);
	char *authorization = g_strconcat("Bearer ", remote->key, NULL);
	json_object *answer = NULL, *queries = NULL, *body = request_body(text, panels, count);
	struct remote_call call = {.remote = remote,
				   .url = url,
				   .authorization = authorization,
				   .body = body,
				   .max_bytes = ANSWER_MAX};
	enum kn_err err = remote_json(&call, &answer, why, why_size);

	if (!err) {
		queries = read_queries(answer);
		if (queries && json_object_array_length(queries) == count) {
			take_queries(queries, panels);
		} else {
			snprintf(why, why_size, "the answer is not a query per scene");
			err = KN_ERR_CORRUPT;
		}
	}
	json_object_put(queries);
	json_object_put(answer);
	json_object_put(body);
	g_free(authorization);
	g_free(url);
	return err;
}

enum kn_err queries_ask(struct storyboard *board, const struct text *text,
			const struct remote *remote, char *why, size_t why_size)
{
	enum kn_err err = KN_OK;

	for (size_t i = 0; !err && i < board->count; i += SCENES_PER_REQUEST) {
		size_t count = board->count - i;

		if (count > SCENES_PER_REQUEST)
			count = SCENES_PER_REQUEST;
		err = ask(&board->panels[i], count, text, remote, why, why_size);
		stage_at(STAGE_QUERIES, (int64_t)(i + count), (int64_t)board->count);
	}
	return err;
}
