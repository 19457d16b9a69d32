#include "control.h"

#include "lines.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

static json_object *parse_object(const char *line, size_t len)
{
	json_tokener *tokener;
	json_object *root = NULL;

	if (len > CONTROL_LINE_MAX)
		return NULL;
	tokener = json_tokener_new_ex(DEPTH_MAX);
	if (tokener == NULL)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tokener, line, (int)len);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) != len ||
	    !json_object_is_type(root, json_type_object)) {
		json_object_put(root);
		root = NULL;
	}
	json_tokener_free(tokener);
	return root;
}

enum kn_err control_parse(const char *line, size_t len, struct control_message *out)
{
	const char *error;

	*out = (struct control_message){.root = parse_object(line, len)};
	if (control_int(out->root, "version", 0) != CONTROL_VERSION)
		goto invalid;
	out->id = control_int(out->root, "id", 0);
	out->op = control_string(out->root, "op");
	out->event = control_string(out->root, "event");
	if (json_object_object_get_ex(out->root, "body", &out->body) &&
	    !json_object_is_type(out->body, json_type_object))
		goto invalid;
	error = control_string(out->root, "error");
	if ((out->op != NULL) + (out->event != NULL) + (error != NULL) != 1)
		goto invalid;
	if (error != NULL) {
		out->err = kn_err_from_name(error);
		out->text = control_string(out->root, "text");
		if (out->text == NULL)
			out->text = kn_err_text(out->err);
	}
	return KN_OK;
invalid:
	control_message_free(out);
	return KN_ERR_INVALID;
}

void control_message_free(struct control_message *message)
{
	json_object_put(message->root);
	*message = (struct control_message){0};
}

/* Adds the body, makes the line, and consumes both. */
static char *format_line(json_object *root, json_object *body)
{
	const char *text;
	char *line = NULL;
	size_t len;

	if (body != NULL)
		json_object_object_add(root, "body", body);
	text = json_object_to_json_string_length(root, JSON_C_TO_STRING_PLAIN, &len);
	if (text != NULL)
		line = malloc(len + 2);
	if (line != NULL) {
		memcpy(line, text, len);
		memcpy(line + len, "\n", 2);
	}
	json_object_put(root);
	return line;
}

static json_object *new_root(void)
{
	json_object *root = json_object_new_object();

	json_object_object_add(root, "version", json_object_new_int(CONTROL_VERSION));
	return root;
}

char *control_format_request(int64_t id, const char *op, json_object *body)
{
	json_object *root = new_root();

	json_object_object_add(root, "id", json_object_new_int64(id));
	json_object_object_add(root, "op", json_object_new_string(op));
	return format_line(root, body);
}

char *control_format_answer(int64_t id, enum kn_err err, const char *text, json_object *body)
{
	json_object *root = new_root();

	json_object_object_add(root, "id", json_object_new_int64(id));
	json_object_object_add(root, "error", json_object_new_string(kn_err_name(err)));
	if (err != KN_OK)
		json_object_object_add(
			root, "text",
			json_object_new_string(text != NULL ? text : kn_err_text(err)));
	return format_line(root, body);
}

char *control_format_event(const char *event, json_object *body)
{
	json_object *root = new_root();

	json_object_object_add(root, "event", json_object_new_string(event));
	return format_line(root, body);
}

static json_object *member(json_object *body, const char *name, json_type type)
{
	json_object *value = NULL;

	if (body == NULL || !json_object_object_get_ex(body, name, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

const char *control_string(json_object *body, const char *name)
{
	json_object *value = member(body, name, json_type_string);

	return value != NULL ? json_object_get_string(value) : NULL;
}

int64_t control_int(json_object *body, const char *name, int64_t absent)
{
	json_object *value = member(body, name, json_type_int);

	return value != NULL ? json_object_get_int64(value) : absent;
}

json_object *control_array(json_object *body, const char *name)
{
	return member(body, name, json_type_array);
}
