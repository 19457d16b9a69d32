/* /worker/v1: how workers that speak HTTP take jobs and bring results. The protocol:
 * docs/workers.md. */
#include "worker.h"

#include "fcgi/form.h"
#include "fcgi/response.h"
#include "fcgi/router.h"
#include "fcgi/work.h"
#include "lib/conf.h"
#include "lib/json.h"
#include "lib/store/store.h"
#include "worker_members.h"

#include <stdlib.h>
#include <string.h>

enum { LOG_LINES_MAX = 50 };

/* --- a claimed job --- */

/* The id of the path; no token fits a job that is none. */
static const char *job_id(struct request *req)
{
	if (!id_is_safe(req->args[0]))
		return "";
	request_set_job(req, req->args[0]);
	return req->args[0];
}

/* The lease token: of the body, of a header, or of the query. Never NULL: that would stand for the
 * extension. */
static const char *lease_token(struct request *req, const char *in_body)
{
	const char *token = in_body != NULL ? in_body : request_param(req, "HTTP_X_LEASE_TOKEN");

	if (token == NULL && request_query(req, "token", &token) != KN_OK)
		token = NULL;
	return token != NULL ? token : "";
}

static json_object *state_json(const struct job *job)
{
	json_object *body = json_object_new_object();

	json_object_object_add(body, "cancelled",
			       json_object_new_boolean(job->state == JOB_CANCELLED));
	json_add_string(body, "state", job_state_name(job->state));
	return body;
}

/* Answers with the job's state, or with the error. */
static void answer_state(struct request *req, enum kn_err err, const char *why,
			 const struct job *job)
{
	if (err == KN_OK)
		respond_json(req, 200, state_json(job));
	else
		respond_error(req, err, why);
}

static void progress(struct request *req)
{
	const char *lines[LOG_LINES_MAX], *token;
	struct work_progress report = {.log = lines};
	struct members members;
	struct job *job = NULL;
	enum kn_err err;

	if (!members_begin(req, &members))
		return;
	token = lease_token(req, member_text(&members, "token", NULL));
	report.progress = (int)member_int(&members, "progress", 0, 100, -1);
	report.stage = member_text(&members, "stage", NULL);
	report.message = member_text(&members, "message", NULL);
	report.log_n = member_list(&members, "log", lines, LOG_LINES_MAX);
	report.lease_seconds = member_int(&members, "lease", LEASE_MIN_SECONDS, LEASE_MAX_SECONDS,
					  WORK_LEASE_AS_CLAIMED);
	if (members_answer(req, &members))
		return;
	err = work_progress(req->server, job_id(req), token, &report, &job);
	/* A cancelled job has no token any more: this is how its worker hears of it. */
	if (err == KN_ERR_STALE && store_job_get(req->server->store, req->job_id, &job) == KN_OK &&
	    job->state == JOB_CANCELLED)
		err = KN_OK;
	answer_state(req, err, NULL, job);
	job_free(&job);
}

static void attach(struct request *req, const char *path, const char *token)
{
	struct work_file file = {.name = req->args[1], .path = path};
	char *why = NULL;
	enum kn_err err;

	err = work_attach(req->server, job_id(req), token, &file, &why);
	if (err == KN_OK)
		respond_empty(req, 204);
	else
		respond_error(req, err, why);
	free(why);
}

static void put_asset(struct request *req)
{
	/* The spooled body is attached, which renames it, or discarded. */
	attach(req, req->body_file, lease_token(req, NULL));
}

static void post_asset(struct request *req)
{
	const char *token = lease_token(req, form_text(req->form, "token"));
	char *path = form_take_file(req->form, "file");

	if (path == NULL)
		respond_error(req, KN_ERR_INVALID, "The form needs a file named 'file'");
	else
		attach(req, path, token);
	free(path);
}

