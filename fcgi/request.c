#include "request.h"

#include "connection.h"
#include "form.h"
#include "lib/clock.h"
#include "lib/conf.h"
#include "urlencoded.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct connection *request_connection(const struct request *req)
{
	return req->connection;
}

const char *request_param(const struct request *req, const char *name)
{
	return FCGX_GetParam(name, request_connection(req)->fcgx.envp);
}

/* The parameters that every request needs, read in one pass. */
struct given {
	const char *method, *path, *query, *content_type, *content_length, *remote_addr, *scheme,
		*host, *id, *check, *dialects, *origin;
};

static void read_given(char **envp, struct given *given)
{
	const struct {
		const char *name;
		size_t len;
		const char **to;
	} wanted[] = {
#define WANTED(name, field) {name, sizeof(name) - 1, &given->field}
		WANTED("REQUEST_METHOD", method),
		WANTED("DOCUMENT_URI", path),
		WANTED("QUERY_STRING", query),
		WANTED("CONTENT_TYPE", content_type),
		WANTED("CONTENT_LENGTH", content_length),
		WANTED("REMOTE_ADDR", remote_addr),
		WANTED("REQUEST_SCHEME", scheme),
		WANTED("HTTP_HOST", host),
		WANTED("REQUEST_ID", id),
		WANTED("KINORA_CHECK", check),
		WANTED("KINORA_DIALECTS", dialects),
		WANTED("HTTP_ORIGIN", origin),
#undef WANTED
	};

	for (; *envp != NULL; envp++) {
		const char *end = strchrnul(*envp, '=');
		size_t len = (size_t)(end - *envp);

		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (wanted[i].len == len && memcmp(wanted[i].name, *envp, len) == 0) {
				*wanted[i].to = end + (*end == '=');
				break;
			}
	}
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* nginx's $request_id, so that both logs name the request alike; else one of our own. */
static void set_id(struct request *req, const char *given)
{
	size_t n = 0;

	while (n < REQUEST_ID_SIZE && is_hex(given[n]))
		n++;
	if (n == REQUEST_ID_SIZE - 1 && given[n] == '\0')
		memcpy(req->id, given, REQUEST_ID_SIZE);
	else
		id_new_token(req->id);
}

/* A Host header ends up in URLs that we answer with: only what can stand in an authority. */
static const char *clean_host(const char *host)
{
	size_t n = strlen(host);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)host[i]) && strchr("-._:[]", host[i]) == NULL)
			return "localhost";
	return n > 0 && n <= 255 ? host : "localhost";
}

/* -1 for none, -2 for what is no length. */
static int64_t parse_length(const char *text)
{
	size_t n = strlen(text);

	if (n == 0)
		return -1;
	if (n > 18 || strspn(text, "0123456789") != n)
		return -2;
	return strtoll(text, NULL, 10);
}

void request_begin(struct request *req, struct connection *connection, struct server *server)
{
	struct given given = {"GET", "", "", "", "", "", "http", "", "", "", "", ""};

	read_given(connection->fcgx.envp, &given);
	connection->body = (struct body){.fd = -1};
	*req = (struct request){
		.server = server,
		.connection = connection,
		.res = &connection->res,
		.received = clock_mono_us(),
		.method = given.method,
		.path = given.path,
		.query = given.query,
		.content_type = given.content_type,
		.content_length = parse_length(given.content_length),
		.remote_addr = given.remote_addr,
		.dialects = given.dialects,
		.origin = given.origin,
		.scheme = strcmp(given.scheme, "https") == 0 ? "https" : "http",
		.host = clean_host(given.host),
		.is_check = given.check[0] != '\0',
	};
	set_id(req, given.id);
}

void request_end(struct request *req)
{
	struct connection *connection = request_connection(req);

	json_object_put(req->json);
	form_free(&req->form);
	body_end_turn(connection);
	if (connection->body.fd >= 0)
		close(connection->body.fd);
	if (req->body_file != NULL)
		unlink(req->body_file);
	free(req->body_file);
	req->body_file = NULL;
	response_reset(connection);
	arena_reset(&connection->arena);
}

enum kn_err request_query(struct request *req, const char *name, const char **value)
{
	struct arena *arena = &request_connection(req)->arena;
	struct urlencoded_pair pair;
	const char *at = req->query;
	enum kn_err err = KN_OK;

	*value = NULL;
	while (err == KN_OK && urlencoded_next(&at, &pair)) {
		char *text;
		size_t len;

		if (!urlencoded_is(&pair, name))
			continue;
		text = arena_copy(arena, pair.value, pair.value_len);
		if (text == NULL)
			return KN_ERR_NOMEM;
		err = urlencoded_decode(text, pair.value_len, &len);
		if (err == KN_OK)
			*value = text;
	}
	return err;
}

/* nginx closes the connection when its client is gone; the web server has sent all of the request
 * by now. */
bool request_is_abandoned(const struct request *req)
{
	struct pollfd web = {.fd = request_connection(req)->fcgx.ipcFd, .events = POLLRDHUP};

	return poll(&web, 1, 0) > 0 && (web.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void request_set_job(struct request *req, const char *job_id)
{
	size_t n = strnlen(job_id, sizeof(req->job_id) - 1);

	memcpy(req->job_id, job_id, n);
	req->job_id[n] = '\0';
}

const char *request_base_url(const struct request *req)
{
	struct arena *arena = &request_connection(req)->arena;
	const char *public_url = req->server->conf->public_url;
	size_t n = strlen(public_url);
	char *url;

	while (n > 0 && public_url[n - 1] == '/')
		n--;
	if (n > 0)
		return arena_copy(arena, public_url, n);
	url = arena_alloc(arena, strlen(req->scheme) + sizeof("://") + strlen(req->host));
	if (url != NULL)
		stpcpy(stpcpy(stpcpy(url, req->scheme), "://"), req->host);
	return url;
}
