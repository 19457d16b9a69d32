#include "workers/common/worker.h"

#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	WORKER_VERSION = 1,
	JOB_DEPTH = 32,
	JOB_MAX = 16 << 20, /* images come as files, so a job is text; this is far above any */
};

static int last_progress;

/* Takes the object. A daemon that no longer reads us is gone, and then so is the reason to work. */
static void emit(json_object *line)
{
	puts(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN |
							  JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(line);
	if (fflush(stdout))
		_exit(EX_IOERR);
}

static json_object *line_new(const char *type)
{
	json_object *line = json_object_new_object();

	json_object_object_add(line, "type", json_object_new_string(type));
	return line;
}

static void add_string(json_object *line, const char *key, const char *value)
{
	if (value)
		json_object_object_add(line, key, json_object_new_string(value));
}

static void __attribute__((format(printf, 2, 0)))
emit_error(const char *code, const char *fmt, va_list ap)
{
	char text[1024];
	json_object *line = line_new("error");

	vsnprintf(text, sizeof(text), fmt, ap);
	add_string(line, "code", code);
	add_string(line, "message", text);
	emit(line);
}

static void __attribute__((noreturn, format(printf, 1, 2))) refuse_job(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_error("job", fmt, ap);
	va_end(ap);
	exit(EX_DATAERR);
}

/* All of standard input, NUL-terminated. */
static char *read_input(size_t *len)
{
	char *text = malloc(JOB_MAX + 1);

	if (!text)
		refuse_job("Out of memory");
	*len = fread(text, 1, JOB_MAX + 1, stdin);
	if (ferror(stdin))
		refuse_job("The job could not be read");
	if (*len > JOB_MAX)
		refuse_job("The job is longer than %d bytes", JOB_MAX);
	text[*len] = '\0';
	return text;
}

static json_object *parse_job(const char *text, size_t len, enum json_tokener_error *error)
{
	struct json_tokener *tok = json_tokener_new_ex(JOB_DEPTH);
	json_object *root;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tok, text, (int)len + 1);
	*error = json_tokener_get_error(tok);
	json_tokener_free(tok);
	return root;
}

static json_object *member(json_object *obj, const char *name, enum json_type type)
{
	json_object *value = NULL;

	if (!json_object_object_get_ex(obj, name, &value) || !value)
		return NULL;
	if (type == json_type_double && json_object_is_type(value, json_type_int))
		return value;
	if (!json_object_is_type(value, type))
		refuse_job("%s has the wrong type: %s expected", name, json_type_to_name(type));
	return value;
}

/* A string without NULs: everything after one would silently be lost. */
static const char *string_member(json_object *obj, const char *name, const char *def)
{
	json_object *value = member(obj, name, json_type_string);

	if (!value)
		return def;
	if (strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
		refuse_job("%s contains a NUL", name);
	return json_object_get_string(value);
}

static const char *required_string(json_object *root, const char *name)
{
	const char *value = string_member(root, name, NULL);

	if (!value)
		refuse_job("The job has no %s", name);
	return value;
}

static json_object *object_member(json_object *root, const char *name)
{
	json_object *value = member(root, name, json_type_object);

	if (!value) {
		value = json_object_new_object();
		json_object_object_add(root, name, value);
	}
	return value;
}

void worker_begin(struct worker_job *job)
{
	size_t len;
	char *text;
	json_object *version, *attempt;
	enum json_tokener_error error;

	signal(SIGPIPE, SIG_IGN);
	printf("{\"version\":%d}\n", WORKER_VERSION);
	fflush(stdout);

	text = read_input(&len);
	job->root = parse_job(text, len, &error);
	free(text);
	if (error != json_tokener_success)
		refuse_job("The job is not JSON: %s", json_tokener_error_desc(error));
	if (!json_object_is_type(job->root, json_type_object))
		refuse_job("The job is not an object");

	version = member(job->root, "version", json_type_int);
	if (!version || json_object_get_int(version) != WORKER_VERSION)
		refuse_job("The job is not of version %d", WORKER_VERSION);
	job->id = required_string(job->root, "id");
	job->api = required_string(job->root, "api");
	job->model = required_string(job->root, "model");
	job->prompt = string_member(job->root, "prompt", "");
	attempt = member(job->root, "attempt", json_type_int);
	job->attempt = attempt ? json_object_get_int(attempt) : 1;
	job->params = object_member(job->root, "params");
	object_member(job->root, "options");
	member(job->root, "inputs", json_type_array);
}

const char *worker_param_string(const struct worker_job *job, const char *name, const char *def)
{
	return string_member(job->params, name, def);
}

int64_t worker_param_int(const struct worker_job *job, const char *name, int64_t def)
{
	json_object *value = member(job->params, name, json_type_int);

	return value ? json_object_get_int64(value) : def;
}

double worker_param_double(const struct worker_job *job, const char *name, double def)
{
	json_object *value = member(job->params, name, json_type_double);

	return value ? json_object_get_double(value) : def;
}

bool worker_param_bool(const struct worker_job *job, const char *name, bool def)
{
	json_object *value = member(job->params, name, json_type_boolean);

	return value ? json_object_get_boolean(value) : def;
}

const char *worker_option(const struct worker_job *job, const char *name)
{
	return string_member(object_member(job->root, "options"), name, "");
}

const char *worker_input(const struct worker_job *job, const char *name)
{
	json_object *inputs = member(job->root, "inputs", json_type_array);
	size_t count = inputs ? json_object_array_length(inputs) : 0;

	for (size_t i = 0; i < count; i++) {
		json_object *input = json_object_array_get_idx(inputs, i);

		if (!json_object_is_type(input, json_type_object))
			refuse_job("An input is not an object");
		if (!strcmp(string_member(input, "name", ""), name))
			return string_member(input, "file", NULL);
	}
	return NULL;
}

void worker_progress(int progress, const char *stage, const char *message)
{
	json_object *line = line_new("progress");

	if (progress > last_progress)
		last_progress = progress < 100 ? progress : 100;
	json_object_object_add(line, "progress", json_object_new_int(last_progress));
	add_string(line, "stage", stage);
	add_string(line, "message", message);
	emit(line);
}

void worker_log(const char *fmt, ...)
{
	char text[4096];
	json_object *line = line_new("log");
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add_string(line, "line", text);
	emit(line);
}

void worker_asset(const char *name, const char *file)
{
	json_object *line = line_new("asset");

	add_string(line, "name", name);
	add_string(line, "file", file);
	emit(line);
}

void worker_fail(bool again, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_error(code, fmt, ap);
	va_end(ap);
	exit(again ? EX_TEMPFAIL : EXIT_FAILURE);
}
