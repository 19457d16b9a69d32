/* The browser extension's side: it takes a job by polling and knows it by its id alone. */
#include "fcgi/form.h"
#include "fcgi/response.h"
#include "fcgi/work.h"
#include "grok_imagine.h"
#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/json.h"

#include <stdlib.h>
#include <string.h>

static bool was_data_url(const struct job *job)
{
	json_object *params = json_tokener_parse(job->params);
	const char *form = json_get_string(params, "image_form");
	bool is = form != NULL && strcmp(form, "data_url") == 0;

	json_object_put(params);
	return is;
}

/* A HEAD takes nothing: what is handed out with no body is lost. */
static void peek(struct request *req)
{
	uint64_t waiting;
	enum kn_err err = store_queue_length(req->server->store, GROK_IMAGINE_CLASS, &waiting);

	if (err == KN_OK)
		respond_empty(req, waiting > 0 ? 200 : 204);
	else
		respond_error(req, err, NULL);
}

void extension_poll(struct request *req)
{
	static const char *const classes[] = {GROK_IMAGINE_CLASS};
	struct server *server = req->server;
	json_object *image = NULL, *body;
	struct job *job = NULL;
	enum kn_err err;

	if (strcmp(req->method, "HEAD") == 0) {
		peek(req);
		return;
	}
	err = work_claim(server, classes, 1, WORK_EXTENSION, server->conf->job_timeout_seconds,
			 &job);
	if (err == KN_OK) {
		request_set_job(req, job->id);
		err = image_text(server, job, was_data_url(job), &image);
		if (err != KN_OK)
			work_fail(server, job->id, job->lease.token, "input",
				  "The input image cannot be read", false, NULL);
	}
	if (err != KN_OK) {
		/* No job; or it was deleted just now, with its image. */
		if (err == KN_ERR_NOT_FOUND)
			respond_empty(req, 204);
		else
			respond_error(req, err, NULL);
		job_free(&job);
		return;
	}
	body = json_object_new_object();
	json_add_string(body, "job_id", job->id);
	json_add_string(body, "id", job->id);
	json_add_string(body, "model", job->model);
	json_add_string(body, "prompt", job->prompt);
	json_object_object_add(body, "image", image);
	json_add_int(body, "created_at", job->created / USEC_PER_SEC);
	respond_json(req, 200, body);
	job_free(&job);
}

/* Answers for what work_complete() and work_fail() say; consumes the job. */
static void answer_result(struct request *req, enum kn_err err, const char *why, struct job *job)
{
	if (err == KN_OK)
		grok_imagine_respond(req, 200, job);
	else if (err == KN_ERR_NOT_FOUND)
		respond_error(req, err, "Job not found");
	else if (err == KN_ERR_CONFLICT)
		respond_error(req, err, "Job is not processing");
	else
		respond_error(req, err, why);
	job_free(&job);
}

void extension_complete(struct request *req)
{
	const struct form_field *video = form_find(req->form, "video");
	const char *id = form_text(req->form, "job_id");
	struct work_file file = {.name = "video"};
	struct faults faults = {0};
	struct job *job = NULL;
	char *path = NULL, *why = NULL;
	enum kn_err err;

	if (id == NULL)
		fault_add(&faults, "body", "job_id", "field required", "value_error.missing", NULL);
	if (video == NULL)
		fault_add(&faults, "body", "video", "field required", "value_error.missing", NULL);
	else if (video->path == NULL)
		fault_add(&faults, "body", "video", "Expected UploadFile, received: <class 'str'>",
			  "value_error", NULL);
	if (faults_answer(req, &faults))
		return;
	job = grok_imagine_job(req, id);
	if (job == NULL)
		return;
	job_free(&job);
	path = form_take_file(req->form, "video");
	if (path == NULL) {
		respond_error(req, KN_ERR_NOMEM, NULL);
		return;
	}
	file.path = path;
	err = work_complete(req->server, req->job_id, NULL, &file, 1, &why, &job);
	answer_result(req, err, why, job);
	free(why);
	free(path);
}

void extension_error(struct request *req)
{
	struct faults faults = {0};
	const char *id, *text;
	struct job *job;
	enum kn_err err;

	if (!json_object_is_type(req->json, json_type_object)) {
		respond_error(req, KN_ERR_INVALID, "The body must be a JSON object");
		return;
	}
	id = check_string(&faults, req->json, "job_id", true);
	text = check_string(&faults, req->json, "error", true);
	if (faults_answer(req, &faults))
		return;
	job = grok_imagine_job(req, id);
	if (job == NULL)
		return;
	job_free(&job);
	err = work_fail(req->server, req->job_id, NULL, "worker",
			text[0] != '\0' ? text : "Unknown error", false, &job);
	answer_result(req, err, NULL, job);
}
