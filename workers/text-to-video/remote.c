#include "workers/text-to-video/remote.h"

#include "workers/common/fetch.h"

#include <curl/curl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	ATTEMPTS = 3,
	RETRY_SECONDS = 2,      /* when a 429 does not say how long */
	RETRY_SECONDS_MAX = 15, /* a service that wants more time is not waited for */
	CONNECT_SECONDS = 10,
	REDIRECTS = 3,
};

struct transfer {
	const struct remote_call *call;
	GString *text;
	FILE *file;
	int64_t bytes;
	bool trusted; /* the operator's own base, which may be on this machine */
	bool refused;
};

static size_t take(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * count;

	t->bytes += (int64_t)len;
	if (t->bytes > t->call->max_bytes)
		return 0;
	if (t->file)
		return fwrite(data, 1, len, t->file);
	g_string_append_len(t->text, data, (gssize)len);
	return len;
}

/* A link in an answer must not lead into our own network. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = arg;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    (!t->trusted && !fetch_address_is_public(&address->addr, address->addrlen))) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static struct curl_slist *headers(const struct remote_call *call)
{
	struct curl_slist *list = NULL;
	char *line;

	if (call->authorization) {
		line = g_strconcat("Authorization: ", call->authorization, NULL);
		list = curl_slist_append(list, line);
		g_free(line);
	}
	if (call->body)
		list = curl_slist_append(list, "Content-Type: application/json");
	return list;
}

static void set_options(CURL *curl, struct transfer *t, struct curl_slist *list)
{
	const struct remote_call *call = t->call;
	bool plain = !strncasecmp(call->remote->base, "http://", 7);

	curl_easy_setopt(curl, CURLOPT_URL, call->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, plain ? "http,https" : "https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, plain ? "http,https" : "https");
	/* With a key no redirect is followed: it would go where the key was not meant for. */
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, call->authorization ? 0L : 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, call->remote->seconds);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "kinora");
	if (call->body)
		curl_easy_setopt(
			curl, CURLOPT_POSTFIELDS,
			json_object_to_json_string_ext(call->body, JSON_C_TO_STRING_PLAIN));
}

static enum kn_err restart(struct transfer *t)
{
	t->bytes = 0;
	g_string_truncate(t->text, 0);
	if (t->file && (fseek(t->file, 0, SEEK_SET) || ftruncate(fileno(t->file), 0)))
		return KN_ERR_IO;
	return KN_OK;
}

static enum kn_err explain(const struct transfer *t, CURLcode code, char *why, size_t why_size)
{
	const char *text = curl_easy_strerror(code);

	if (t->refused)
		text = "the address is not on the public internet";
	else if (t->bytes > t->call->max_bytes)
		text = "the answer is too large";
	else if (code == CURLE_OPERATION_TIMEDOUT)
		text = "the service took too long";
	snprintf(why, why_size, "%s", text);
	return code == CURLE_OPERATION_TIMEDOUT ? KN_ERR_TIMEOUT : KN_ERR_IO;
}

/* KN_ERR_LIMIT: *wait seconds are asked for. */
static enum kn_err attempt(CURL *curl, struct transfer *t, long *wait, char *why, size_t why_size)
{
	enum kn_err err = restart(t);
	curl_off_t after = 0;
	long status = 0;
	CURLcode code;

	if (err) {
		snprintf(why, why_size, "the answer could not be stored");
		return err;
	}
	code = curl_easy_perform(curl);
	if (code)
		return explain(t, code, why, why_size);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return KN_OK;
	snprintf(why, why_size, "the service answered with status %ld", status);
	if (status != 429 && status != 503)
		return KN_ERR_IO;
	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after);
	*wait = after > 0 && after <= 3600 ? (long)after : after > 0 ? 3600 : RETRY_SECONDS;
	return KN_ERR_LIMIT;
}

enum kn_err remote_perform(const struct remote_call *call, char **text, char *why, size_t why_size)
{
	struct transfer t = {.call = call, .text = g_string_new(NULL)};
	CURL *curl = curl_easy_init();
	struct curl_slist *list = headers(call);
	enum kn_err err = KN_ERR_IO;
	long wait = 0;

	t.trusted = call->authorization || !strncasecmp(call->remote->base, "http://", 7);
	snprintf(why, why_size, "the request could not be made");
	if (call->file)
		t.file = fopen(call->file, "w+be");
	if (!curl || (call->file && !t.file))
		goto out;
	set_options(curl, &t, list);
	for (int i = 1; i <= ATTEMPTS; i++) {
		err = attempt(curl, &t, &wait, why, why_size);
		if (err != KN_ERR_LIMIT || wait > RETRY_SECONDS_MAX || i == ATTEMPTS)
			break;
		sleep((unsigned)wait);
	}
out:
	if (t.file && fclose(t.file) && !err)
		err = KN_ERR_IO;
	if (err && call->file)
		unlink(call->file);
	if (text)
		*text = err ? NULL : strdup(t.text->str);
	g_string_free(t.text, TRUE);
	curl_slist_free_all(list);
	curl_easy_cleanup(curl);
	return err;
}

enum kn_err remote_json(const struct remote_call *call, json_object **out, char *why,
			size_t why_size)
{
	char *text = NULL;
	enum kn_err err = remote_perform(call, &text, why, why_size);

	*out = NULL;
	if (err)
		return err;
	*out = text ? json_tokener_parse(text) : NULL;
	free(text);
	if (json_object_is_type(*out, json_type_object))
		return KN_OK;
	json_object_put(*out);
	*out = NULL;
	snprintf(why, why_size, "the answer is not a JSON object");
	return KN_ERR_CORRUPT;
}
