#include "job_dump.h"

#include "job_fields.h"
#include "json.h"
#include "text.h"

#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static json_object *dump_fields(const struct job_field *fields, size_t n, const void *from);
static enum kn_err undump_fields(json_object *json, const struct job_field *fields, size_t n,
				 void *to, const char **why);

/* --- bytes --- */

json_object *dump_bytes(const void *data, size_t len)
{
	const int variant = sodium_base64_VARIANT_ORIGINAL;
	json_object *json;
	char *text;

	if (len < INT_MAX && text_is_utf8(data, len))
		return json_object_new_string_len(data, (int)len);
	text = malloc(sodium_base64_encoded_len(len, variant));
	if (text == NULL)
		return NULL;
	sodium_bin2base64(text, sodium_base64_encoded_len(len, variant), data, len, variant);
	json = json_object_new_object();
	json_add_string(json, "base64", text);
	free(text);
	return json;
}

static enum kn_err undump_base64(const char *text, unsigned char *data, size_t *len)
{
	size_t text_len = strlen(text);

	return sodium_base642bin(data, text_len, text, text_len, NULL, len, NULL,
				 sodium_base64_VARIANT_ORIGINAL) == 0
		       ? KN_OK
		       : KN_ERR_INVALID;
}

enum kn_err undump_bytes(json_object *json, void **data, size_t *len)
{
	bool is_text = json_object_is_type(json, json_type_string);
	const char *text = is_text ? json_object_get_string(json) : json_get_string(json, "base64");
	enum kn_err err = KN_OK;

	if (text == NULL || (!is_text && json_object_object_length(json) != 1))
		return KN_ERR_INVALID;
	*data = calloc(1, strlen(text) + 1);
	if (*data == NULL)
		return KN_ERR_NOMEM;
	if (is_text)
		memcpy(*data, text, *len = strlen(text));
	else
		err = undump_base64(text, *data, len);
	if (err != KN_OK) {
		free(*data);
		*data = NULL;
	}
	return err;
}

/* --- writing --- */

static json_object *dump_files(const struct job_files *files)
{
	json_object *list = files->n > 0 ? json_object_new_array() : NULL;

	for (size_t i = 0; i < files->n; i++)
		json_object_array_add(list,
				      dump_fields(job_file_fields, JOB_FILE_FIELDS, &files->v[i]));
	return list;
}

static json_object *dump_number(const struct job_field *f, uint64_t n)
{
	if (f->kind == FIELD_API)
		return json_object_new_string(job_api_name((enum job_api)n));
	if (f->kind == FIELD_STATE)
		return json_object_new_string(job_state_name((enum job_state)n));
	return n > 0 ? json_object_new_int64((int64_t)n) : NULL;
}

static json_object *dump_field(const struct job_field *f, const char *at)
{
	const char *text = at;
	char hex[65];

	switch (f->kind) {
	case FIELD_NUMBER:
	case FIELD_API:
	case FIELD_STATE:
		return dump_number(f, job_field_load(at, f->size));
	case FIELD_STRING:
		memcpy(&text, at, sizeof(text));
		return text != NULL ? dump_bytes(text, strlen(text)) : NULL;
	case FIELD_TEXT:
		return at[0] != '\0' ? dump_bytes(at, strlen(at)) : NULL;
	case FIELD_RAW:
		sodium_bin2hex(hex, sizeof(hex), (const unsigned char *)at, f->size);
		return json_object_new_string(hex);
	case FIELD_FILES:
		return dump_files((const struct job_files *)(const void *)at);
	}
	return NULL;
}

static json_object *dump_fields(const struct job_field *fields, size_t n, const void *from)
{
	json_object *json = json_object_new_object();

	for (size_t i = 0; i < n; i++) {
		json_object *value = dump_field(&fields[i], (const char *)from + fields[i].offset);

		if (value != NULL)
			json_object_object_add(json, fields[i].name, value);
	}
	return json;
}

json_object *job_dump(const struct job *job)
{
	return dump_fields(job_fields, JOB_FIELDS, job);
}

/* --- reading --- */

static enum kn_err undump_number(const struct job_field *f, json_object *json, char *to)
{
	const char *name = json_object_get_string(json);
	int64_t n = -1;

