#include "router.h"

#include "connection.h"
#include "cors.h"
#include "response.h"

#include <stdio.h>
#include <string.h>

/* Methods of all routes whose pattern is the request's path. */
struct allowed {
	char methods[96]; /* "GET, HEAD, POST, OPTIONS" */
	const struct dialect *dialect;
};

/* One dialect after the other, of those that nginx says are spoken here; NULL after the last. */
static const struct dialect *next_dialect(const char **names)
{
	const struct dialect *dialect = NULL;

	while (dialect == NULL && **names != '\0') {
		size_t n;

		*names += strspn(*names, " ");
		n = strcspn(*names, " ");
		dialect = dialect_find(*names, n);
		*names += n;
	}
	return dialect;
}

/* How many characters of the path are the dialect's root. */
static size_t match_root(const struct dialect *dialect, const char *path)
{
	size_t n;

	if (dialect->root == NULL)
		return 0;
	n = strlen(dialect->root);
	return strncmp(path, dialect->root, n) == 0 && (path[n] == '/' || path[n] == '\0') ? n : 0;
}

/* Of the dialects that are spoken here the one with the longest root that the path is under, else
 * the first. */
static const struct dialect *owner_by_root(const struct request *req)
{
	const char *names = req->dialects;
	const struct dialect *owner = next_dialect(&names), *dialect;

	while ((dialect = next_dialect(&names)) != NULL)
		if (match_root(dialect, req->path) > match_root(owner, req->path))
			owner = dialect;
	return owner;
}

/* A span of the path that a {…} matched. */
struct span {
	const char *at;
	size_t len;
};

/* Matches one segment; *n grows by one for a {…}. */
static bool match_segment(struct span pattern, struct span path, struct span args[], size_t *n)
{
	const char *close;
	size_t suffix;

	if (pattern.len == 0 || pattern.at[0] != '{')
		return pattern.len == path.len && memcmp(pattern.at, path.at, path.len) == 0;
	close = memchr(pattern.at, '}', pattern.len);
	if (close == NULL || *n == REQUEST_ARGS_MAX)
		return false;
	suffix = (size_t)(pattern.at + pattern.len - (close + 1));
	if (path.len <= suffix || memcmp(path.at + path.len - suffix, close + 1, suffix) != 0)
		return false;
	args[(*n)++] = (struct span){path.at, path.len - suffix};
	return true;
}

static size_t length_of_segment(const char *text)
{
	return (size_t)(strchrnul(text, '/') - text);
}

static bool match(const char *pattern, const char *path, struct span args[], size_t *n)
{
	*n = 0;
	while (*pattern == '/' && *path == '/') {
		struct span want = {pattern + 1, length_of_segment(pattern + 1)};
		struct span have = {path + 1, length_of_segment(path + 1)};

		if (!match_segment(want, have, args, n))
			return false;
		pattern = want.at + want.len;
		path = have.at + have.len;
	}
	return *pattern == '\0' && *path == '\0';
}

/* HEAD goes where GET goes. */
static bool is_method(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

static void allow(struct allowed *allowed, const char *method)
{
	size_t n = strlen(allowed->methods);

	if (strstr(allowed->methods, method) == NULL)
		snprintf(allowed->methods + n, sizeof(allowed->methods) - n, "%s%s",
			 n > 0 ? ", " : "", method);
	if (strcmp(method, "GET") == 0)
		allow(allowed, "HEAD");
}

static const struct route *find_in(const struct dialect *dialect, const struct request *req,
				   struct span args[], size_t *n, struct allowed *allowed)
{
	for (size_t i = 0; i < dialect->routes_n; i++) {
		const struct route *route = &dialect->routes[i];

		if (!match(route->pattern, req->path, args, n))
			continue;
		if (is_method(route, req->method))
			return route;
		allow(allowed, route->method);
		if (allowed->dialect == NULL)
			allowed->dialect = dialect;
	}
	return NULL;
}

const struct dialect *router_dialect(const struct request *req)
{
	struct allowed allowed = {0};
	struct span args[REQUEST_ARGS_MAX];
	const struct dialect *dialect;
	const char *names = req->dialects;
	size_t n = 0;

	while (allowed.dialect == NULL && (dialect = next_dialect(&names)) != NULL)
		if (find_in(dialect, req, args, &n, &allowed) != NULL)
			return dialect;
	return allowed.dialect != NULL ? allowed.dialect : owner_by_root(req);
}

static bool keep_args(struct request *req, const struct span args[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		req->args[i] = arena_copy(&request_connection(req)->arena, args[i].at, args[i].len);
		if (req->args[i] == NULL)
			return false;
	}
	return true;
}

/* The path is somebody's, by other methods only. */
static void answer_method(struct request *req, struct allowed *allowed)
{
	allow(allowed, "OPTIONS");
	req->dialect = allowed->dialect;
	response_header(req, "Allow", "%s", allowed->methods);
	if (strcmp(req->method, "OPTIONS") == 0) {
		cors_add_preflight_headers(req, allowed->methods);
		respond_empty(req, 204);
	} else {
		respond_error(req, KN_ERR_METHOD, "Method Not Allowed");
	}
}

const struct route *router_match(struct request *req)
{
	struct allowed allowed = {0};
	struct span args[REQUEST_ARGS_MAX];
	const struct dialect *dialect;
	const struct route *route = NULL;
	const char *names = req->dialects;
	size_t n = 0;

	while (route == NULL && (dialect = next_dialect(&names)) != NULL)
		route = find_in(dialect, req, args, &n, &allowed);
	if (route != NULL) {
		req->dialect = dialect;
		req->route = route;
		if (keep_args(req, args, n))
			return route;
		respond_error(req, KN_ERR_NOMEM, NULL);
	} else if (allowed.dialect != NULL) {
		answer_method(req, &allowed);
	} else {
		respond_error(req, KN_ERR_NOT_FOUND, "Not Found");
	}
	return NULL;
}
