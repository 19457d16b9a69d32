/* Vivid Flow, API documentation 2.0: status, cancel, history, usage and results. Generating is in
 * vivid_generate.c, keys and accounts in vivid_account.c, the parameters' table in vivid_params.c.
 */
#include "vivid_flow.h"

#include "fcgi/gate.h"
#include "fcgi/response.h"
#include "fcgi/result_link.h"
#include "fcgi/router.h"
#include "fcgi/work.h"
#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/json.h"
#include "lib/store/store.h"
#include "lib/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HISTORY_DEFAULT = 20,
	HISTORY_MAX = 100,
	COUNT_PAGE = 1000,
};

/* --- errors: {"error", "details"} --- */

static const char *title_of(enum kn_err err)
{
	switch (kn_err_status(err)) {
	case 400:
		return "Invalid parameters";
	case 401:
		return "Unauthorized";
	case 403:
		return "Access denied";
	case 429:
		return "Rate limit exceeded";
	default:
		return kn_err_text(err);
	}
}

json_object *vivid_error_body(enum kn_err err, const char *text)
{
	json_object *body = json_object_new_object(), *details = json_object_new_string(text);

	/* As the document's example has it: clients go through a list when parameters are wrong. */
	if (kn_err_status(err) == 400) {
		json_object *faults = json_object_new_array_ext(1);

		json_object_array_add(faults, details);
		details = faults;
	}
	json_add_string(body, "error", title_of(err));
	json_object_object_add(body, "details", details);
	return body;
}

static void refuse_titled(struct request *req, int status, const char *title, const char *details)
{
	json_object *body = json_object_new_object();

	json_add_string(body, "error", title);
	json_add_string(body, "details", details);
	respond_json(req, status, body);
}

/* --- one job --- */

/* The caller's job, or an answer: 404 for none, 403 for somebody else's. */
static struct job *own_job(struct request *req, const char *id)
{
	struct job *job = NULL;
	enum kn_err err =
		id_is_safe(id) ? store_job_get(req->server->store, id, &job) : KN_ERR_NOT_FOUND;

	if (err == KN_OK && job->api != JOB_VIVID_FLOW)
		err = KN_ERR_NOT_FOUND;
	if (err == KN_OK && (job->owner == NULL || strcmp(job->owner, req->principal->owner) != 0))
		err = KN_ERR_FORBIDDEN;
	if (err == KN_OK) {
		request_set_job(req, job->id);
		return job;
	}
	job_free(&job);
	if (err == KN_ERR_NOT_FOUND)
		refuse_titled(req, 404, "Job not found", "No job has this id");
	else if (err == KN_ERR_FORBIDDEN)
		refuse_titled(req, 403, "Access denied", "The job belongs to somebody else");
	else
		respond_error(req, err, NULL);
	return NULL;
}

static void add_time(json_object *body, const char *name, int64_t wall_us)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format_seconds(wall_us, text);
	json_add_string(body, name, text);
}

static double seconds_between(int64_t from, int64_t to)
{
	int64_t tenths = to > from ? (to - from + USEC_PER_SEC / 20) / (USEC_PER_SEC / 10) : 0;

	return (double)tenths / 10;
}

static void add_number(json_object *body, const char *name, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.1f", value);
	json_object_object_add(body, name, json_object_new_double_s(value, text));
}

/* spin_up_time: until the worker's first sign of work; generation_time: from there. */
static json_object *metrics(const struct job *job)
{
	int64_t began = job->began != 0 ? job->began : job->started;
	json_object *body = json_object_new_object();

	add_number(body, "generation_time", seconds_between(began, job->finished));
	add_number(body, "spin_up_time", seconds_between(job->created, began));
	add_number(body, "total_time", seconds_between(job->created, job->finished));
	return body;
}

static void add_result_url(const struct request *req, json_object *body, const char *id, bool there)
{
	char *url = there ? result_link(req, id, clock_wall_us()) : NULL;

	json_add_string(body, "result_url", url);
	free(url);
}

