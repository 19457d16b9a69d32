/* Grok 3D: a prompt becomes a picture, a GLB and a USDZ. docs/api/grok-3d.md. */
#include "fcgi/response.h"
#include "fcgi/router.h"
#include "fcgi/work.h"
#include "grok_3d_examples.h"
#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/text.h"
#include "lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROMPT_MAX = 10000 }; /* characters */

static const char *const statuses[] = {
	[JOB_QUEUED] = "queued", [JOB_PROCESSING] = "processing", [JOB_COMPLETED] = "complete",
	[JOB_FAILED] = "error",  [JOB_CANCELLED] = "error",
};

/* asset_type, and the example's file. A job's asset has the type as its name. */
static const struct asset_type {
	const char *name, *file;
} asset_types[] = {
	{"image", "image.jpg"},
	{"glb", "model.glb"},
	{"usdz", "model.usdz"},
};

static json_object *error_body(enum kn_err err, const char *text)
{
	json_object *body = json_object_new_object();

	(void)err;
	json_add_string(body, "error", text);
	return body;
}

static void refuse_job(struct request *req, enum kn_err err)
{
	respond_error(req, err, err == KN_ERR_NOT_FOUND ? "Job not found" : NULL);
}

/* The prompt that was asked for, or NULL and why it will not do. */
static const char *check_prompt(json_object *request, const char **why)
{
	json_object *value = NULL;
	const char *prompt;
	size_t len;

	*why = "The request body is not a JSON object";
	if (request != NULL && !json_object_is_type(request, json_type_object))
		return NULL;
	*why = "No prompt provided";
	if (request == NULL || !json_object_object_get_ex(request, "prompt", &value) ||
	    value == NULL)
		return NULL;
	*why = "The prompt is not a string";
	if (!json_object_is_type(value, json_type_string))
		return NULL;
	prompt = json_object_get_string(value);
	len = (size_t)json_object_get_string_len(value);
	*why = "No prompt provided";
	if (text_is_blank(prompt, len))
		return NULL;
	*why = "The prompt is too long: at most 10000 characters are allowed";
	return text_length(prompt, len) <= PROMPT_MAX ? prompt : NULL;
}

/* An absent or null seed is none. */
static bool check_seed(json_object *request, json_object **seed)
{
	int64_t number;

	*seed = NULL;
	if (!json_object_object_get_ex(request, "seed", seed) || *seed == NULL)
		return true;
	number = json_object_get_int64(*seed);
	return json_object_is_type(*seed, json_type_int) && number >= 0 && number <= UINT32_MAX;
}

static enum kn_err fill_job(struct job *job, const char *prompt, json_object *seed)
{
	json_object *params = json_object_new_object();
	enum kn_err err = job_set(&job->prompt, prompt);

	json_add_string(params, "prompt", prompt);
	if (seed != NULL)
		json_object_object_add(params, "seed", json_object_get(seed));
	if (err == KN_OK)
		err = job_set(&job->params,
			      json_object_to_json_string_ext(params, JSON_C_TO_STRING_PLAIN));
	json_object_put(params);
	return err;
}

static void create(struct request *req, const char *prompt, json_object *seed)
{
	struct job *job = job_new(JOB_GROK_3D, "default");
	enum kn_err err = KN_ERR_NOMEM;
	json_object *body;
	bool replayed;

	if (job != NULL)
		err = fill_job(job, prompt, seed);
	if (err == KN_OK)
		err = work_create(req->server, &job, request_param(req, "HTTP_IDEMPOTENCY_KEY"),
				  &replayed);
	if (err == KN_OK) {
		request_set_job(req, job->id);
		body = json_object_new_object();
		json_add_string(body, "job_id", job->id);
		json_add_string(body, "status", "queued");
		respond_json(req, 200, body);
	} else {
		respond_error(req, err, NULL);
	}
	job_free(&job);
}

static void generate(struct request *req)
{
	const char *why, *prompt = check_prompt(req->json, &why);
	json_object *seed;

	if (prompt == NULL)
		respond_error(req, KN_ERR_INVALID, why);
	else if (!check_seed(req->json, &seed))
		respond_error(req, KN_ERR_INVALID,
			      "The seed is not an integer from 0 to 4294967295");
	else
		create(req, prompt, seed);
}

/* The document's stages. A worker that has words of its own is where its assets are. */
static const char *working_stage(const struct job *job)
{
	static const char *const stages[] = {"initializing", "generating_image", "generating_3d",
					     "converting_usdz"};

	if (job->stage == NULL)
		return stages[0];
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (strcmp(job->stage, stages[i]) == 0)
			return stages[i];
	if (job_files_find(&job->assets, "glb") != NULL)
		return stages[3];
	return job_files_find(&job->assets, "image") != NULL ? stages[2] : stages[1];
}

static const char *stage_of(const struct job *job)
{
	if (job->state == JOB_QUEUED)
		return "initializing";
	return job->state == JOB_PROCESSING ? working_stage(job) : statuses[job->state];
}

static const char *error_of(const struct job *job)
{
	if (job->state == JOB_CANCELLED)
		return "Job cancelled";
	if (job->state != JOB_FAILED)
		return NULL;
	return job->error_text != NULL ? job->error_text : "Generation failed";
}

static json_object *job_body(const struct job *job)
{
	json_object *body = json_object_new_object();
	const char *error = error_of(job);
	char created[CLOCK_TEXT_SIZE];

	clock_format_micros(job->created, created);
	json_add_string(body, "job_id", job->id);
	json_add_string(body, "status", statuses[job->state]);
	json_add_string(body, "stage", stage_of(job));
	json_add_int(body, "progress", error != NULL ? 0 : job->progress);
	json_add_string(body, "created_at", created);
	json_add_string(body, "prompt", job->prompt);
	json_add_string(body, "error", error);
	return body;
}