	if (f->kind == FIELD_NUMBER) {
		if (!json_object_is_type(json, json_type_int))
			return KN_ERR_INVALID;
		n = json_object_get_int64(json);
	} else if (json_object_is_type(json, json_type_string)) {
		n = f->kind == FIELD_API ? job_api_from_name(name) : job_state_from_name(name);
	}
	if (n < 0 || (f->size == 4 && n > INT32_MAX) || (f->size < 4 && n >> (8 * f->size) != 0))
		return KN_ERR_INVALID;
	job_field_store(to, f->size, (uint64_t)n);
	return KN_OK;
}

static enum kn_err undump_text(const struct job_field *f, json_object *json, char *to)
{
	void *data = NULL;
	size_t len = 0;
	enum kn_err err = undump_bytes(json, &data, &len);

	if (err != KN_OK)
		return err;
	if (memchr(data, '\0', len) != NULL || (f->kind == FIELD_TEXT && len >= f->size))
		err = KN_ERR_INVALID;
	else if (f->kind == FIELD_TEXT)
		memcpy(to, data, len + 1);
	else
		err = job_set((char **)(void *)to, data);
	free(data);
	return err;
}

static enum kn_err undump_raw(const struct job_field *f, json_object *json, char *to)
{
	const char *hex = json_object_get_string(json);
	size_t len = 0;

	if (!json_object_is_type(json, json_type_string) || strlen(hex) != 2 * f->size ||
	    sodium_hex2bin((unsigned char *)to, f->size, hex, strlen(hex), NULL, &len, NULL) != 0 ||
	    len != f->size)
		return KN_ERR_INVALID;
	return KN_OK;
}

static enum kn_err undump_file(json_object *json, struct job_files *to, const char **why)
{
	struct job_file file = {0};
	enum kn_err err = undump_fields(json, job_file_fields, JOB_FILE_FIELDS, &file, why);

	if (err == KN_OK &&
	    (file.name == NULL || file.path == NULL || job_files_find(to, file.name) != NULL))
		err = KN_ERR_INVALID;
	if (err == KN_OK)
		err = job_files_put(to, &file);
	job_file_clear(&file);
	return err;
}

static enum kn_err undump_files(json_object *json, struct job_files *to, const char **why)
{
	enum kn_err err = KN_OK;

	if (!json_object_is_type(json, json_type_array))
		return KN_ERR_INVALID;
	for (size_t i = 0; i < json_object_array_length(json) && err == KN_OK; i++)
		err = undump_file(json_object_array_get_idx(json, i), to, why);
	return err;
}

static enum kn_err undump_field(const struct job_field *f, json_object *json, void *base,
				const char **why)
{
	char *to = (char *)base + f->offset;

	switch (f->kind) {
	case FIELD_NUMBER:
	case FIELD_API:
	case FIELD_STATE:
		return undump_number(f, json, to);
	case FIELD_STRING:
	case FIELD_TEXT:
		return undump_text(f, json, to);
	case FIELD_RAW:
		return undump_raw(f, json, to);
	case FIELD_FILES:
		return undump_files(json, (struct job_files *)(void *)to, why);
	}
	return KN_ERR_INVALID;
}

static enum kn_err undump_fields(json_object *json, const struct job_field *fields, size_t n,
				 void *to, const char **why)
{
	int known = 0;

	if (!json_object_is_type(json, json_type_object))
		return KN_ERR_INVALID;
	for (size_t i = 0; i < n; i++) {
		json_object *value;
		enum kn_err err;

		if (!json_object_object_get_ex(json, fields[i].name, &value))
			continue;
		known++;
		*why = fields[i].name;
		err = undump_field(&fields[i], value, to, why);
		if (err != KN_OK)
			return err;
	}
	*why = "a member that is not known";
	return json_object_object_length(json) == known ? KN_OK : KN_ERR_INVALID;
}

enum kn_err job_undump(json_object *json, struct job **out, const char **why)
{
	struct job *job = calloc(1, sizeof(*job));
	enum kn_err err;

	if (job == NULL)
		return KN_ERR_NOMEM;
	*why = "no object";
	err = undump_fields(json, job_fields, JOB_FIELDS, job, why);
	if (err == KN_OK && !(job_is_sound(job) && json_get_string(json, "api") != NULL &&
			      json_get_string(json, "state") != NULL)) {
		*why = "what a job must have is missing";
		err = KN_ERR_INVALID;
	}
	if (err == KN_OK)
		*out = job;
	else
		job_free(&job);
	return err;
}
