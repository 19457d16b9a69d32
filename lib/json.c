#include "json.h"

#include "text.h"

#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>

/* json-c makes a copy of the thread's locale for each text that it reads, and frees it. glibc takes
 * a lock of all threads for each of these steps, unless the locale is an object, and "C". */
void json_begin_thread(void)
{
	uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

/* json-c stops at the value's end: what follows may only be white space. */
static bool is_white(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
			return false;
	return true;
}

/* The three look at what json-c lets pass although RFC 8259 does not; what else is wrong is
 * json-c's to say. Each returns what is behind, or NULL. */

/* From behind the opening quote on. No control characters, and no escaped NUL: it would end the
 * text early for everybody who reads it as a C string. */
static const char *skip_string(const char *at, const char *end)
{
	for (; at < end && *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at != '\\' || end - at < 2)
			continue;
		if (end - at >= 6 && memcmp(at + 1, "u0000", 5) == 0)
			return NULL;
		at++;
	}
	return at < end ? at + 1 : NULL;
}

static const char *skip_digits(const char *at, const char *end)
{
	const char *from = at;

	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at > from ? at : NULL;
}

/* Not 01, 1. or 1e. */
static const char *skip_number(const char *at, const char *end)
{
	at += *at == '-';
	at = at < end && *at == '0' ? at + 1 : skip_digits(at, end);
	if (at != NULL && at < end && *at == '.')
		at = skip_digits(at + 1, end);
	if (at != NULL && at < end && (*at == 'e' || *at == 'E'))
		at = skip_digits(at + 1 + (end - at > 1 && (at[1] == '+' || at[1] == '-')), end);
	return at;
}

/* No 'a', NaN or Infinity either, and at most max values: an empty list of two bytes takes hundreds
 * to hold. */
static bool is_admissible(const char *text, size_t len, size_t max)
{
	const char *at = text, *end = text + len;
	size_t values = 1;

	while (at != NULL && at < end) {
		if (*at == '"') {
			at = skip_string(at + 1, end);
		} else if (*at == '-' || (*at >= '0' && *at <= '9')) {
			at = skip_number(at, end);
			/* Two in a row are none: 00. */
			if (at != NULL && at < end && *at >= '0' && *at <= '9')
				return false;
		} else if (memchr("'NI", *at, 3) != NULL) {
			return false;
		} else {
			values += memchr("{[,", *at, 3) != NULL;
			at++;
		}
	}
	return at != NULL && values <= max;
}

enum kn_err json_parse_strict(const char *text, size_t len, json_object **out)
{
	return json_parse_bounded(text, len, SIZE_MAX, out);
}

enum kn_err json_parse_bounded(const char *text, size_t len, size_t max, json_object **out)
{
	enum kn_err err = KN_ERR_INVALID;
	struct json_tokener *tokener = NULL;
	json_object *value = NULL;
	size_t end;

	*out = NULL;
	if (len >= INT_MAX || !text_is_utf8(text, len) || !is_admissible(text, len, max))
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

bool json_is_number(const json_object *value)
{
	return json_object_is_type(value, json_type_int) ||
	       json_object_is_type(value, json_type_double);
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
