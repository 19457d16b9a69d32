#include "worker_members.h"

#include "fcgi/response.h"
#include "lib/json.h"

#include <stdio.h>

static json_object *member(struct members *from, const char *name, json_type type)
{
	json_object *value = NULL;

	if (from->body == NULL || !json_object_object_get_ex(from->body, name, &value) ||
	    value == NULL)
		return NULL;
	if (json_object_is_type(value, type) || (type == json_type_int && json_is_number(value)))
		return value;
	if (from->wrong == NULL)
		from->wrong = name;
	return NULL;
}

const char *member_text(struct members *from, const char *name, const char *def)
{
	json_object *value = member(from, name, json_type_string);

	return value != NULL ? json_object_get_string(value) : def;
}

int64_t member_int(struct members *from, const char *name, int64_t min, int64_t max, int64_t def)
{
	json_object *value = member(from, name, json_type_int);
	int64_t n = value != NULL ? json_object_get_int64(value) : def;

	return value == NULL ? def : n < min ? min : n > max ? max : n;
}

bool member_bool(struct members *from, const char *name)
{
	return json_object_get_boolean(member(from, name, json_type_boolean));
}

size_t member_list(struct members *from, const char *name, const char **list, size_t max)
{
	json_object *array = member(from, name, json_type_array);
	size_t n = array != NULL ? json_object_array_length(array) : 0;

	for (size_t i = 0; i < n; i++) {
		json_object *item = json_object_array_get_idx(array, i);

		if (i == max || !json_object_is_type(item, json_type_string)) {
			from->wrong = name;
			return 0;
		}
		list[i] = json_object_get_string(item);
	}
	return n;
}

bool members_answer(struct request *req, const struct members *members)
{
	char text[96];

	if (members->wrong == NULL)
		return false;
	snprintf(text, sizeof(text), "'%s' is not what it should be", members->wrong);
	respond_error(req, KN_ERR_INVALID, text);
	return true;
}

bool members_begin(struct request *req, struct members *out)
{
	*out = (struct members){.body = req->json};
	if (req->json == NULL || json_object_is_type(req->json, json_type_object))
		return true;
	respond_error(req, KN_ERR_INVALID, "The body must be a JSON object");
	return false;
}
