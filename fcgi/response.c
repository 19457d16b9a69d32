#include "response.h"

#include "connection.h"
#include "cors.h"
#include "lib/asset.h"
#include "lib/conf.h"
#include "lib/log.h"
#include "router.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEEP_BYTES = 64 * 1024 }; /* larger buffers are given back after the request */

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{422, "Unprocessable Content"},
	{429, "Too Many Requests"},
	{500, "Internal Server Error"},
	{503, "Service Unavailable"},
	{507, "Insufficient Storage"},
};

static const char *reason_of(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

static void put_text(struct bytes *to, const char *text)
{
	bytes_put(to, text, strlen(text));
}

static void put_header(struct bytes *to, const char *name, const char *value)
{
	put_text(to, name);
	put_text(to, ": ");
	put_text(to, value);
	put_text(to, "\r\n");
}

void response_header_plain(struct request *req, const char *name, const char *value)
{
	put_header(&req->res->head, name, value);
}

void response_header(struct request *req, const char *name, const char *fmt, ...)
{
	char value[1024];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(value) || value[strcspn(value, "\r\n")] != '\0')
		log_error("request %s: header %s refused: it is too long or has a line end",
			  req->id, name);
	else
		put_header(&req->res->head, name, value);
}

int response_status(const struct request *req)
{
	return req->res->status;
}

static void begin_answer(struct request *req, int status)
{
	req->res->status = status;
	req->res->by_nginx = false;
	req->res->body.len = 0;
}

struct bytes *respond_json_text(struct request *req, int status)
{
	begin_answer(req, status);
	put_text(&req->res->head, "Content-Type: application/json\r\n");
	return &req->res->body;
}

void respond_json(struct request *req, int status, json_object *body)
{
	struct bytes *to = respond_json_text(req, status);
	size_t len;
	const char *text = json_object_to_json_string_length(
		body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	if (text != NULL)
		bytes_put(to, text, len);
	else
		to->failed = true;
	json_object_put(body);
}

void respond_empty(struct request *req, int status)
{
	begin_answer(req, status);
}

/* Names of ours are plain; whatever else got in must not end the quoted string. */
static void put_download_name(struct request *req, const char *name)
{
	char *safe = arena_copy(&request_connection(req)->arena, name, strlen(name));

	for (char *c = safe; c != NULL && *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr("-._", *c) == NULL)
			*c = '_';
	response_header(req, "Content-Disposition", "attachment; filename=\"%s\"",
			safe != NULL ? safe : "download");
}

/* For servers that want a path, not a location: Apache's mod_xsendfile. */
static void put_sendfile(struct request *req, const char *rel)
{
	static const char examples[] = "/_examples/";
	const struct conf *conf = req->server->conf;
	char path[PATH_MAX];

	if (strncmp(rel, examples, sizeof(examples) - 1) == 0)
		response_header(req, "X-Sendfile", "%s/%s", conf->examples_path,
				rel + sizeof(examples) - 1);
	else if (asset_path(conf, rel, path) == KN_OK)
		response_header(req, "X-Sendfile", "%s", path);
}

void respond_file(struct request *req, const char *rel, const char *mime, const char *download_name)
{
	begin_answer(req, 200);
	req->res->by_nginx = true;
	if (request_param(req, "KINORA_SENDFILE") != NULL)
		put_sendfile(req, rel);
	else
		response_header(req, "X-Accel-Redirect", "%s%s", rel[0] == '/' ? "" : "/_files/",
				rel);
	response_header(req, "Content-Type", "%s", mime);
	if (download_name != NULL)
		put_download_name(req, download_name);
}

static json_object *plain_error_body(enum kn_err err, const char *text)
{
	json_object *body = json_object_new_object();

	(void)err;
	json_object_object_add(body, "error", json_object_new_string(text));
	return body;
}

/* After how many seconds it is worth while to ask again; 0: nobody can tell. */
static int retry_seconds(enum kn_err err, int status)
{
	if (err == KN_ERR_QUEUE || err == KN_ERR_OWNER_QUEUE)
		return RESPONSE_QUEUE_RETRY_SECONDS;
	return status == 503 ? 1 : 0;
}

void respond_error(struct request *req, enum kn_err err, const char *text)
{
	const struct dialect *dialect =
		req->dialect != NULL ? req->dialect : router_dialect(req);
	int status = kn_err_status(err), retry;

	if (dialect != NULL && dialect->error_status != NULL)
		status = dialect->error_status(err);
	if (text == NULL)
		text = kn_err_text(err);
	/* 503 and 507 are no faults of ours, come in floods, and stand in the request log. */
	if (status == 500)
		log_error("request %s: %s %s: %s", req->id, req->method, req->path, text);
	retry = retry_seconds(err, status);
	if (retry > 0)
		response_header(req, "Retry-After", "%d", retry);
	respond_json(req, status,
		     dialect != NULL ? dialect->error_body(err, text)
				     : plain_error_body(err, text));
}

void response_to_check(struct request *req)
{
	struct response *res = req->res;

	if (res->status == 204)
		return;
	response_header(req, "X-Kinora-Status", "%d", res->status);
	response_header(req, "X-Kinora-Refusal", "%.*s", (int)res->body.len,
			(const char *)res->body.data);
	res->status = 403;
	res->body.len = 0;
}

/* The status line comes first, so the lines given so far move behind it. */
static void build_head(struct request *req, struct bytes *to)
{
	struct response *res = req->res;

	put_text(to, "Status: ");
	bytes_put_decimal(to, (uint64_t)res->status);
	put_text(to, " ");
	put_text(to, reason_of(res->status));
	put_text(to, "\r\n");
	put_header(to, "X-Request-Id", req->id);
	bytes_put(to, res->head.data, res->head.len);
	if (!res->by_nginx && res->status != 204) {
		put_text(to, "Content-Length: ");
		bytes_put_decimal(to, res->body.len);
		put_text(to, "\r\n");
	}
	put_text(to, "\r\n");
	if (strcmp(req->method, "HEAD") != 0)
		bytes_put(to, res->body.data, res->body.len);
}

void response_send(struct request *req)
{
	static const char out_of_memory[] =
		"Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
	struct connection *connection = request_connection(req);
	struct response *res = req->res;
	struct bytes *out = &connection->out;

	if (res->status == 0)
		respond_error(req, KN_ERR_INTERNAL, NULL);
	cors_add_headers(req);
	build_head(req, out);
	if (res->head.failed || res->body.failed || out->failed)
		FCGX_PutStr(out_of_memory, sizeof(out_of_memory) - 1, connection->fcgx.out);
	else
		FCGX_PutStr((const char *)out->data, (int)out->len, connection->fcgx.out);
}

static void buffer_reset(struct bytes *buffer)
{
	if (buffer->size > KEEP_BYTES || buffer->failed) {
		free(buffer->data);
		*buffer = (struct bytes){0};
	}
	buffer->len = 0;
}

void response_reset(struct connection *connection)
{
	struct response *res = &connection->res;

	res->status = 0;
	res->by_nginx = false;
	buffer_reset(&res->head);
	buffer_reset(&res->body);
	buffer_reset(&connection->out);
}

void response_free(struct connection *connection)
{
	free(connection->res.head.data);
	free(connection->res.body.data);
	free(connection->out.data);
}
