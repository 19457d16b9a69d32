/* Text-to-Video: a story becomes a narrated film. docs/api/text-to-video.md. */
#include "fcgi/response.h"
#include "fcgi/router.h"
#include "fcgi/work.h"
#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/store/store.h"
#include "lib/text.h"
#include "lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TEXT_MAX = 20000, /* characters */
	OPTION_MAX = 100,
	PROMPT_MAX = 1000, /* bytes of the text that lists show */
	LIST_MAX = 1000,
};

/* What clients are told when the worker has said nothing yet, or has the last word no more. */
static const struct {
	const char *status, *message;
} states[] = {
	[JOB_QUEUED] = {"queued", "Job queued"},
	[JOB_PROCESSING] = {"processing", "Video generation started"},
	[JOB_COMPLETED] = {"completed", "Video generation completed"},
	[JOB_FAILED] = {"failed", "Video generation failed"},
	[JOB_CANCELLED] = {"failed", "Job cancelled"},
};

static json_object *error_body(enum kn_err err, const char *text)
{
	json_object *body = json_object_new_object();

	(void)err;
	json_add_string(body, "error", text);
	return body;
}

/* The document knows no 413. */
static int error_status(enum kn_err err)
{
	return kn_err_status(err == KN_ERR_TOO_LARGE ? KN_ERR_INVALID : err);
}

static void refuse_job(struct request *req, enum kn_err err)
{
	respond_error(req, err, err == KN_ERR_NOT_FOUND ? "Job not found" : NULL);
}

static const char *message_of(const struct job *job)
{
	if (job->state == JOB_FAILED && job->error_text != NULL)
		return job->error_text;
	if (job->state == JOB_PROCESSING && job->message != NULL)
		return job->message;
	return states[job->state].message;
}

static json_object *logs_of(const struct job *job)
{
	json_object *logs = json_object_new_array();
	const char *line = job->log != NULL ? job->log : "";

	while (*line != '\0') {
		size_t n = strcspn(line, "\n");

		json_object_array_add(logs, json_object_new_string_len(line, (int)n));
		line += n + (line[n] == '\n');
	}
	return logs;
}

static json_object *job_body(const struct job *job)
{
	const struct job_file *video = job_files_find(&job->assets, "video");
	json_object *body = json_object_new_object();

	json_add_string(body, "status", states[job->state].status);
	json_add_int(body, "progress", job->progress);
	json_add_string(body, "message", message_of(job));
	json_add_int(body, "created_at", job->created / USEC_PER_SEC);
	if (job->state == JOB_COMPLETED && video != NULL && job->expired == 0)
		json_add_string(body, "output_file", video->path);
	json_object_object_add(body, "logs", logs_of(job));
	return body;
}

/* The text that was asked for, or NULL and why it will not do. */
static const char *check_text(json_object *request, const char **why)
{
	json_object *value = NULL;
	const char *text;
	size_t len;

	*why = "The request body is not a JSON object";
	if (request != NULL && !json_object_is_type(request, json_type_object))
		return NULL;
	*why = "No text provided in request body";
	if (request == NULL || !json_object_object_get_ex(request, "text", &value) || value == NULL)
		return NULL;
	*why = "The text is not a string";
	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	len = (size_t)json_object_get_string_len(value);
	*why = "No text provided in request body";
	if (text_is_blank(text, len))
		return NULL;
	*why = "The text is too long: at most 20000 characters are allowed";
	return text_length(text, len) <= TEXT_MAX ? text : NULL;
}

/* What the worker may be told besides the text; everything else in the request is ignored. */
static const struct {
	const char *name, *too_long;
} options[] = {
	{"voice", "The voice is too long: at most 100 characters are allowed"},
	{"language", "The language is too long: at most 100 characters are allowed"},
};
enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

static const char *option_text(json_object *request, size_t i)
{
	return json_get_string(request, options[i].name);
}

static bool check_options(json_object *request, const char **why)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const char *text = option_text(request, i);

		*why = options[i].too_long;
		if (text != NULL && text_length(text, strlen(text)) > OPTION_MAX)
			return false;
	}
	return true;
}

static enum kn_err fill_job(const struct request *req, struct job *job, const char *text)
{
	json_object *params = json_object_new_object();
	char prompt[PROMPT_MAX + 1];
	size_t n = text_cut(text, strlen(text), PROMPT_MAX);
	enum kn_err err;

	memcpy(prompt, text, n);
	prompt[n] = '\0';
	json_add_string(params, "text", text);
	for (size_t i = 0; i < OPTIONS; i++)
		if (option_text(req->json, i) != NULL)
			json_add_string(params, options[i].name, option_text(req->json, i));
	err = job_set(&job->prompt, prompt);
	if (err == KN_OK)
		err = job_set(&job->params,
			      json_object_to_json_string_ext(params, JSON_C_TO_STRING_PLAIN));
	json_object_put(params);
	return err;
}

