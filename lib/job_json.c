#include "job_json.h"

#include <sodium.h>
#include <string.h>

static json_object *text_or_null(const char *text)
{
	return text != NULL ? json_object_new_string(text) : NULL;
}

static json_object *files_to_json(const struct job_files *files)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < files->n; i++) {
		const struct job_file *file = &files->v[i];
		json_object *one = json_object_new_object();
		char sum[2 * sizeof(file->sha256) + 1];

		sodium_bin2hex(sum, sizeof(sum), file->sha256, sizeof(file->sha256));
		json_object_object_add(one, "name", text_or_null(file->name));
		json_object_object_add(one, "mime", text_or_null(file->mime));
		json_object_object_add(one, "path", text_or_null(file->path));
		json_object_object_add(one, "bytes", json_object_new_uint64(file->bytes));
		json_object_object_add(one, "sha256", json_object_new_string(sum));
		json_object_array_add(list, one);
	}
	return list;
}

static json_object *log_to_json(const char *log)
{
	json_object *list = json_object_new_array();

	while (log != NULL && *log != '\0') {
		size_t len = strcspn(log, "\n");

		json_object_array_add(list, json_object_new_string_len(log, (int)len));
		log += len + (log[len] == '\n');
	}
	return list;
}

static json_object *error_to_json(const struct job *job)
{
	json_object *error;

	if (job->error_code == NULL && job->error_text == NULL)
		return NULL;
	error = json_object_new_object();
	json_object_object_add(error, "code", text_or_null(job->error_code));
	json_object_object_add(error, "text", text_or_null(job->error_text));
	return error;
}

static json_object *lease_to_json(const struct job_lease *lease)
{
	json_object *object;

	if (lease->worker == NULL)
		return NULL;
	object = json_object_new_object();
	json_object_object_add(object, "worker", text_or_null(lease->worker));
	json_object_object_add(object, "until", json_object_new_int64(lease->until));
	return object;
}

static void add_times(json_object *root, const struct job *job)
{
	const struct {
		const char *name;
		int64_t at;
	} times[] = {
		{"created", job->created}, {"updated", job->updated}, {"run_at", job->run_at},
		{"started", job->started}, {"began", job->began},     {"finished", job->finished},
		{"expired", job->expired},
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		json_object_object_add(root, times[i].name, json_object_new_int64(times[i].at));
}

json_object *job_to_json(const struct job *job)
{
	json_object *root = json_object_new_object();

	json_object_object_add(root, "id", json_object_new_string(job->id));
	json_object_object_add(root, "api", json_object_new_string(job_api_name(job->api)));
	json_object_object_add(root, "model", text_or_null(job->model));
	json_object_object_add(root, "owner", text_or_null(job->owner));
	json_object_object_add(root, "state", json_object_new_string(job_state_name(job->state)));
	json_object_object_add(root, "stage", text_or_null(job->stage));
	json_object_object_add(root, "progress", json_object_new_int(job->progress));
	json_object_object_add(root, "message", text_or_null(job->message));
	json_object_object_add(root, "priority", json_object_new_int(job->priority));
	json_object_object_add(root, "attempt", json_object_new_int(job->attempt));
	json_object_object_add(root, "max_attempts", json_object_new_int(job->max_attempts));
	json_object_object_add(root, "prompt", text_or_null(job->prompt));
	json_object_object_add(root, "params",
			       job->params != NULL ? json_tokener_parse(job->params) : NULL);
	json_object_object_add(root, "inputs", files_to_json(&job->inputs));
	json_object_object_add(root, "assets", files_to_json(&job->assets));
	json_object_object_add(root, "error", error_to_json(job));
	json_object_object_add(root, "lease", lease_to_json(&job->lease));
	json_object_object_add(root, "log", log_to_json(job->log));
	add_times(root, job);
	return root;
}
