#include "cors.h"

#include "connection.h"
#include "lib/conf.h"
#include "response.h"

#include <string.h>
#include <strings.h>

static const char separators[] = " ,\t";

static bool listed(const char *origins, const char *origin)
{
	size_t len = strlen(origin), n;

	for (const char *at = origins; *at != '\0'; at += n) {
		at += strspn(at, separators);
		n = strcspn(at, separators);
		if (n == len && n > 0 && strncasecmp(at, origin, n) == 0)
			return true;
	}
	return false;
}

/* What Access-Control-Allow-Origin says to this request, or NULL. */
static const char *allowed_origin(const struct request *req)
{
	const char *origins = req->server->conf->cors_origins;

	if (strcmp(origins, "*") == 0)
		return "*";
	return listed(origins, req->origin) ? req->origin : NULL;
}

void cors_add_headers(struct request *req)
{
	const char *origins = req->server->conf->cors_origins;
	const char *allowed = allowed_origin(req);

	if (allowed != NULL)
		response_header_plain(req, "Access-Control-Allow-Origin", allowed);
	if (allowed != NULL && req->origin[0] != '\0')
		response_header(req, "Access-Control-Expose-Headers", "%s",
				"X-Request-Id, Content-Disposition, Location, Preference-Applied, "
				"RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
				"Retry-After");
	/* A cache must not give one origin's answer to another. */
	if (origins[0] != '\0' && strcmp(origins, "*") != 0)
		response_header_plain(req, "Vary", "Origin");
}

/* A list of header names and nothing else, short enough to be sent back. */
static bool is_header_list(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_, ";
	size_t n = strlen(text);

	return n > 0 && n < 512 && strspn(text, allowed) == n;
}

void cors_add_preflight_headers(struct request *req, const char *methods)
{
	const char *asked = request_param(req, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS");

	if (allowed_origin(req) == NULL)
		return;
	if (asked == NULL || !is_header_list(asked))
		asked = "Content-Type, Authorization, X-API-Key";
	response_header(req, "Access-Control-Allow-Methods", "%s", methods);
	response_header(req, "Access-Control-Allow-Headers", "%s", asked);
	response_header(req, "Access-Control-Max-Age", "86400");
}
