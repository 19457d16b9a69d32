/* Routes. Input: "METHOD PATH", '\n', the dialects that are spoken. A route that was found is one
 * whose pattern makes the path again when its arguments are put in. */
#include "http.h"

#include "fcgi/response.h"
#include "fcgi/router.h"

static void check_route(const struct request *req)
{
	const char *pattern = req->route->pattern, *path = req->path;
	size_t arg = 0;

	while (*pattern != '\0') {
		if (*pattern == '{') {
			size_t len = strlen(req->args[arg]);

			assert(len > 0 && strchr(req->args[arg], '/') == NULL);
			assert(strncmp(path, req->args[arg++], len) == 0);
			path += len;
			pattern = strchr(pattern, '}') + 1;
		} else {
			assert(*pattern++ == *path++);
		}
	}
	assert(*path == '\0');
	assert(strcmp(req->route->method, req->method) == 0 ||
	       (strcmp(req->method, "HEAD") == 0 && strcmp(req->route->method, "GET") == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_exchange exchange;
	char *line = fuzz_take_line(&data, &size), *dialects = fuzz_text(data, size);
	int status;

	http_begin(&exchange, dialects, (const uint8_t *)line, strlen(line));
	if (router_match(&exchange.req) != NULL) {
		assert(response_status(&exchange.req) == 0 && exchange.req.dialect != NULL);
		check_route(&exchange.req);
	} else {
		status = response_status(&exchange.req);
		assert(status == 404 || status == 405 ||
		       (status == 204 && strcmp(exchange.req.method, "OPTIONS") == 0));
	}
	http_end(&exchange);
	free(dialects);
	free(line);
	return 0;
}
