/* Operations on API keys, for the administrator. */
#include "control_priv.h"

#include "gate.h"
#include "lib/clock.h"
#include "lib/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A member's number, -1 when it is absent; false when it is there and negative or no integer. */
static bool limit_of(json_object *body, const char *name, int64_t *out)
{
	json_object *value = NULL;

	*out = -1;
	if (!json_object_object_get_ex(body, name, &value) || value == NULL)
		return true;
	*out = json_get_int(body, name, -1);
	return *out >= 0;
}

static enum kn_err explain(struct control_call *call, enum kn_err err, const char *text)
{
	call->text = strdup(text);
	return err;
}

enum kn_err control_op_key_create(struct control_call *call)
{
	struct api_key_spec spec = {.name = json_get_string(call->body, "name")};
	char text[API_KEY_SIZE], owner[API_KEY_OWNER_SIZE], folded[ACCOUNT_NAME_SIZE];
	const char *account = json_get_string(call->body, "account");
	struct api_key key;
	int64_t days;
	enum kn_err err;

	if (!limit_of(call->body, "hour-limit", &spec.hour_limit) ||
	    !limit_of(call->body, "day-limit", &spec.day_limit) ||
	    !limit_of(call->body, "days", &days))
		return explain(call, KN_ERR_INVALID, "limits and days are numbers, 0 or more");
	if (account != NULL) {
		if (account_fold_name(account, folded) != KN_OK)
			return explain(call, KN_ERR_INVALID, "no account can have this name");
		snprintf(owner, sizeof(owner), "user:%s", folded);
		spec.owner = owner;
	}
	spec.expires = days > 0 ? clock_wall_us() + days * USEC_PER_DAY : 0;
	err = api_keys_create(call->server->gate->keys, &spec, text, &key);
	if (err == KN_ERR_INVALID)
		return explain(call, err, "a key needs a name of 1 to 64 characters");
	if (err == KN_ERR_EXISTS)
		return explain(call, err, "there is a key of this name");
	if (err != KN_OK)
		return err;
	call->result = json_object_new_object();
	json_add_string(call->result, "id", key.id);
	json_add_string(call->result, "name", key.name);
	json_add_string(call->result, "owner", key.owner);
	json_add_int(call->result, "hour_limit", key.hour_limit);
	json_add_int(call->result, "day_limit", key.day_limit);
	json_add_string(call->result, "key", text);
	return KN_OK;
}

enum kn_err control_op_key_list(struct control_call *call)
{
	int64_t skip = json_get_int(call->body, "skip", 0);
	json_object *all = NULL, *keys;
	size_t n, bytes = 0;
	enum kn_err err = api_keys_list(call->server->gate->keys, NULL, &all);

	if (err != KN_OK)
		return err;
	n = json_object_array_length(all);
	keys = json_object_new_array();
	for (size_t i = skip > 0 ? (size_t)skip : 0; i < n; i++) {
		json_object *key = json_object_array_get_idx(all, i);

		if (!control_fits(key, &bytes))
			break; /* "skip" asks for the rest */
		json_object_array_add(keys, json_object_get(key));
	}
	json_object_put(all);
	call->result = json_object_new_object();
	json_add_int(call->result, "total", (int64_t)n);
	json_object_object_add(call->result, "keys", keys);
	return KN_OK;
}

/* Words for a key that is not there, or that could be several owners'. */
static enum kn_err explain_name(struct control_call *call, enum kn_err err, const char *name)
{
	char *ids;

	if (err == KN_ERR_NOT_FOUND)
		return explain(call, err, "no live key has this name or id");
	ids = err == KN_ERR_CONFLICT ? api_keys_named(call->server->gate->keys, name) : NULL;
	if (ids != NULL &&
	    asprintf(&call->text, "several keys have this name; say which by its id: %s", ids) < 0)
		call->text = NULL;
	free(ids);
	return err;
}

enum kn_err control_op_key_revoke(struct control_call *call)
{
	const char *name = json_get_string(call->body, "name");

	if (name == NULL)
		return explain(call, KN_ERR_INVALID, "which key?");
	return explain_name(call, api_keys_revoke(call->server->gate->keys, NULL, name), name);
}

enum kn_err control_op_key_limit(struct control_call *call)
{
	const char *name = json_get_string(call->body, "name");
	int64_t hour, day;

	if (name == NULL || !limit_of(call->body, "hour-limit", &hour) ||
	    !limit_of(call->body, "day-limit", &day))
		return explain(call, KN_ERR_INVALID, "limits are numbers, 0 or more");
	return explain_name(call, api_keys_set_limits(call->server->gate->keys, name, hour, day),
			    name);
}
