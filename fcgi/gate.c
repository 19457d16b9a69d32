#include "gate.h"

#include "connection.h"
#include "lib/clock.h"
#include "response.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HOUR = 3600, DAY = 86400, MINUTE = 60 };

static const char cookie_name[] = "kinora_session=";

static void say_limits(struct request *req, const struct limit_state *state)
{
	response_header(req, "RateLimit-Limit", "%lld", (long long)state->limit);
	response_header(req, "RateLimit-Remaining", "%lld", (long long)state->remaining);
	response_header(req, "RateLimit-Reset", "%lld", (long long)state->reset_s);
}

/* The document's 429. */
static void refuse_limit(struct request *req, const struct limit_state *state)
{
	json_object *body = json_object_new_object();

	response_header(req, "Retry-After", "%lld", (long long)state->reset_s);
	json_object_object_add(body, "error", json_object_new_string("Rate limit exceeded"));
	json_object_object_add(body, "details", json_object_new_string("429 Too Many Requests"));
	json_object_object_add(body, "retry_after", json_object_new_int64(state->reset_s));
	respond_json(req, 429, body);
}

static bool take(struct request *req, const struct limit_rule *rules, size_t n)
{
	struct limit_state state = {0};
	enum kn_err err = limits_take(req->server->gate->limits, rules, n, clock_wall_us(), &state);

	if (err != KN_OK && err != KN_ERR_LIMIT) {
		respond_error(req, err, NULL);
		return false;
	}
	say_limits(req, &state);
	if (err == KN_ERR_LIMIT)
		refuse_limit(req, &state);
	return err == KN_OK;
}

static bool take_key(struct request *req, const struct api_key *key)
{
	char hour[LIMIT_NAME_MAX], day[LIMIT_NAME_MAX];
	const struct limit_rule rules[] = {
		{.name = hour, .limit = key->hour_limit, .window_s = HOUR},
		{.name = day, .limit = key->day_limit, .window_s = DAY, .utc_aligned = true},
	};

	snprintf(hour, sizeof(hour), "key/%s/hour", key->id);
	snprintf(day, sizeof(day), "key/%s/day", key->id);
	return take(req, rules, 2);
}

/* An IPv6 client owns a /64: its addresses count as one. */
static void name_peer(const char *who, char *out, size_t size)
{
	struct in6_addr addr;

	if (inet_pton(AF_INET6, who, &addr) == 1) {
		memset(addr.s6_addr + 8, 0, 8);
		inet_ntop(AF_INET6, &addr, out, (socklen_t)size);
	} else {
		snprintf(out, size, "%s", who);
	}
}

static const struct {
	enum gate_web what;
	const char *name;
	int64_t limit, window_s;
} web[] = {
	{GATE_LOGIN, "login", 20, MINUTE},
	{GATE_ENHANCE, "enhance", 10, MINUTE},
	{GATE_GENERATE, "generate", 500, HOUR},
};
enum { WEB = sizeof(web) / sizeof(web[0]) };

bool gate_web_take(struct request *req, unsigned what, const char *who)
{
	unsigned char hash[16];
	char peer[API_KEY_OWNER_SIZE], digest[sizeof(hash) * 2 + 1], names[WEB][LIMIT_NAME_MAX];
	struct limit_rule rules[WEB];
	size_t n = 0;

	name_peer(who, peer, sizeof(peer));
	crypto_generichash(hash, sizeof(hash), (unsigned char *)peer, strlen(peer), NULL, 0);
	sodium_bin2hex(digest, sizeof(digest), hash, sizeof(hash));
	for (size_t i = 0; i < WEB; i++) {
		if (!(what & web[i].what))
			continue;
		snprintf(names[n], sizeof(names[n]), "web/%s/%s", web[i].name, digest);
		rules[n] = (struct limit_rule){
			.name = names[n], .limit = web[i].limit, .window_s = web[i].window_s};
		n++;
	}
	return take(req, rules, n);
}

/* "X-API-Key: K" or "Authorization: Bearer K"; NULL for neither. */
static const char *sent_key(const struct request *req)
{
	const char *key = request_param(req, "HTTP_X_API_KEY");
	const char *authorization = request_param(req, "HTTP_AUTHORIZATION");

	if (key != NULL)
		return key;
	if (authorization != NULL && strncasecmp(authorization, "Bearer ", 7) == 0)
		return authorization + 7 + strspn(authorization + 7, " ");
	return NULL;
}

