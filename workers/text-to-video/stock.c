#include "workers/text-to-video/stock.h"

#include <curl/curl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

enum {
	ANSWER_MAX = 1 << 20,
	CLIP_MAX = 64 << 20,
	WIDE = 1280,     /* no less, if there is a choice */
	TOO_WIDE = 1920, /* a larger one costs memory and shows no more */
};

static const char download[] = "clip.part";

static const char *string_of(json_object *obj, const char *name)
{
	json_object *value = NULL;

	if (!json_object_object_get_ex(obj, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

static int int_of(json_object *obj, const char *name)
{
	json_object *value = NULL;

	return json_object_object_get_ex(obj, name, &value) ? json_object_get_int(value) : 0;
}

static json_object *array_of(json_object *obj, const char *name)
{
	json_object *value = NULL;

	if (!json_object_object_get_ex(obj, name, &value) ||
	    !json_object_is_type(value, json_type_array))
		return NULL;
	return value;
}

/* The smallest file that fills the frame, else the widest of the smaller ones. */
static const char *best_file(json_object *video)
{
	json_object *files = array_of(video, "video_files");
	const char *best = NULL;
	int best_width = 0;

	for (size_t i = 0; files && i < json_object_array_length(files); i++) {
		json_object *file = json_object_array_get_idx(files, i);
		const char *link = string_of(file, "link"), *type = string_of(file, "file_type");
		int width = int_of(file, "width");

		if (!link || width <= 0 || width > TOO_WIDE || (type && strcmp(type, "video/mp4")))
			continue;
		if (!best || (best_width < WIDE ? width > best_width
						: width >= WIDE && width < best_width)) {
			best = link;
			best_width = width;
		}
	}
	return best;
}

static char *credit_of(json_object *video)
{
	json_object *user = NULL;
	const char *name = NULL, *page = string_of(video, "url");

	if (json_object_object_get_ex(video, "user", &user))
		name = string_of(user, "name");
	return g_strdup_printf("Video by %s on Pexels%s%s", name ? name : "an unnamed author",
			       page ? ": " : "", page ? page : "");
}

static enum kn_err search(const struct remote *pexels, const char *query, json_object **answer,
			  char *why, size_t why_size)
{
	char *escaped = curl_easy_escape(NULL, query, 0);
	char *url = g_strdup_printf(
		"%s/videos/search?query=%s&per_page=5&orientation=landscape&size=small",
		pexels->base, escaped ? escaped : "");
	struct remote_call call = {.remote = pexels,
				   .url = url,
				   .authorization = pexels->key,
				   .max_bytes = ANSWER_MAX};
	enum kn_err err = remote_json(&call, answer, why, why_size);

	curl_free(escaped);
	g_free(url);
	return err;
}

static enum kn_err fetch(const struct remote *pexels, const char *query, char **credit, char *why,
			 size_t why_size)
{
	json_object *answer = NULL, *videos;
	const char *link = NULL;
	enum kn_err err = search(pexels, query, &answer, why, why_size);

	if (err)
		return err;
	videos = array_of(answer, "videos");
	if (!videos) {
		snprintf(why, why_size, "the answer is not a list of videos");
		err = KN_ERR_CORRUPT;
		goto out;
	}
	for (size_t i = 0; !link && i < json_object_array_length(videos); i++) {
		json_object *video = json_object_array_get_idx(videos, i);

		link = best_file(video);
		*credit = link ? credit_of(video) : NULL;
	}
	if (!link) {
		snprintf(why, why_size, "there is no clip for it");
		err = KN_ERR_NOT_FOUND;
		goto out;
	}
	err = remote_perform(
		&(struct remote_call){
			.remote = pexels, .url = link, .file = download, .max_bytes = CLIP_MAX},
		NULL, why, why_size);
out:
	json_object_put(answer);
	return err;
}

enum kn_err stock_fetch(const struct remote *pexels, const char *query,
			const struct stock_cache *cache, char **clip, char **credit, char *why,
			size_t why_size)
{
	enum kn_err err;

	*clip = *credit = NULL;
	if (stock_cache_find(cache, query, clip, credit))
		return KN_OK;
	err = fetch(pexels, query, credit, why, why_size);
	if (!err) {
		stock_cache_keep(cache, query, download, *credit, clip);
		err = *clip ? KN_OK : KN_ERR_IO;
	}
	if (err) {
		g_free(*credit);
		*credit = NULL;
	}
	return err;
}
