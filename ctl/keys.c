/* kinoractl keys: API keys (Vivid Flow). */
#include "ctl.h"
#include "lib/json.h"

#include <stdio.h>
#include <sysexits.h>

/* The key itself is the last line, alone, so that a script can take it. */
static int create(struct ctl *ctl)
{
	json_object *result;
	int status;

	if (!ctl_call(ctl, "key_create", json_object_get(ctl->options), &result, &status))
		return status;
	if (ctl->json) {
		ctl_print_json(result);
	} else {
		printf("key %s of %s: %lld requests an hour, %lld a day\n"
		       "It is shown this once:\n%s\n",
		       json_get_string(result, "id"), json_get_string(result, "owner"),
		       (long long)json_get_int(result, "hour_limit", 0),
		       (long long)json_get_int(result, "day_limit", 0),
		       json_get_string(result, "key"));
	}
	json_object_put(result);
	return EX_OK;
}

static void print_key(json_object *key)
{
	const char *revoked = json_get_string(key, "revoked_at");

	printf("%s  %-12s  %-24s  %-24s  %6lld/h %6lld/d  %s%s\n", json_get_string(key, "id"),
	       json_get_string(key, "key"), json_get_string(key, "name"),
	       json_get_string(key, "owner"), (long long)json_get_int(key, "hour_limit", 0),
	       (long long)json_get_int(key, "day_limit", 0), json_get_string(key, "created_at"),
	       revoked != NULL ? "  revoked" : "");
}

/* The next keys, behind those that are there; false when there are no more, or with *status. */
static bool add_keys(struct ctl *ctl, json_object *keys, int *status)
{
	json_object *body = json_object_new_object(), *result, *more;
	size_t n;

	json_add_int(body, "skip", (int64_t)json_object_array_length(keys));
	if (!ctl_call(ctl, "key_list", body, &result, status))
		return false;
	more = json_get_array(result, "keys");
	n = more != NULL ? json_object_array_length(more) : 0;
	for (size_t i = 0; i < n; i++)
		json_object_array_add(keys, json_object_get(json_object_array_get_idx(more, i)));
	json_object_put(result);
	return n > 0;
}

static int list(struct ctl *ctl)
{
	json_object *root = json_object_new_object(), *keys = json_object_new_array();
	int status = EX_OK;

	json_object_object_add(root, "keys", keys);
	while (add_keys(ctl, keys, &status))
		;
	if (status == EX_OK && ctl->json)
		ctl_print_json(root);
	for (size_t i = 0; status == EX_OK && !ctl->json && i < json_object_array_length(keys); i++)
		print_key(json_object_array_get_idx(keys, i));
	json_object_put(root);
	return status;
}

/* Sends the options and the key's name; says what was done. */
static int change(struct ctl *ctl, const char *op, const char *done)
{
	json_object *body = json_object_get(ctl->options), *result;
	int status;

	json_add_string(body, "name", ctl->args[0]);
	if (!ctl_call(ctl, op, body, &result, &status))
		return status;
	ctl_tell(ctl, "name", done);
	json_object_put(result);
	return EX_OK;
}

static int revoke(struct ctl *ctl)
{
	return change(ctl, "key_revoke", "revoked");
}

static int limit(struct ctl *ctl)
{
	return change(ctl, "key_limit", "limits changed");
}

const struct command commands_keys[] = {
	{"keys", "create", "name account hour-limit# day-limit# days#", "",
	 "--name N, --hour-limit N, --day-limit N, --days N, --account A", create},
	{"keys", "list", "", "", "all keys, newest first", list},
	{"keys", "revoke", "", "NAME", "end a key, by name or id, at once", revoke},
	{"keys", "limit", "hour-limit# day-limit#", "NAME", "--hour-limit N, --day-limit N", limit},
	{0},
};
