#include "json.h"

#include "text.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

/* json-c stops at the value's end: what follows may only be white space. */
static bool is_white(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
			return false;
	return true;
}

/* An escaped NUL would end the text early for everybody who reads it as a C string. */
static bool has_escaped_nul(const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *p = text; (p = memchr(p, '\\', (size_t)(end - p))) != NULL; p += 2) {
		if (end - p >= 6 && memcmp(p + 1, "u0000", 5) == 0)
			return true;
		if (end - p < 2)
			break;
	}
	return false;
}

enum kn_err json_parse_strict(const char *text, size_t len, json_object **out)
{
	enum kn_err err = KN_ERR_INVALID;
	struct json_tokener *tokener = NULL;
	json_object *value = NULL;
	size_t end;

	*out = NULL;
	if (len >= INT_MAX || !text_is_utf8(text, len) || has_escaped_nul(text, len))
		return KN_ERR_INVALID;
	tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (tokener == NULL)
		return KN_ERR_NOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	value = json_tokener_parse_ex(tokener, text, (int)len);
	end = json_tokener_get_parse_end(tokener);
	/* A bare number might go on: only a byte after it tells json-c that it does not. */
	if (json_tokener_get_error(tokener) == json_tokener_continue) {
		value = json_tokener_parse_ex(tokener, "\n", 1);
		end = len;
	}
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    !is_white(text + end, len - end))
		goto out;
	*out = value;
	value = NULL;
	err = KN_OK;
out:
	json_object_put(value);
	json_tokener_free(tokener);
	return err;
}

const char *json_get_string(json_object *object, const char *name)
{
	json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

int64_t json_get_int(json_object *object, const char *name, int64_t def)
{
	json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_int))
		return def;
	return json_object_get_int64(value);
}

static json_object *get_typed(json_object *object, const char *name, json_type type)
{
	json_object *value;

	if (!json_object_object_get_ex(object, name, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

json_object *json_get_array(json_object *object, const char *name)
{
	return get_typed(object, name, json_type_array);
}

json_object *json_get_object(json_object *object, const char *name)
{
	return get_typed(object, name, json_type_object);
}

void json_add_string(json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, text != NULL ? json_object_new_string(text) : NULL);
}

void json_add_int(json_object *object, const char *name, int64_t value)
{
	json_object_object_add(object, name, json_object_new_int64(value));
}