json_object *vivid_status_body(const struct request *req, const struct job *job)
{
	static const char *const messages[JOB_STATE_COUNT] = {
		[JOB_QUEUED] = "Job is in queue. It will start processing shortly.",
		[JOB_PROCESSING] = "Job is currently being processed.",
		[JOB_COMPLETED] = "Job completed successfully.",
		[JOB_FAILED] = "Job failed. Check error details.",
		[JOB_CANCELLED] = "Job was cancelled.",
	};
	json_object *body = json_object_new_object();

	json_add_string(body, "job_id", job->id);
	json_add_string(body, "status", job_state_name(job->state));
	add_time(body, "created_at", job->created);
	if (job->state != JOB_QUEUED)
		add_time(body, "updated_at", job->updated);
	json_add_int(body, "progress", job->progress);
	if (job->state == JOB_COMPLETED) {
		add_result_url(req, body, job->id, job->expired == 0);
		json_object_object_add(body, "metrics", metrics(job));
	}
	if (job->state == JOB_FAILED)
		json_add_string(body, "error_message",
				job->error_text != NULL ? job->error_text : "Job failed");
	json_add_string(body, "message", messages[job->state]);
	return body;
}

static void handle_status(struct request *req)
{
	struct job *job;

	job = own_job(req, req->args[0]);
	if (job == NULL)
		return;
	respond_json(req, 200, vivid_status_body(req, job));
	job_free(&job);
}

static void handle_cancel(struct request *req)
{
	struct job *job;
	json_object *body;
	enum kn_err err;

	job = own_job(req, req->args[0]);
	if (job == NULL)
		return;
	err = work_cancel(req->server, job->id, false, NULL);
	if (err == KN_OK) {
		body = json_object_new_object();
		json_add_string(body, "message", "Job cancelled successfully");
		json_add_string(body, "job_id", job->id);
		respond_json(req, 200, body);
	} else if (err == KN_ERR_CONFLICT) {
		/* The document's table of statuses has no 409. */
		refuse_titled(req, 400, "Job cannot be cancelled",
			      "Only queued jobs can be cancelled");
	} else {
		respond_error(req, err, NULL);
	}
	job_free(&job);
}

/* The key protects a result, too, where the link's signature is missing. */
static void handle_result(struct request *req)
{
	const struct job_file *video;
	struct job *job;

	job = own_job(req, req->args[0]);
	if (job == NULL)
		return;
	video = job_files_find(&job->assets, "video");
	if (job->state == JOB_COMPLETED && job->expired == 0 && video != NULL)
		respond_file(req, video->path, video->mime, NULL);
	else
		refuse_titled(req, 404, "Result not found", "The job has no video, or no longer");
	job_free(&job);
}

/* --- history and usage --- */

static enum kn_err history_limit(struct request *req, size_t *limit)
{
	const char *text = NULL;
	size_t digits;
	enum kn_err err = request_query(req, "limit", &text);

	*limit = HISTORY_DEFAULT;
	if (err != KN_OK || text == NULL)
		return err;
	digits = strspn(text, "0123456789");
	*limit = digits > 0 && digits <= 3 && text[digits] == '\0' ? strtoul(text, NULL, 10) : 0;
	return *limit >= 1 && *limit <= HISTORY_MAX ? KN_OK : KN_ERR_INVALID;
}

static json_object *history_row(const struct request *req, const struct store_row *row)
{
	json_object *o = json_object_new_object();

	json_add_string(o, "job_id", row->id);
	json_add_string(o, "status", job_state_name(row->state));
	json_add_string(o, "prompt", row->prompt);
	json_add_string(o, "model", row->model);
	add_result_url(req, o, row->id, row->has_assets);
	add_time(o, "created_at", row->created);
	return o;
}

static void handle_history(struct request *req)
{
	struct store_query query = {.api = JOB_VIVID_FLOW, .state = -1};
	struct store_page page = {0};
	json_object *body, *jobs;
	enum kn_err err;

	if (history_limit(req, &query.limit) != KN_OK) {
		respond_error(req, KN_ERR_INVALID, "limit must be an integer between 1 and 100");
		return;
	}
	query.owner = req->principal->owner;
	err = store_job_list(req->server->store, &query, &page);
	if (err != KN_OK) {
		respond_error(req, err, NULL);
		return;
	}
	body = json_object_new_object();
	jobs = json_object_new_array_ext((int)page.n);
	for (size_t i = 0; i < page.n; i++)
		json_object_array_add(jobs, history_row(req, &page.rows[i]));
	json_add_int(body, "count", (int64_t)page.n);
	json_object_object_add(body, "jobs", jobs);
	respond_json(req, 200, body);
	store_page_free(&page);
}

