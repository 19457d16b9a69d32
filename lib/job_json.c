#include "job_json.h"

#include "json.h"

#include <sodium.h>
#include <string.h>

static json_object *files_to_json(const struct job_files *files)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < files->n; i++) {
		const struct job_file *file = &files->v[i];
		json_object *one = json_object_new_object();
		char sum[2 * sizeof(file->sha256) + 1];

		sodium_bin2hex(sum, sizeof(sum), file->sha256, sizeof(file->sha256));
		json_add_string(one, "name", file->name);
		json_add_string(one, "mime", file->mime);
		json_add_string(one, "path", file->path);
		json_object_object_add(one, "bytes", json_object_new_uint64(file->bytes));
		json_add_string(one, "sha256", sum);
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
	json_add_string(error, "code", job->error_code);
	json_add_string(error, "text", job->error_text);
	return error;
}

static json_object *lease_to_json(const struct job_lease *lease)
{
	json_object *object;

	if (lease->worker == NULL)
		return NULL;
	object = json_object_new_object();
	json_add_string(object, "worker", lease->worker);
	json_add_int(object, "until", lease->until);
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
		json_add_int(root, times[i].name, times[i].at);
}

json_object *job_to_json(const struct job *job)
{
	json_object *root = json_object_new_object();

	json_add_string(root, "id", job->id);
	json_add_string(root, "api", job_api_name(job->api));
	json_add_string(root, "model", job->model);
	json_add_string(root, "owner", job->owner);
	json_add_string(root, "state", job_state_name(job->state));
	json_add_string(root, "stage", job->stage);
	json_add_int(root, "progress", job->progress);
	json_add_string(root, "message", job->message);
	json_add_int(root, "priority", job->priority);
	json_add_int(root, "attempt", job->attempt);
	json_add_int(root, "max_attempts", job->max_attempts);
	json_add_string(root, "prompt", job->prompt);
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
