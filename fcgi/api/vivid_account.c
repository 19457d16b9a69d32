/* Accounts, sessions and the keys that they make: what the account page calls. */
#include "vivid_flow.h"

#include "fcgi/gate.h"
#include "fcgi/header_params.h"
#include "fcgi/response.h"
#include "lib/clock.h"
#include "lib/json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { KEY_DAYS_MAX = 3650 };
static_assert(API_KEYS_PER_OWNER == 100, "a message below says so");

/* Both members of {"username", "password"}, or a 400. A form of another site can send JSON, but not
 * call it that: it must not sign a visitor in to its own account. */
static bool credentials(struct request *req, const char **name, const char **password)
{
	if (!header_is(req->content_type, "application/json")) {
		respond_error(req, KN_ERR_MEDIA_TYPE, "Content-Type must be application/json");
		return false;
	}
	*name = json_get_string(req->json, "username");
	*password = json_get_string(req->json, "password");
	if (*name != NULL && *password != NULL)
		return true;
	respond_error(req, KN_ERR_INVALID, "username and password are required, as strings");
	return false;
}

/* HttpOnly keeps scripts from it, SameSite other sites; Secure as soon as the site is https. */
static void set_cookie(struct request *req, const char *token, int64_t seconds)
{
	response_header(req, "Set-Cookie",
			"kinora_session=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
			token, (long long)seconds,
			strcmp(req->scheme, "https") == 0 ? "; Secure" : "");
	response_header(req, "Cache-Control", "no-store");
}

static void answer_session(struct request *req, int status, const struct session *session)
{
	json_object *body = json_object_new_object();

	json_add_string(body, "username", session->name);
	json_add_string(body, "csrf_token", session->csrf);
	respond_json(req, status, body);
}

/* Signs in; answers with `status` or with the failure. */
static void sign_in(struct request *req, const char *name, const char *password, int status)
{
	struct accounts *accounts = req->server->gate->accounts;
	char token[SESSION_TOKEN_SIZE];
	struct session session;
	enum kn_err err = accounts_login(accounts, name, password, token);

	if (err == KN_OK)
		err = accounts_session(accounts, token, clock_wall_us(), &session);
	if (err == KN_ERR_UNAUTHORIZED) {
		respond_error(req, err, "Wrong username or password");
	} else if (err != KN_OK) {
		respond_error(req, err, NULL);
	} else {
		set_cookie(req, token, SESSION_SECONDS);
		answer_session(req, status, &session);
	}
}

void vivid_login(struct request *req)
{
	const char *name, *password;

	if (gate_web_take(req, GATE_LOGIN, req->remote_addr) && credentials(req, &name, &password))
		sign_in(req, name, password, 200);
}

void vivid_register(struct request *req)
{
	const char *name, *password, *why = NULL;
	enum kn_err err;

	if (!gate_web_take(req, GATE_LOGIN, req->remote_addr) ||
	    !credentials(req, &name, &password))
		return;
	err = accounts_register(req->server->gate->accounts, name, password, &why);
	if (err == KN_OK)
		sign_in(req, name, password, 201);
	else if (err == KN_ERR_EXISTS)
		respond_error(req, err, "This username is taken");
	else
		respond_error(req, err, why);
}

void vivid_logout(struct request *req)
{
	char token[SESSION_TOKEN_SIZE];
	enum kn_err err;

	gate_cookie(req, token);
	err = accounts_logout(req->server->gate->accounts, token);
	if (err != KN_OK) {
		respond_error(req, err, NULL);
		return;
	}
	set_cookie(req, "", 0);
	respond_empty(req, 204);
}

void vivid_show_account(struct request *req)
{
	response_header(req, "Cache-Control", "no-store");
	answer_session(req, 200, &req->principal->session);
}

void vivid_list_keys(struct request *req)
{
	json_object *body, *keys = NULL;
	enum kn_err err;

	err = api_keys_list(req->server->gate->keys, req->principal->owner, &keys);
	if (err != KN_OK) {
		respond_error(req, err, NULL);
		return;
	}
	body = json_object_new_object();
	json_object_object_add(body, "keys", keys);
	respond_json(req, 200, body);
}

/* 0: never; -1: not a number of days. */
static int64_t expiry_of(json_object *json)
{
	json_object *days = NULL;
	int64_t n;

	if (!json_object_object_get_ex(json, "expires_in_days", &days) || days == NULL)
		return 0;
	n = json_object_is_type(days, json_type_int) ? json_object_get_int64(days) : 0;
	return n >= 1 && n <= KEY_DAYS_MAX ? clock_wall_us() + n * USEC_PER_DAY : -1;
}

static void answer_key(struct request *req, const char *text, const struct api_key *key)
{
	json_object *body = json_object_new_object();

	json_add_string(body, "key", text);
	json_add_string(body, "id", key->id);
	json_add_string(body, "name", key->name);
	json_add_int(body, "hour_limit", key->hour_limit);
	json_add_int(body, "day_limit", key->day_limit);
	response_header(req, "Cache-Control", "no-store");
	respond_json(req, 201, body);
}

void vivid_create_key(struct request *req)
{
	struct api_key_spec spec = {.hour_limit = -1, .day_limit = -1};
	char text[API_KEY_SIZE];
	struct api_key key;
	enum kn_err err;

	spec.name = json_get_string(req->json, "name");
	spec.owner = req->principal->owner;
	spec.expires = expiry_of(req->json);
	if (spec.expires < 0) {
		respond_error(req, KN_ERR_INVALID,
			      "expires_in_days must be an integer between 1 and 3650");
		return;
	}
	err = api_keys_create(req->server->gate->keys, &spec, text, &key);
	if (err == KN_OK)
		answer_key(req, text, &key);
	else if (err == KN_ERR_INVALID)
		respond_error(req, err, "name must be 1 to 64 characters");
	else if (err == KN_ERR_EXISTS)
		respond_error(req, err, "You have a key of this name");
	else if (err == KN_ERR_CONFLICT)
		respond_error(req, err, "You have 100 keys: revoke one of them first");
	else
		respond_error(req, err, NULL);
}

void vivid_revoke_key(struct request *req)
{
	enum kn_err err;

	err = api_keys_revoke(req->server->gate->keys, req->principal->owner, req->args[0]);
	if (err == KN_OK)
		respond_empty(req, 204);
	else
		respond_error(req, err,
			      err == KN_ERR_NOT_FOUND ? "No key of yours has this id" : NULL);
}