static void generate(struct request *req)
{
	const char *why, *text = check_text(req->json, &why);
	struct job *job = NULL;
	json_object *body;
	bool replayed;
	enum kn_err err = KN_ERR_NOMEM;

	if (text == NULL || !check_options(req->json, &why)) {
		respond_error(req, KN_ERR_INVALID, why);
		return;
	}
	job = job_new(JOB_TEXT_TO_VIDEO, "default");
	if (job != NULL)
		err = fill_job(req, job, text);
	if (err == KN_OK)
		err = work_create(req->server, &job, request_param(req, "HTTP_IDEMPOTENCY_KEY"),
				  &replayed);
	if (err == KN_OK) {
		request_set_job(req, job->id);
		body = json_object_new_object();
		json_add_string(body, "job_id", job->id);
		json_add_string(body, "status", "queued");
		json_add_string(body, "message", "Video generation started");
		respond_json(req, 202, body);
	} else {
		respond_error(req, err, NULL);
	}
	job_free(&job);
}

static void status(struct request *req)
{
	struct job *job;
	enum kn_err err = lookup_job(req, req->args[0], JOB_TEXT_TO_VIDEO, &job);

	if (err == KN_OK)
		respond_json(req, 200, job_body(job));
	else
		refuse_job(req, err);
	job_free(&job);
}

/* nginx sends the file, but only the responder can say in the document's words why it will not. */
static void send_file(struct request *req, const struct job_file *video, const char *name)
{
	char why[128], text[sizeof("Error sending file: ") + sizeof(why)];
	enum kn_err err = asset_probe(req->server->conf, video, why, sizeof(why));

	snprintf(text, sizeof(text), "Error sending file: %s", err == KN_ERR_IO ? why : "");
	if (err == KN_OK)
		respond_file(req, video->path, "video/mp4", name);
	else
		respond_error(req, KN_ERR_INTERNAL,
			      err == KN_ERR_IO ? text : "Video file not found");
}

static void send_video(struct request *req, const struct job *job)
{
	const struct job_file *video = job_files_find(&job->assets, "video");
	char name[sizeof("generated_video_.mp4") + ID_SIZE];

	snprintf(name, sizeof(name), "generated_video_%s.mp4", job->id);
	if (job->state != JOB_COMPLETED)
		respond_error(req, KN_ERR_INVALID, "Video not ready for download");
	else if (video == NULL || job->expired != 0)
		respond_error(req, KN_ERR_INTERNAL, "Output file not found");
	else
		send_file(req, video, name);
}

static void download(struct request *req)
{
	struct job *job;
	enum kn_err err = lookup_job(req, req->args[0], JOB_TEXT_TO_VIDEO, &job);

	if (err == KN_OK)
		send_video(req, job);
	else
		refuse_job(req, err);
	job_free(&job);
}

/* The list shows messages and logs, which only the records have. One that was deleted meanwhile is
 * left out. */
static enum kn_err add_rows(struct request *req, const struct store_page *page, json_object *jobs)
{
	for (size_t i = 0; i < page->n; i++) {
		struct job *job;
		enum kn_err err = store_job_get(req->server->store, page->rows[i].id, &job);

		if (err == KN_OK)
			json_object_object_add(jobs, job->id, job_body(job));
		else if (err != KN_ERR_NOT_FOUND)
			return err;
		job_free(&job);
	}
	return KN_OK;
}

static enum kn_err read_query(struct request *req, struct store_query *query, const char **why)
{
	int64_t limit;
	enum kn_err err = lookup_number(req, "limit", 1, LIST_MAX, LIST_MAX, &limit);

	*why = err == KN_ERR_INVALID ? "limit must be an integer from 1 to 1000" : NULL;
	*query =
		(struct store_query){.api = JOB_TEXT_TO_VIDEO, .state = -1, .limit = (size_t)limit};
	if (err != KN_OK)
		return err;
	err = request_query(req, "after", &query->after);
	if (err == KN_OK && query->after != NULL && !id_is_safe(query->after))
		err = KN_ERR_NOT_FOUND;
	*why = err == KN_ERR_NOT_FOUND ? "Job not found" : NULL;
	return err;
}

static void list(struct request *req)
{
	json_object *jobs = json_object_new_object(), *body = json_object_new_object();
	struct store_page page = {0};
	struct store_query query;
	const char *why;
	enum kn_err err = read_query(req, &query, &why);

	json_object_object_add(body, "jobs", jobs);
	if (err == KN_OK) {
		err = store_job_list(req->server->store, &query, &page);
		if (err == KN_ERR_NOT_FOUND)
			why = "Job not found";
	}
	if (err == KN_OK)
		err = add_rows(req, &page, jobs);
	if (err == KN_OK)
		respond_json(req, 200, json_object_get(body));
	else
		respond_error(req, err, why);
	json_object_put(body);
	store_page_free(&page);
}

static const struct route routes[] = {
	{"POST", "/api/v1/generate", generate, ROUTE_OPEN, ROUTE_JSON, ROUTE_CAP_SMALL},
	{"GET", "/api/v1/status/{id}", status, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/api/v1/download/{id}", download, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/api/v1/jobs", list, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
};

const struct dialect dialect_text_to_video = {
	.name = "text_to_video",
	.routes = routes,
	.routes_n = sizeof(routes) / sizeof(routes[0]),
	.error_body = error_body,
	.error_status = error_status,
};