void gate_cookie(const struct request *req, char out[SESSION_TOKEN_SIZE])
{
	const char *p = request_param(req, "HTTP_COOKIE");
	size_t n;

	out[0] = '\0';
	while (p != NULL && *p != '\0') {
		p += strspn(p, "; ");
		n = strcspn(p, ";");
		if (strncmp(p, cookie_name, sizeof(cookie_name) - 1) == 0 &&
		    n == sizeof(cookie_name) - 1 + SESSION_TOKEN_SIZE - 1) {
			memcpy(out, p + sizeof(cookie_name) - 1, SESSION_TOKEN_SIZE - 1);
			out[SESSION_TOKEN_SIZE - 1] = '\0';
			return;
		}
		p += n;
	}
}

static bool is_safe_method(const struct request *req)
{
	return strcmp(req->method, "GET") == 0 || strcmp(req->method, "HEAD") == 0;
}

static bool csrf_matches(const struct request *req, const struct session *session)
{
	const char *sent = request_param(req, "HTTP_X_CSRF_TOKEN");

	return sent != NULL && strlen(sent) == strlen(session->csrf) &&
	       sodium_memcmp(sent, session->csrf, strlen(sent)) == 0;
}

static struct principal *new_principal(struct request *req)
{
	struct principal *who = arena_alloc(&request_connection(req)->arena, sizeof(*who));

	if (who == NULL)
		respond_error(req, KN_ERR_NOMEM, NULL);
	else
		memset(who, 0, sizeof(*who));
	return who;
}

bool gate_admit_session(struct request *req)
{
	struct principal *who = new_principal(req);
	char token[SESSION_TOKEN_SIZE];
	enum kn_err err;

	if (who == NULL)
		return false;
	gate_cookie(req, token);
	err = accounts_session(req->server->gate->accounts, token, clock_wall_us(), &who->session);
	if (err == KN_ERR_UNAUTHORIZED) {
		respond_error(req, err, "Invalid or missing API key");
		return false;
	}
	if (err != KN_OK) {
		respond_error(req, err, NULL);
		return false;
	}
	if (!is_safe_method(req) && !csrf_matches(req, &who->session)) {
		respond_error(req, KN_ERR_FORBIDDEN, "The X-CSRF-Token header is missing or wrong");
		return false;
	}
	who->by_session = true;
	snprintf(who->owner, sizeof(who->owner), "user:%s", who->session.name);
	req->principal = who;
	return true;
}

bool gate_admit(struct request *req)
{
	const char *text = sent_key(req);
	struct principal *who;
	enum kn_err err;

	if (text == NULL)
		return gate_admit_session(req);
	who = new_principal(req);
	if (who == NULL)
		return false;
	err = api_keys_check(req->server->gate->keys, text, clock_wall_us(), &who->key);
	if (err != KN_OK) {
		respond_error(req, err, "Invalid or missing API key");
		return false;
	}
	memcpy(who->owner, who->key.owner, sizeof(who->owner));
	req->principal = who;
	return take_key(req, &who->key);
}

enum kn_err gate_open(struct store *store, struct gate **out)
{
	struct gate *gate = calloc(1, sizeof(*gate));
	enum kn_err err;

	*out = gate;
	if (gate == NULL)
		return KN_ERR_NOMEM;
	err = api_keys_open(store, &gate->keys);
	if (err == KN_OK)
		err = accounts_open(store, &gate->accounts);
	if (err == KN_OK)
		err = limits_new(store, &gate->limits);
	if (err != KN_OK)
		gate_close(out);
	return err;
}

void gate_close(struct gate **gate)
{
	if (*gate == NULL)
		return;
	limits_free(&(*gate)->limits);
	accounts_close(&(*gate)->accounts);
	api_keys_close(&(*gate)->keys);
	free(*gate);
	*gate = NULL;
}

enum kn_err gate_forget(struct gate *gate, int64_t now)
{
	enum kn_err err = accounts_forget(gate->accounts, now);

	return err == KN_OK ? limits_forget(gate->limits, now) : err;
}