/* Jobs of the owner since `since`: newest first, so only those few are read. */
static enum kn_err count_since(struct store *store, const char *owner, int64_t since,
			       int64_t *count)
{
	struct store_query query = {.api = -1, .state = -1, .owner = owner, .limit = COUNT_PAGE};
	struct store_page page = {0};
	enum kn_err err;
	size_t i;

	*count = 0;
	do {
		err = store_job_list(store, &query, &page);
		if (err != KN_OK)
			return err;
		for (i = 0; i < page.n && page.rows[i].created >= since; i++)
			(*count)++;
		if (i > 0)
			query.before = page.rows[i - 1].created;
		store_page_free(&page);
	} while (i == COUNT_PAGE);
	return KN_OK;
}

struct usage {
	uint64_t total, by_state[JOB_STATE_COUNT];
	int64_t recent, today;
};

static enum kn_err read_usage(struct store *store, const char *owner, int64_t now,
			      struct usage *out)
{
	char counter[API_KEY_OWNER_SIZE + 32];
	enum kn_err err = store_job_count(store, -1, -1, owner, &out->total);

	for (int state = 0; state < JOB_STATE_COUNT && err == KN_OK; state++)
		err = store_job_count(store, -1, state, owner, &out->by_state[state]);
	if (err == KN_OK)
		err = count_since(store, owner, now - USEC_PER_DAY, &out->recent);
	usage_day_counter(counter, sizeof(counter), owner, now);
	return err == KN_OK ? store_counter_get(store, counter, &out->today) : err;
}

static void handle_usage(struct request *req)
{
	int64_t limit = req->server->conf->daily_job_limit, now = clock_wall_us();
	struct usage usage = {0};
	json_object *body;
	enum kn_err err;

	err = read_usage(req->server->store, req->principal->owner, now, &usage);
	if (err != KN_OK) {
		respond_error(req, err, NULL);
		return;
	}
	body = json_object_new_object();
	json_add_int(body, "total_jobs", (int64_t)usage.total);
	json_add_int(body, "completed_jobs", (int64_t)usage.by_state[JOB_COMPLETED]);
	json_add_int(body, "failed_jobs", (int64_t)usage.by_state[JOB_FAILED]);
	json_add_int(body, "queued_jobs", (int64_t)usage.by_state[JOB_QUEUED]);
	json_add_int(body, "processing_jobs", (int64_t)usage.by_state[JOB_PROCESSING]);
	json_add_int(body, "cancelled_jobs", (int64_t)usage.by_state[JOB_CANCELLED]);
	json_add_int(body, "recent_24h_jobs", usage.recent);
	json_add_int(body, "credits_remaining", usage.today < limit ? limit - usage.today : 0);
	json_add_int(body, "daily_limit", limit);
	add_time(body, "reset_time", now - now % USEC_PER_DAY + USEC_PER_DAY);
	respond_json(req, 200, body);
}

static const struct route routes[] = {
	{"POST", "/api/v1/generate", vivid_generate, ROUTE_KEY, ROUTE_FORM, ROUTE_CAP_IMAGE},
	{"GET", "/api/v1/status/{id}", handle_status, ROUTE_KEY, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"POST", "/api/v1/cancel/{id}", handle_cancel, ROUTE_KEY, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/api/v1/history", handle_history, ROUTE_KEY, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/api/v1/usage", handle_usage, ROUTE_KEY, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/results/{id}.mp4", handle_result, ROUTE_KEY, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/api/v1/keys", vivid_list_keys, ROUTE_SESSION, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"POST", "/api/v1/keys", vivid_create_key, ROUTE_SESSION, ROUTE_JSON, ROUTE_CAP_SMALL},
	{"DELETE", "/api/v1/keys/{id}", vivid_revoke_key, ROUTE_SESSION, ROUTE_NO_BODY,
	 ROUTE_CAP_SMALL},
	{"GET", "/api/v1/account", vivid_show_account, ROUTE_SESSION, ROUTE_NO_BODY,
	 ROUTE_CAP_SMALL},
	{"POST", "/api/v1/account/register", vivid_register, ROUTE_OPEN, ROUTE_JSON,
	 ROUTE_CAP_SMALL},
	{"POST", "/api/v1/account/login", vivid_login, ROUTE_OPEN, ROUTE_JSON, ROUTE_CAP_SMALL},
	{"POST", "/api/v1/account/logout", vivid_logout, ROUTE_SESSION, ROUTE_NO_BODY,
	 ROUTE_CAP_SMALL},
};

const struct dialect dialect_vivid_flow = {
	.name = "vivid_flow",
	.root = "/api/v1",
	.routes = routes,
	.routes_n = sizeof(routes) / sizeof(routes[0]),
	.error_body = vivid_error_body,
};
