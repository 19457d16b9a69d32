#include "form_priv.h"

#include "body.h"
#include "connection.h"
#include "header_params.h"
#include "lib/asset.h"
#include "lib/bytes.h"
#include "lib/text.h"
#include "multipart.h"
#include "urlencoded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FIELD_MAX = 1024 * 1024,  /* text in one multipart field */
	TEXT_MAX = 4 * FIELD_MAX, /* and in all of them: it is held in memory */
};

/* Where a multipart body goes: text to memory, files to disk. */
struct reader {
	struct request *req;
	struct form_field *field; /* the open one */
	struct bytes text;        /* of the open field */
	int fd;                   /* of the open file, else -1 */
	uint64_t text_total;
	const char *why;
};

/* A message about one field, for the client. */
static const char *about(struct request *req, const char *name, const char *what)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "Field '%.100s' %s", name, what);
	const char *copy;

	/* The cut may have split a character. */
	if (n < 0 || !text_is_utf8(text, strlen(text)))
		n = snprintf(text, sizeof(text), "A field %s", what);
	copy = arena_copy(&request_connection(req)->arena, text, (size_t)n);
	return copy != NULL ? copy : what;
}

static enum kn_err part_begin(void *arg, const struct multipart_part *part)
{
	struct reader *reader = arg;

	reader->field = form_add(reader->req->form, part->name);
	if (reader->field == NULL)
		return KN_ERR_NOMEM;
	reader->text.len = 0;
	if (part->filename == NULL)
		return KN_OK;
	reader->field->filename = strdup(part->filename);
	if (reader->field->filename == NULL)
		return KN_ERR_NOMEM;
	return asset_spool(reader->req->server->conf, &reader->fd, &reader->field->path);
}

static enum kn_err part_data(void *arg, const char *data, size_t len)
{
	struct reader *reader = arg;

	reader->field->bytes += len;
	if (reader->fd >= 0)
		return body_spool_write(reader->fd, data, len);
	reader->text_total += len;
	if (reader->field->bytes > FIELD_MAX || reader->text_total > TEXT_MAX) {
		reader->why = about(reader->req, reader->field->name, "is too large");
		return KN_ERR_TOO_LARGE;
	}
	bytes_put(&reader->text, data, len);
	return reader->text.failed ? KN_ERR_NOMEM : KN_OK;
}

/* A browser sends an unchosen file as an empty one without a name: that is no field at all. */
static void drop_unchosen(struct form *form)
{
	struct form_field *field = &form->v[form->n - 1];

	unlink(field->path);
	free(field->path);
	free(field->filename);
	free(field->name);
	form->n--;
}

static enum kn_err end_file(struct reader *reader)
{
	int fd = reader->fd;

	reader->fd = -1;
	if (close(fd) != 0)
		return KN_ERR_IO;
	if (reader->field->bytes == 0 && reader->field->filename[0] == '\0')
		drop_unchosen(reader->req->form);
	return KN_OK;
}

static enum kn_err part_end(void *arg)
{
	struct reader *reader = arg;
	struct form_field *field = reader->field;

	if (reader->fd >= 0)
		return end_file(reader);
	if (!text_is_utf8((const char *)reader->text.data, reader->text.len)) {
		reader->why = about(reader->req, field->name, "is not UTF-8 text");
		return KN_ERR_INVALID;
	}
	field->len = reader->text.len;
	field->value = strndup(field->len > 0 ? (const char *)reader->text.data : "", field->len);
	return field->value != NULL ? KN_OK : KN_ERR_NOMEM;
}

static enum kn_err read_multipart(struct request *req, const char **why)
{
	static const struct multipart_calls calls = {part_begin, part_data, part_end};
	struct reader reader = {.req = req, .fd = -1};
	struct multipart *parser = NULL;
	char chunk[16384];
	size_t n = 1;
	enum kn_err err = multipart_new(req->content_type, &calls, &reader, &parser);

