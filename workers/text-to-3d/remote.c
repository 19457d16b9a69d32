#include "remote.h"

#include <curl/curl.h>
#include <json-c/json.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 48 << 20, CONNECT_SECONDS = 15, TOTAL_SECONDS = 120, QUOTE_BYTES = 160 };

static const char MODEL[] = "grok-2-image";
/* What the model is made from must stand out from its ground. */
static const char MANNER[] = ". A single subject, whole and centred, on a plain white ground.";

static size_t receive(char *data, size_t size, size_t n, void *arg)
{
	struct blob *b = arg;
	if (b->size + size * n > ANSWER_MAX)
		return 0;
	blob_add(b, data, size * n);
	return blob_failed(b) ? 0 : size * n;
}

static json_object *parse(const struct blob *b)
{
	json_tokener *t = json_tokener_new();
	json_object *o = t && b->size > 0
				 ? json_tokener_parse_ex(t, (const char *)b->data, (int)b->size)
				 : NULL;
	if (t && json_tokener_get_error(t) != json_tokener_success) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(t);
	return o;
}

/* {"error": "…"} or {"error": {"message": "…"}}, or "" */
static const char *message_of(json_object *answer)
{
	json_object *e = NULL, *m = NULL;
	if (!json_object_is_type(answer, json_type_object) ||
	    !json_object_object_get_ex(answer, "error", &e))
		return "";
	if (json_object_is_type(e, json_type_object) && json_object_object_get_ex(e, "message", &m))
		e = m;
	return json_object_is_type(e, json_type_string) ? json_object_get_string(e) : "";
}

static enum kn_err judge(long status, const struct blob *answer, char *why, size_t why_size)
{
	if (status == 200)
		return KN_OK;
	json_object *o = parse(answer);
	const char *said = message_of(o);
	snprintf(why, why_size, "The image service answered %ld%s%.*s", status, *said ? ": " : "",
		 QUOTE_BYTES, said);
	json_object_put(o);
	if (status == 429 || status >= 500)
		return KN_ERR_BUSY;
	return status == 401 || status == 403 ? KN_ERR_FORBIDDEN : KN_ERR_INVALID;
}

static enum kn_err perform(CURL *curl, const struct remote_request *q, const char *body,
			   struct blob *answer, char *why, size_t why_size)
{
	char url[2048], auth[1024];
	struct curl_slist *headers = NULL;
	size_t len = strlen(q->base_url);
	while (len > 0 && q->base_url[len - 1] == '/')
		len--;
	snprintf(url, sizeof(url), "%.*s/images/generations", (int)len, q->base_url);
	snprintf(auth, sizeof(auth), "Authorization: Bearer %s", q->key);
	headers = curl_slist_append(headers, "Content-Type: application/json");
	headers = curl_slist_append(headers, auth);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TOTAL_SECONDS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	CURLcode code = curl_easy_perform(curl);
	curl_slist_free_all(headers);
	long status = 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK)
		return judge(status, answer, why, why_size);
	if (code == CURLE_WRITE_ERROR) {
		snprintf(why, why_size, "The image service's answer is too large");
		return KN_ERR_TOO_LARGE;
	}
	snprintf(why, why_size, "The image service %s: %s",
		 answer->size > 0 ? "broke off" : "could not be reached", curl_easy_strerror(code));
	return code == CURLE_OPERATION_TIMEDOUT ? KN_ERR_TIMEOUT : KN_ERR_BUSY;
}

static enum kn_err decode(const struct blob *answer, struct blob *out, char *why, size_t why_size)
{
	json_object *o = parse(answer), *data = NULL, *first, *b64 = NULL;
	enum kn_err err = KN_ERR_INVALID;
	size_t size = 0;
	snprintf(why, why_size, "The image service's answer holds no picture");
	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, "data", &data) ||
	    !json_object_is_type(data, json_type_array))
		goto out;
	first = json_object_array_get_idx(data, 0);
	if (!json_object_is_type(first, json_type_object) ||
	    !json_object_object_get_ex(first, "b64_json", &b64) ||
	    !json_object_is_type(b64, json_type_string))
		goto out;
	size_t len = (size_t)json_object_get_string_len(b64);
	unsigned char *bin = malloc(len / 4 * 3 + 4);
	err = KN_ERR_NOMEM;
	if (!bin)
		goto out;
	err = KN_ERR_INVALID;
	if (sodium_base642bin(bin, len / 4 * 3 + 4, json_object_get_string(b64), len, "\r\n", &size,
			      NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
	    size > 0) {
		blob_add(out, bin, size);
		err = blob_failed(out) ? KN_ERR_NOMEM : KN_OK;
	}
	free(bin);
out:
	json_object_put(o);
	return err;
}

/* A JPEG without its end: decoders make the rest of it grey. */
static bool is_cut(const struct blob *picture)
{
	const char *type = blob_image_type(picture);
	size_t tail = picture->size < 64 ? picture->size : 64;
	return type && strcmp(type, "image/jpeg") == 0 &&
	       !memmem(picture->data + picture->size - tail, tail, "\xff\xd9", 2);
}

static json_object *make_request(const char *prompt)
{
	struct blob text = {0};
	json_object *body = json_object_new_object();
	blob_add(&text, prompt, strlen(prompt));
	blob_add(&text, MANNER, sizeof(MANNER));
	json_object_object_add(body, "model", json_object_new_string(MODEL));
	json_object_object_add(
		body, "prompt",
		json_object_new_string(blob_failed(&text) ? prompt : (const char *)text.data));
	json_object_object_add(body, "n", json_object_new_int(1));
	json_object_object_add(body, "response_format", json_object_new_string("b64_json"));
	blob_free(&text);
	return body;
}

enum kn_err remote_picture(const struct remote_request *q, struct blob *out, char *why,
			   size_t why_size)
{
	struct blob answer = {0};
	json_object *body = make_request(q->prompt);
	*out = (struct blob){NULL, 0};
	CURL *curl = curl_easy_init();
	enum kn_err err = KN_ERR_NOMEM;
	if (curl)
		err = perform(curl, q, json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN),
			      &answer, why, why_size);
	if (!err)
		err = decode(&answer, out, why, why_size);
	if (!err && is_cut(out)) {
		snprintf(why, why_size, "The image service's picture is cut off");
		blob_free(out);
		err = KN_ERR_BUSY;
	}
	curl_easy_cleanup(curl);
	json_object_put(body);
	blob_free(&answer);
	return err;
}