/* An example is a job that was complete before anybody asked. */
static void example_status(struct request *req, const char *id)
{
	json_object *example, *body;
	char written_text[CLOCK_TEXT_SIZE];
	const char *prompt;
	int64_t written;
	enum kn_err err = example_read(req->server->conf, id, &example, &written);

	if (err != KN_OK) {
		refuse_job(req, err);
		return;
	}
	prompt = json_get_string(example, "prompt");
	if (prompt == NULL)
		prompt = json_get_string(example, "description");
	clock_format_micros(written, written_text);
	body = json_object_new_object();
	json_add_string(body, "job_id", id);
	json_add_string(body, "status", "complete");
	json_add_string(body, "stage", "complete");
	json_add_int(body, "progress", 100);
	json_add_string(body, "created_at", written_text);
	json_add_string(body, "prompt", prompt);
	json_add_string(body, "error", NULL);
	respond_json(req, 200, body);
	json_object_put(example);
}

static void status(struct request *req)
{
	struct job *job = NULL;
	enum kn_err err;

	if (example_is_id(req->args[0])) {
		example_status(req, req->args[0]);
		return;
	}
	err = lookup_job(req, req->args[0], JOB_GROK_3D, &job);
	if (err == KN_OK)
		respond_json(req, 200, job_body(job));
	else
		refuse_job(req, err);
	job_free(&job);
}

/* nginx sends the path's file under the job's id and the file's extension. */
static void send_asset(struct request *req, const char *id, const char *path)
{
	const char *dot = strrchr(path, '.');
	char name[128];

	snprintf(name, sizeof(name), "%s%s", id, dot != NULL ? dot : "");
	respond_file(req, path, "application/octet-stream", name);
}

static void example_asset(struct request *req, const char *id, const struct asset_type *type)
{
	char path[PATH_MAX];

	if (example_file(req->server->conf, id, "example.json", path) != KN_OK)
		refuse_job(req, KN_ERR_NOT_FOUND);
	else if (type == NULL)
		respond_error(req, KN_ERR_INVALID, "Invalid asset type");
	else if (example_file(req->server->conf, id, type->file, path) != KN_OK)
		respond_error(req, KN_ERR_NOT_FOUND, "Asset not found");
	else
		send_asset(req, id, path);
}

static void job_asset(struct request *req, const char *id, const struct asset_type *type)
{
	const struct job_file *file = NULL;
	struct job *job;
	enum kn_err err = lookup_job(req, id, JOB_GROK_3D, &job);

	/* A job that failed has none, whatever it made before. */
	if (err == KN_OK && type != NULL && error_of(job) == NULL)
		file = job_files_find(&job->assets, type->name);
	if (err != KN_OK)
		refuse_job(req, err);
	else if (type == NULL)
		respond_error(req, KN_ERR_INVALID, "Invalid asset type");
	else if (file == NULL || !asset_is_whole(req->server->conf, file))
		respond_error(req, KN_ERR_NOT_FOUND, "Asset not found");
	else
		send_asset(req, id, file->path);
	job_free(&job);
}

static void asset(struct request *req)
{
	const struct asset_type *type = NULL;
	const char *name;

	if (request_query(req, "asset_type", &name) != KN_OK)
		name = NULL;
	for (size_t i = 0; name != NULL && i < sizeof(asset_types) / sizeof(asset_types[0]); i++)
		if (strcmp(asset_types[i].name, name) == 0)
			type = &asset_types[i];
	if (example_is_id(req->args[0]))
		example_asset(req, req->args[0], type);
	else
		job_asset(req, req->args[0], type);
}

/* NULL for one that cannot be read: it is said in the log, and must not hide the others. */
static json_object *example_body(const struct conf *conf, const char *id)
{
	json_object *example, *body;
	char url[128];
	int64_t written;

	if (example_read(conf, id, &example, &written) != KN_OK)
		return NULL;
	snprintf(url, sizeof(url), "/api/asset/%s?asset_type=image", id);
	body = json_object_new_object();
	json_add_string(body, "job_id", id);
	json_add_string(body, "name", json_get_string(example, "name"));
	json_add_string(body, "description", json_get_string(example, "description"));
	json_add_string(body, "image_url", url);
	json_object_put(example);
	return body;
}

static void examples(struct request *req)
{
	json_object *list = json_object_new_array(), *body = json_object_new_object();
	char **ids;
	size_t n;
	enum kn_err err = example_list(req->server->conf, &ids, &n);

	json_object_object_add(body, "examples", list);
	for (size_t i = 0; i < n; i++) {
		json_object *example = example_body(req->server->conf, ids[i]);

		if (example != NULL)
			json_object_array_add(list, example);
		free(ids[i]);
	}
	free(ids);
	if (err == KN_OK)
		respond_json(req, 200, json_object_get(body));
	else
		respond_error(req, err, NULL);
	json_object_put(body);
}

static const struct route routes[] = {
	{"POST", "/api/generate", generate, ROUTE_OPEN, ROUTE_JSON, ROUTE_CAP_SMALL},
	{"GET", "/api/status/{id}", status, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/api/asset/{id}", asset, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/api/examples", examples, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
};

const struct dialect dialect_grok_3d = {
	.name = "grok_3d",
	.root = "/api",
	.routes = routes,
	.routes_n = sizeof(routes) / sizeof(routes[0]),
	.error_body = error_body,
};