static void get_input(struct request *req)
{
	const struct job_file *file = NULL;
	struct job *job = NULL;
	enum kn_err err = store_job_get(req->server->store, job_id(req), &job);

	if (err == KN_OK && job->expired == 0)
		file = job_files_find(&job->inputs, req->args[1]);
	if (err == KN_OK && file == NULL)
		err = KN_ERR_NOT_FOUND;
	if (err == KN_OK)
		respond_file(req, file->path, file->mime, NULL);
	else
		respond_error(req, err, NULL);
	job_free(&job);
}

static void complete(struct request *req)
{
	struct members members;
	struct job *job = NULL;
	const char *token;
	char *why = NULL;
	enum kn_err err;

	if (!members_begin(req, &members))
		return;
	token = lease_token(req, member_text(&members, "token", NULL));
	if (members_answer(req, &members))
		return;
	err = work_complete(req->server, job_id(req), token, NULL, 0, &why, &job);
	answer_state(req, err, why, job);
	job_free(&job);
	free(why);
}

/* A word that programs compare; anything else is just "worker". */
static const char *clean_code(const char *code)
{
	size_t n = strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && n <= 32 && code[n] == '\0' ? code : "worker";
}

static void fail(struct request *req)
{
	const char *token, *code, *text;
	struct members members;
	struct job *job = NULL;
	enum kn_err err;
	bool again;

	if (!members_begin(req, &members))
		return;
	token = lease_token(req, member_text(&members, "token", NULL));
	code = clean_code(member_text(&members, "code", "worker"));
	text = member_text(&members, "message", "The worker failed");
	again = member_bool(&members, "again");
	if (members_answer(req, &members))
		return;
	err = work_fail(req->server, job_id(req), token, code, text, again, &job);
	answer_state(req, err, NULL, job);
	job_free(&job);
}

static void release(struct request *req)
{
	struct members members;
	const char *token;
	enum kn_err err;

	if (!members_begin(req, &members))
		return;
	token = lease_token(req, member_text(&members, "token", NULL));
	if (members_answer(req, &members))
		return;
	err = work_release(req->server, job_id(req), token);
	if (err == KN_OK)
		respond_empty(req, 204);
	else
		respond_error(req, err, NULL);
}

/* --- the dialect --- */

static json_object *error_body(enum kn_err err, const char *text)
{
	json_object *body = json_object_new_object();

	json_add_string(body, "error", kn_err_name(err));
	json_add_string(body, "message", text);
	return body;
}

/* clang-format off */
static const struct route routes[] = {
	{"POST", "/worker/v1/claim", worker_claim, ROUTE_WORKER, ROUTE_JSON, ROUTE_CAP_SMALL},
	{"POST", "/worker/v1/jobs/{id}/progress", progress, ROUTE_WORKER, ROUTE_JSON, ROUTE_CAP_SMALL},
	{"PUT", "/worker/v1/jobs/{id}/assets/{name}", put_asset, ROUTE_WORKER, ROUTE_FILE, ROUTE_CAP_UPLOAD},
	{"POST", "/worker/v1/jobs/{id}/assets/{name}", post_asset, ROUTE_WORKER, ROUTE_FORM, ROUTE_CAP_UPLOAD},
	{"GET", "/worker/v1/jobs/{id}/inputs/{name}", get_input, ROUTE_WORKER, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"POST", "/worker/v1/jobs/{id}/complete", complete, ROUTE_WORKER, ROUTE_JSON, ROUTE_CAP_SMALL},
	{"POST", "/worker/v1/jobs/{id}/fail", fail, ROUTE_WORKER, ROUTE_JSON, ROUTE_CAP_SMALL},
	{"POST", "/worker/v1/jobs/{id}/release", release, ROUTE_WORKER, ROUTE_JSON, ROUTE_CAP_SMALL},
};
/* clang-format on */

const struct dialect dialect_worker = {
	.name = "worker",
	.root = "/worker/v1",
	.routes = routes,
	.routes_n = sizeof(routes) / sizeof(routes[0]),
	.error_body = error_body,
};