	while (err == KN_OK && n > 0) {
		err = body_next(req, chunk, sizeof(chunk), &n);
		if (err == KN_OK && n > 0)
			err = multipart_feed(parser, chunk, n);
	}
	if (err == KN_OK)
		err = multipart_end(parser);
	*why = reader.why;
	if (err == KN_ERR_INVALID && reader.why == NULL)
		*why = "The body is not valid multipart/form-data";
	if (reader.fd >= 0)
		close(reader.fd);
	free(reader.text.data);
	multipart_free(&parser);
	return err;
}

/* Decodes the pair into a field of its own. What is no text never becomes one: the log shows all
 * fields. */
static enum kn_err add_pair(struct request *req, const struct urlencoded_pair *pair,
			    const char **why)
{
	char *name = arena_copy(&request_connection(req)->arena, pair->name, pair->name_len);
	char *value = strndup(pair->value, pair->value_len);
	struct form_field *field;
	size_t name_len, len;
	enum kn_err err = KN_ERR_NOMEM;

	if (name == NULL || value == NULL)
		goto out;
	err = KN_ERR_INVALID;
	if (urlencoded_decode(name, pair->name_len, &name_len) != KN_OK) {
		*why = "The name of a field is not UTF-8 text";
		goto out;
	}
	if (urlencoded_decode(value, pair->value_len, &len) != KN_OK) {
		*why = about(req, name, "is not UTF-8 text");
		goto out;
	}
	field = form_add(req->form, name);
	err = field != NULL ? KN_OK : KN_ERR_NOMEM;
	if (err == KN_OK) {
		field->value = value;
		field->len = len;
		value = NULL; /* the field's */
	}
out:
	free(value);
	return err;
}

static enum kn_err refuse_fields(const char **why)
{
	*why = "The form has too many fields";
	return KN_ERR_INVALID;
}

static enum kn_err read_urlencoded(struct request *req, const char **why)
{
	struct urlencoded_pair pair;
	struct bytes text = {0};
	const char *at;
	enum kn_err err = body_text(req, &text, why);

	at = (const char *)text.data;
	while (err == KN_OK && urlencoded_next(&at, &pair)) {
		if (req->form->n < FORM_FIELDS_MAX)
			err = add_pair(req, &pair, why);
		else
			err = refuse_fields(why);
	}
	free(text.data);
	return err;
}

enum kn_err form_from_json(json_object *object, struct form *form)
{
	if (!json_object_is_type(object, json_type_object))
		return KN_ERR_INVALID;
	json_object_object_foreach (object, name, value) {
		struct form_field *field = form_add(form, name);

		if (field == NULL)
			return KN_ERR_NOMEM;
		field->is_null = value == NULL;
		field->is_json = value != NULL && !json_object_is_type(value, json_type_string);
		if (value == NULL)
			continue;
		field->value = strdup(json_object_get_string(value));
		if (field->value == NULL)
			return KN_ERR_NOMEM;
		field->len = strlen(field->value);
	}
	return KN_OK;
}

static enum kn_err read_json(struct request *req, const char **why)
{
	json_object *object = NULL;
	enum kn_err err = body_json(req, &object, why);

	if (err == KN_OK && json_object_is_type(object, json_type_object) &&
	    json_object_object_length(object) > FORM_FIELDS_MAX) {
		err = refuse_fields(why);
	} else if (err == KN_OK) {
		err = form_from_json(object, req->form);
		if (err == KN_ERR_INVALID)
			*why = "The body is not a JSON object of text, numbers and booleans";
	}
	json_object_put(object);
	return err;
}

enum kn_err form_read(struct request *req, const char **why)
{
	static const struct {
		const char *type;
		enum kn_err (*read)(struct request *req, const char **why);
	} encodings[] = {
		{"multipart/form-data", read_multipart},
		{"application/x-www-form-urlencoded", read_urlencoded},
		{"application/json", read_json},
	};

	req->form = form_new();
	if (req->form == NULL)
		return KN_ERR_NOMEM;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
		if (header_is(req->content_type, encodings[i].type))
			return encodings[i].read(req, why);
	/* Nothing was sent: a form without fields, and the handler says which are missing. */
	return req->content_length <= 0 && req->content_type[0] == '\0' ? KN_OK : KN_ERR_MEDIA_TYPE;
}
