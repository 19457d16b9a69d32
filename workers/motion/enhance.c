#include "workers/motion/enhance.h"

#include "lib/json.h"
#include "workers/common/palette.h"
#include "workers/common/words.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 1 << 20, CHAT_SECONDS = 20, PROMPT_MAX = 4000 };

#define CHAT_MODEL "gpt-4o-mini"

static const char instruction[] =
	"Rewrite the user's prompt for an image-to-video model in at most 60 words. Keep its "
	"subject and "
	"intent. Name light, camera movement and atmosphere. Answer with the prompt alone.";

struct answer {
	char *text;
	size_t len;
};

static size_t take(char *data, size_t size, size_t count, void *arg)
{
	struct answer *answer = arg;
	size_t len = size * count;
	char *grown;

	if (answer->len + len > ANSWER_MAX)
		return 0;
	grown = realloc(answer->text, answer->len + len + 1);
	if (!grown)
		return 0;
	answer->text = grown;
	memcpy(grown + answer->len, data, len);
	answer->len += len;
	grown[answer->len] = '\0';
	return len;
}

static json_object *message(const char *role, const char *content)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "role", json_object_new_string(role));
	json_object_object_add(object, "content", json_object_new_string(content));
	return object;
}

static json_object *question(const char *prompt)
{
	json_object *body = json_object_new_object(), *messages = json_object_new_array();

	json_object_array_add(messages, message("system", instruction));
	json_object_array_add(messages, message("user", prompt));
	json_object_object_add(body, "model", json_object_new_string(CHAT_MODEL));
	json_object_object_add(body, "messages", messages);
	return body;
}

/* choices[0].message.content, or NULL. */
static const char *find_content(json_object *root)
{
	json_object *choices, *message, *content;

	if (!json_object_object_get_ex(root, "choices", &choices) ||
	    !json_object_is_type(choices, json_type_array) ||
	    !json_object_object_get_ex(json_object_array_get_idx(choices, 0), "message",
				       &message) ||
	    !json_object_object_get_ex(message, "content", &content) ||
	    !json_object_is_type(content, json_type_string))
		return NULL;
	return json_object_get_string(content);
}

/* The prompt that the endpoint answered with as a new string, without blanks around it, or NULL. */
static char *content_of(const struct answer *answer)
{
	json_object *root = NULL;
	const char *words = NULL;
	char *copy = NULL;
	size_t len;

	if (answer->text && !json_parse_strict(answer->text, answer->len, &root))
		words = find_content(root);
	if (words) {
		words += strspn(words, " \t\r\n");
		len = strlen(words);
		while (len && strchr(" \t\r\n", words[len - 1]))
			len--;
		if (len && len <= PROMPT_MAX)
			copy = strndup(words, len);
	}
	json_object_put(root);
	return copy;
}

static CURLcode post(CURL *curl, const struct worker_job *job, json_object *body,
		     struct answer *answer)
{
	const char *base = worker_option(job, "openai_base_url");
	char url[1024], key[1024];
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json"),
			  *more;
	CURLcode code;

	snprintf(url, sizeof(url), "%s/chat/completions",
		 *base ? base : "https://api.openai.com/v1");
	snprintf(key, sizeof(key), "Authorization: Bearer %s",
		 worker_option(job, "openai_api_key"));
	more = curl_slist_append(headers, key);
	headers = more ? more : headers;
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
			 json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN));
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)CHAT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	code = curl_easy_perform(curl);
	curl_slist_free_all(headers);
	return code;
}

/* NULL when the endpoint is of no help; the rules then do. */
static char *by_chat(const struct worker_job *job, const char *prompt)
{
	struct answer answer = {NULL, 0};
	json_object *body = question(prompt);
	CURL *curl;
	CURLcode code = CURLE_FAILED_INIT;
	long status = 0;
	char *result = NULL;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	curl = curl_easy_init();
	if (curl)
		code = post(curl, job, body, &answer);
	if (!code)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		result = content_of(&answer);
	if (!result)
		worker_log("Prompt enhancement by the chat endpoint failed (%s); rules are used "
			   "instead",
			   code ? curl_easy_strerror(code) : "no usable answer");
	curl_easy_cleanup(curl);
	curl_global_cleanup();
	json_object_put(body);
	free(answer.text);
	return result;
}

/* Light and air for each palette; what a prompt names itself is not said again. */
static const struct {
	const char *palette, *light;
} moods[] = {
	{"sunset", "warm golden light and long shadows"},
	{"dawn", "soft morning light through thin mist"},
	{"ocean", "clear sea light with glittering reflections"},
	{"forest", "dappled green light between leaves"},
	{"night", "deep blue moonlight and gentle contrast"},
	{"space", "starlight and the glow of distant nebulae"},
	{"neon", "vivid neon light with wet reflections"},
	{"fire", "flickering firelight and drifting embers"},
	{"snow", "crisp winter light and a cold clear air"},
	{"desert", "hard sun and shimmering heat"},
	{"blossom", "tender spring light and a shallow focus"},
	{"storm", "dramatic overcast light"},
	{"autumn", "amber light and a cosy warmth"},
	{"gold", "rich golden highlights on dark tones"},
	{"candy", "bright cheerful light and saturated colours"},
	{"slate", "clean studio light and calm tones"},
};

static char *by_rules(const char *prompt)
{
	const struct palette *palette = palette_choose(prompt, 0);
	char *folded = words_fold(prompt), *result = NULL;
	const char *light = "soft natural light", *camera = "", *style = "";
	size_t len = strlen(prompt);

	for (size_t i = 0; i < sizeof(moods) / sizeof(moods[0]); i++)
		if (!strcmp(moods[i].palette, palette->name))
			light = moods[i].light;
	if (folded && !words_have(folded, "camera|zoom*|pan*|tilt*|dolly|orbit*|roll*|static"))
		camera = ", a slow and steady push in";
	if (folded && !words_have(folded, "cinematic|film*|movie"))
		style = ", cinematic composition with depth";
	while (len && strchr(" .,;!\n", prompt[len - 1]))
		len--;
	if (asprintf(&result, "%.*s, %s%s%s, fluid natural motion, finely detailed", (int)len,
		     prompt, light, camera, style) < 0)
		result = NULL;
	free(folded);
	return result;
}

char *enhance_prompt(const struct worker_job *job, const char *prompt)
{
	char *result = NULL;

	worker_progress(1, "prompt", "Enhancing the prompt");
	if (*worker_option(job, "openai_api_key"))
		result = by_chat(job, prompt);
	if (!result)
		result = by_rules(prompt);
	if (!result)
		worker_fail(true, "memory", "Out of memory");
	worker_log("Enhanced prompt: %s", result);
	worker_progress(2, "prompt", result);
	return result;
}
