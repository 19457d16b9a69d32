#include "auth.h"

#include "gate.h"
#include "lib/conf.h"
#include "response.h"
#include "router.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

/* The token of "Authorization: Bearer TOKEN" or of X-Worker-Token, "" for none. */
static const char *given_token(const struct request *req)
{
	static const char scheme[] = "Bearer ";
	const char *header = request_param(req, "HTTP_AUTHORIZATION");

	if (header != NULL && strncasecmp(header, scheme, sizeof(scheme) - 1) == 0)
		return header + sizeof(scheme) - 1;
	header = request_param(req, "HTTP_X_WORKER_TOKEN");
	return header != NULL ? header : "";
}

/* Digests are compared, so that time tells neither where texts differ nor their lengths. */
static bool same_secret(const char *a, const char *b)
{
	unsigned char x[crypto_generichash_BYTES], y[crypto_generichash_BYTES];

	crypto_generichash(x, sizeof(x), (const unsigned char *)a, strlen(a), NULL, 0);
	crypto_generichash(y, sizeof(y), (const unsigned char *)b, strlen(b), NULL, 0);
	return sodium_memcmp(x, y, sizeof(x)) == 0;
}

/* A request that a proxy on this machine passed on does not come from this machine. */
static bool is_local(const struct request *req)
{
	const char *addr = req->remote_addr;

	if (request_param(req, "HTTP_X_FORWARDED_FOR") != NULL ||
	    request_param(req, "HTTP_FORWARDED") != NULL)
		return false;
	return strncmp(addr, "127.", 4) == 0 || strcmp(addr, "::1") == 0 ||
	       strncmp(addr, "unix:", 5) == 0;
}

static bool admit_worker(struct request *req)
{
	const char *token = req->server->conf->worker_token;

	if (token[0] == '\0' ? is_local(req) : same_secret(given_token(req), token))
		return true;
	if (token[0] != '\0')
		response_header(req, "WWW-Authenticate", "Bearer");
	respond_error(req, token[0] == '\0' ? KN_ERR_FORBIDDEN : KN_ERR_UNAUTHORIZED, NULL);
	return false;
}

bool auth_admit(struct request *req)
{
	switch (req->route->auth) {
	case ROUTE_OPEN:
		return true;
	case ROUTE_WORKER:
		return admit_worker(req);
	case ROUTE_KEY:
		return gate_admit(req);
	case ROUTE_SESSION:
		return gate_admit_session(req);
	}
	return false;
}
