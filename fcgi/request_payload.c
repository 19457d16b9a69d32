#include "request_payload.h"

#include "form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A longer payload is logged as its size. */
enum { PAYLOAD_BYTES_MAX = 8 << 10 };

/* "data:image/png;base64,…" → {"type":"image/png","size":N}, N the length of the text. */
static json_object *image_summary(json_object *image)
{
	const char *text = json_object_get_string(image);
	size_t type = strncmp(text, "data:", 5) == 0 ? strcspn(text + 5, ";,") : 0;
	json_object *summary = json_object_new_object();

	json_object_object_add(summary, "type",
			       type > 0 && type < 64
				       ? json_object_new_string_len(text + 5, (int)type)
				       : json_object_new_string("base64"));
	json_object_object_add(summary, "size",
			       json_object_new_int(json_object_get_string_len(image)));
	return summary;
}

static json_object *json_payload(json_object *body)
{
	json_object *payload;

	if (!json_object_is_type(body, json_type_object))
		return json_object_get(body);
	payload = json_object_new_object();
	json_object_object_foreach (body, key, value) {
		bool cut =
			strcmp(key, "image") == 0 && json_object_is_type(value, json_type_string);

		json_object_object_add(payload, key,
				       cut ? image_summary(value) : json_object_get(value));
	}
	return payload;
}

static json_object *form_payload(const struct form *form)
{
	json_object *payload = json_object_new_object();

	for (size_t i = 0; i < form->n; i++) {
		const struct form_field *field = &form->v[i];
		json_object *value = NULL; /* null */

		if (field->value != NULL) {
			value = json_object_new_string_len(field->value, (int)field->len);
		} else if (!field->is_null) {
			value = json_object_new_object();
			json_object_object_add(value, "size",
					       json_object_new_int64((int64_t)field->bytes));
		}
		json_object_object_add(payload, field->name, value);
	}
	return payload;
}

char *request_payload_text(const struct request *req)
{
	json_object *payload = NULL;
	const char *text;
	size_t len;
	char *out = NULL;

	if (req->json != NULL)
		payload = json_payload(req->json);
	else if (req->form != NULL)
		payload = form_payload(req->form);
	if (payload == NULL)
		return NULL;
	text = json_object_to_json_string_length(payload, JSON_C_TO_STRING_PLAIN, &len);
	if (len <= PAYLOAD_BYTES_MAX)
		out = strdup(text);
	else if (asprintf(&out, "{\"size\":%zu}", len) < 0)
		out = NULL;
	json_object_put(payload);
	return out;
}
