#include "control.h"

#include "json.h"

#include <stdlib.h>
#include <string.h>

enum kn_err control_parse(const char *line, size_t len, struct control_message *out)
{
	const char *error;

	*out = (struct control_message){0};
	if (len > CONTROL_LINE_MAX || json_parse_strict(line, len, &out->root) != KN_OK)
		return KN_ERR_INVALID;
	if (!json_object_is_type(out->root, json_type_object) ||
	    json_get_int(out->root, "version", 0) != CONTROL_VERSION)
		goto invalid;
	out->id = json_get_int(out->root, "id", 0);
	out->op = json_get_string(out->root, "op");
	out->event = json_get_string(out->root, "event");
	if (json_object_object_get_ex(out->root, "body", &out->body) &&
	    !json_object_is_type(out->body, json_type_object))
		goto invalid;
	error = json_get_string(out->root, "error");
	if ((out->op != NULL) + (out->event != NULL) + (error != NULL) != 1)
		goto invalid;
	if (error != NULL) {
		out->err = kn_err_from_name(error);
		out->text = json_get_string(out->root, "text");
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

	json_add_int(root, "version", CONTROL_VERSION);
	return root;
}

char *control_format_request(int64_t id, const char *op, json_object *body)
{
	json_object *root = new_root();

	json_add_int(root, "id", id);
	json_add_string(root, "op", op);
	return format_line(root, body);
}

char *control_format_answer(int64_t id, enum kn_err err, const char *text, json_object *body)
{
	json_object *root = new_root();

	json_add_int(root, "id", id);
	json_add_string(root, "error", kn_err_name(err));
	if (err != KN_OK)
		json_object_object_add(
			root, "text",
			json_object_new_string(text != NULL ? text : kn_err_text(err)));
	return format_line(root, body);
}

char *control_format_event(const char *event, json_object *body)
{
	json_object *root = new_root();

	json_add_string(root, "event", event);
	return format_line(root, body);
}
