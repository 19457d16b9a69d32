/* Routes, methods and what the answers look like, without a socket: the parameters of a request are
 * given, its answer is looked at before it is sent. */
#include "fcgi/connection.h"
#include "fcgi/response.h"
#include "fcgi/router.h"
#include "lib/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void handle(struct request *req)
{
	respond_empty(req, 204);
}

static json_object *error_body(enum kn_err err, const char *text)
{
	json_object *body = json_object_new_object();

	(void)err;
	json_object_object_add(body, "said", json_object_new_string(text));
	return body;
}

static json_object *other_error_body(enum kn_err err, const char *text)
{
	json_object *body = json_object_new_object();

	(void)err;
	json_object_object_add(body, "other", json_object_new_string(text));
	return body;
}

static const struct route one_routes[] = {
	{"GET", "/", handle, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/v1/jobs", handle, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"POST", "/v1/jobs", handle, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/v1/jobs/special", handle, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/v1/jobs/{id}", handle, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"DELETE", "/videos/{id}.mp4", handle, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"PUT", "/w/{id}/assets/{name}", handle, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
};
static const struct route two_routes[] = {
	{"DELETE", "/v1/jobs", handle, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
};
static const struct dialect one = {
	.name = "one", .routes = one_routes, .routes_n = 7, .error_body = error_body};
static const struct dialect two = {.name = "two",
				   .root = "/two",
				   .routes = two_routes,
				   .routes_n = 1,
				   .error_body = other_error_body};

/* In place of dialects.c. */
const struct dialect *dialect_find(const char *name, size_t len)
{
	if (len == 3 && memcmp(name, "one", 3) == 0)
		return &one;
	return len == 3 && memcmp(name, "two", 3) == 0 ? &two : NULL;
}

struct fixture {
	struct conf conf;
	struct server server;
	struct connection connection;
	struct request req;
	char params[8][600];
	char *envp[9];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->conf.cors_origins = "https://a.example, https://b.example";
	f->conf.public_url = "";
	f->server.conf = &f->conf;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	response_free(&f->connection);
	arena_free(&f->connection.arena);
	free(f);
	return 0;
}

/* Parameters as "NAME=value", NULL at the end. */
static void begin(struct fixture *f, ...)
{
	va_list args;
	size_t n = 0;

	va_start(args, f);
	for (const char *param; n < 8 && (param = va_arg(args, const char *)) != NULL; n++) {
		snprintf(f->params[n], sizeof(f->params[n]), "%s", param);
		f->envp[n] = f->params[n];
	}
	va_end(args);
	f->envp[n] = NULL;
	f->connection.fcgx.envp = f->envp;
	request_begin(&f->req, &f->connection, &f->server);
}

static const struct route *route(struct fixture *f, const char *method, const char *path)
{
	char method_param[64], path_param[256];

	snprintf(method_param, sizeof(method_param), "REQUEST_METHOD=%s", method);
	snprintf(path_param, sizeof(path_param), "DOCUMENT_URI=%s", path);
	begin(f, method_param, path_param, "KINORA_DIALECTS=one unknown  two", NULL);
	return router_match(&f->req);
}

/* A NUL-terminated copy of what was answered, in f's arena. */
static const char *head_of(struct fixture *f)
{
	return arena_copy(&f->connection.arena, (const char *)f->req.res->head.data,
			  f->req.res->head.len);
}

static void test_match(void **state)
{
	static const struct {
		const char *method, *path;
		int route; /* of one_routes; -1: 404 */
		const char *args[2];
	} cases[] = {
		{"GET", "/", 0, {NULL}},
		{"GET", "/v1/jobs", 1, {NULL}},
		{"HEAD", "/v1/jobs", 1, {NULL}},
		{"POST", "/v1/jobs", 2, {NULL}},
		{"GET", "/v1/jobs/special", 3, {NULL}},
		{"GET", "/v1/jobs/job_1", 4, {"job_1"}},
		{"DELETE", "/videos/job_1.mp4", 5, {"job_1"}},
		{"DELETE", "/videos/a.mp4.mp4", 5, {"a.mp4"}},
		{"PUT", "/w/1/assets/video", 6, {"1", "video"}},
		{"GET", "", -1, {NULL}},
		{"GET", "/v1/jobs/", -1, {NULL}},
		{"GET", "/v1/jobs/a/b", -1, {NULL}},
		{"GET", "/v1", -1, {NULL}},
		{"GET", "/V1/jobs", -1, {NULL}},
		{"GET", "v1/jobs", -1, {NULL}},
		{"DELETE", "/videos/.mp4", -1, {NULL}},
		{"DELETE", "/videos/a.mp3", -1, {NULL}},
		{"PUT", "/w//assets/video", -1, {NULL}},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct route *found = route(f, cases[i].method, cases[i].path);

		if (cases[i].route < 0) {
			assert_null(found);
			assert_int_equal(response_status(&f->req), 404);
		} else {
			assert_ptr_equal(found, &one_routes[cases[i].route]);
			assert_ptr_equal(f->req.dialect, &one);
		}
		for (int a = 0; a < 2 && cases[i].args[a] != NULL; a++)
			assert_string_equal(f->req.args[a], cases[i].args[a]);
		request_end(&f->req);
	}
}

static void test_second_dialect(void **state)
{
	struct fixture *f = *state;

	assert_ptr_equal(route(f, "DELETE", "/v1/jobs"), &two_routes[0]);
	assert_ptr_equal(f->req.dialect, &two);
	request_end(&f->req);
}

static void test_method(void **state)
{
	struct fixture *f = *state;

	assert_null(route(f, "PATCH", "/v1/jobs"));
	assert_int_equal(response_status(&f->req), 405);
	assert_non_null(strstr(head_of(f), "Allow: GET, HEAD, POST, DELETE, OPTIONS\r\n"));
	request_end(&f->req);
	assert_null(route(f, "POST", "/videos/a.mp4"));
	assert_non_null(strstr(head_of(f), "Allow: DELETE, OPTIONS\r\n"));
	request_end(&f->req);
}

static void test_options(void **state)
{
	struct fixture *f = *state;

	begin(f, "REQUEST_METHOD=OPTIONS", "DOCUMENT_URI=/v1/jobs", "KINORA_DIALECTS=one",
	      "HTTP_ORIGIN=https://b.example", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS=x-a, x-b",
	      NULL);
	assert_null(router_match(&f->req));
	assert_int_equal(response_status(&f->req), 204);
	assert_non_null(
		strstr(head_of(f), "Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r\n"));
	assert_non_null(strstr(head_of(f), "Access-Control-Allow-Headers: x-a, x-b\r\n"));
	request_end(&f->req);

	begin(f, "REQUEST_METHOD=OPTIONS", "DOCUMENT_URI=/v1/jobs", "KINORA_DIALECTS=one",
	      "HTTP_ORIGIN=https://evil.example", NULL);
	assert_null(router_match(&f->req));
	assert_int_equal(response_status(&f->req), 204);
	assert_null(strstr(head_of(f), "Access-Control"));
	request_end(&f->req);
}

/* Paths that are nobody's get the errors of the dialect whose root they are under. */
static void test_owner(void **state)
{
	static const char *const mine[] = {"/", "/x", "/twofold", "/tw", "/x/two"};
	static const char *const other[] = {"/two", "/two/", "/two/x"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(mine) / sizeof(mine[0]); i++) {
		route(f, "DELETE", mine[i]);
		assert_ptr_equal(router_dialect(&f->req), &one);
		request_end(&f->req);
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		route(f, "DELETE", other[i]);
		assert_ptr_equal(router_dialect(&f->req), &two);
		request_end(&f->req);
	}
}

static void test_nobody_speaks(void **state)
{
	struct fixture *f = *state;

	begin(f, "REQUEST_METHOD=GET", "DOCUMENT_URI=/", NULL);
	assert_null(router_match(&f->req));
	assert_int_equal(response_status(&f->req), 404);
	request_end(&f->req);
}

static void test_query(void **state)
{
	struct fixture *f = *state;
	const char *value;

	begin(f, "QUERY_STRING=a=1&b=%C3%A9+x&a=2&bad=%zz&empty", NULL);
	assert_int_equal(request_query(&f->req, "a", &value), KN_OK);
	assert_string_equal(value, "2");
	assert_int_equal(request_query(&f->req, "b", &value), KN_OK);
	assert_string_equal(value, "\xc3\xa9 x");
	assert_int_equal(request_query(&f->req, "empty", &value), KN_OK);
	assert_string_equal(value, "");
	assert_int_equal(request_query(&f->req, "none", &value), KN_OK);
	assert_null(value);
	assert_int_equal(request_query(&f->req, "bad", &value), KN_ERR_INVALID);
	request_end(&f->req);
}

static void test_headers(void **state)
{
	struct fixture *f = *state;
	const char *url;

	begin(f, "HTTP_HOST=evil\"host", "REQUEST_ID=0123456789abcdef0123456789abcdef",
	      "CONTENT_LENGTH=12x", NULL);
	assert_string_equal(f->req.id, "0123456789abcdef0123456789abcdef");
	assert_true(f->req.content_length < -1);
	url = request_base_url(&f->req);
	assert_string_equal(url, "http://localhost");
	response_header(&f->req, "X-Evil", "%s", "a\r\nSet-Cookie: b");
	assert_int_equal(f->req.res->head.len, 0);
	request_end(&f->req);

	begin(f, "HTTP_HOST=[::1]:8000", "REQUEST_SCHEME=https", "REQUEST_ID=short", NULL);
	assert_int_equal(strlen(f->req.id), 32);
	url = request_base_url(&f->req);
	assert_string_equal(url, "https://[::1]:8000");
	request_end(&f->req);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),         cmocka_unit_test(test_second_dialect),
		cmocka_unit_test(test_method),        cmocka_unit_test(test_options),
		cmocka_unit_test(test_nobody_speaks), cmocka_unit_test(test_query),
		cmocka_unit_test(test_headers),       cmocka_unit_test(test_owner),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
