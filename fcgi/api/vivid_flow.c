/* Vivid Flow, API documentation 2.0: generate, status, cancel, history, usage and results. Keys and
 * accounts are in vivid_account.c, the parameters' table in vivid_params.c. */
#include "vivid_flow.h"

#include "fcgi/events.h"
#include "fcgi/gate.h"
#include "fcgi/response.h"
#include "fcgi/result_link.h"
#include "fcgi/router.h"
#include "fcgi/work.h"
#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/json.h"
#include "lib/mime.h"
#include "lib/store/store.h"
#include "vivid_params.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	HISTORY_DEFAULT = 20,
	HISTORY_MAX = 100,
	WAIT_MAX_SECONDS = 60,
	ESTIMATE_SAMPLE = 20, /* completed jobs that the estimate is made from */
	ESTIMATE_GUESS_SECONDS = 90,
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
	json_object *body = json_object_new_object();

	json_add_string(body, "error", title_of(err));
	json_add_string(body, "details", text);
	return body;
}

static void refuse_details(struct request *req, json_object *details)
{
	json_object *body = json_object_new_object();

	json_add_string(body, "error", "Invalid parameters");
	json_object_object_add(body, "details", details);
	respond_json(req, 400, body);
}

static void refuse_titled(struct request *req, int status, const char *title, const char *details)
{
	json_object *body = json_object_new_object();

	json_add_string(body, "error", title);
	json_add_string(body, "details", details);
	respond_json(req, status, body);
}

/* --- generate --- */

struct creation {
	struct job *job;
	char counter[API_KEY_OWNER_SIZE + 32]; /* jobs of this owner today */
	int64_t daily_limit;
};

static void name_day_counter(char *out, size_t size, const char *owner, int64_t now)
{
	snprintf(out, size, "jobs/%lld/%s", (long long)(now / USEC_PER_DAY), owner);
}

/* The job and what it costs, in one transaction. */
static enum kn_err create_within_limit(struct store_txn *txn, void *arg)
{
	struct creation *creation = arg;
	int64_t today = 0;
	enum kn_err err = store_txn_counter_add(txn, creation->counter, 0, &today);

	if (err == KN_OK && today >= creation->daily_limit)
		err = KN_ERR_LIMIT;
	if (err == KN_OK)
		err = store_txn_job_create(txn, creation->job);
	return err == KN_OK ? store_txn_counter_add(txn, creation->counter, 1, &today) : err;
}

static enum kn_err fill_job(struct job *job, const struct vivid_request *wanted, const char *owner,
			    const struct conf *conf)
{
	const struct conf_worker *worker;
	char class_name[64];
	enum kn_err err;

	snprintf(class_name, sizeof(class_name), "vivid_flow/%s", wanted->model);
	worker = conf_worker_for(conf, class_name);
	if (worker != NULL)
		job->max_attempts = (uint16_t)worker->attempts;
	id_new_uuid(job->id);
	err = job_set(&job->prompt, wanted->prompt);
	if (err == KN_OK)
		err = job_set(&job->owner, owner);
	if (err == KN_OK)
		err = job_set(&job->params, json_object_to_json_string_ext(wanted->params,
									   JSON_C_TO_STRING_PLAIN));
	return err;
}

/* The uploaded picture becomes the job's input. *why names what is wrong with it. */
static enum kn_err adopt_image(struct request *req, struct job *job, const char **why)
{
	const struct form_field *field = form_find(req->form, "image");
	char mime[MIME_SIZE], *path;
	enum kn_err err;

	if (field == NULL || field->path == NULL)
		return KN_OK;
	*why = "image must be a PNG, JPEG, WebP or GIF file";
	if (mime_of_file(field->path, mime) != KN_OK || !mime_is_image(mime))
		return KN_ERR_INVALID;
	*why = "image is larger than this server takes";
	if (field->bytes > (uint64_t)req->server->conf->max_image_size)
		return KN_ERR_INVALID;
	*why = NULL;
	path = form_take_file(req->form, "image");
	err = path != NULL ? work_add_input(req->server, job, "image", path, mime) : KN_ERR_NOMEM;
	free(path);
	return err;
}

/* How long jobs of this model took lately, in seconds; a guess while there are none. */
static double measured_seconds(struct store *store, const char *model)
{
	const struct store_query query = {
		.api = JOB_VIVID_FLOW, .state = JOB_COMPLETED, .limit = ESTIMATE_SAMPLE};
	struct store_page page = {0};
	double sum = 0;
	int n = 0;

	if (store_job_list(store, &query, &page) != KN_OK)
		return ESTIMATE_GUESS_SECONDS;
	for (size_t i = 0; i < page.n; i++)
		if (strcmp(page.rows[i].model, model) == 0 && page.rows[i].started > 0) {
			sum += (double)(page.rows[i].finished - page.rows[i].started);
			n++;
		}
	store_page_free(&page);
	return n > 0 ? sum / n / (double)USEC_PER_SEC : ESTIMATE_GUESS_SECONDS;
}

/* "~2-5 minutes": all that is queued in front, at the measured pace, and half as much again. */
static json_object *estimate(struct request *req, const char *model)
{
	const struct conf_worker *worker;
	char class_name[64], text[64];
	uint64_t waiting = 1;
	double seconds;
	int low, high;

	snprintf(class_name, sizeof(class_name), "vivid_flow/%s", model);
	worker = conf_worker_for(req->server->conf, class_name);
	store_queue_length(req->server->store, class_name, &waiting);
	seconds = measured_seconds(req->server->store, model) * (double)(waiting > 0 ? waiting : 1);
	seconds /= worker != NULL && worker->slots > 0 ? worker->slots : 1;
	low = seconds < 60 ? 1 : (int)(seconds / 60);
	high = (int)(seconds * 1.5 / 60) + 1;
	snprintf(text, sizeof(text), "~%d-%d minutes", low, high > low ? high : low + 1);
	return json_object_new_string(text);
}

static json_object *status_body(const struct request *req, const struct job *job);

/* "Prefer: wait=N" (RFC 7240); 0 when it is not there. */
static int64_t preferred_wait(const struct request *req)
{
	const char *prefer = request_param(req, "HTTP_PREFER");
	const char *wait = prefer != NULL ? strcasestr(prefer, "wait=") : NULL;
	long seconds = wait != NULL ? strtol(wait + 5, NULL, 10) : 0;

	if (seconds < 0)
		return 0;
	return seconds < WAIT_MAX_SECONDS ? seconds : WAIT_MAX_SECONDS;
}

/* Waits for the job's end, and returns the job as it is then or when the time is up. Only a quarter
 * of the threads may do so at a time: the rest keep answering, with NULL at once. */
static struct job *wait_for_end(struct request *req, const char *id, int64_t seconds)
{
	static atomic_int waiting;
	int64_t deadline = clock_mono_us() + seconds * USEC_PER_SEC;
	struct job *job = NULL;
	uint64_t seen;

	if (atomic_fetch_add(&waiting, 1) >= req->server->conf->threads / 4)
		seconds = 0;
	while (seconds > 0) {
		seen = events_now(req->server->events);
		if (store_job_get(req->server->store, id, &job) != KN_OK)
			break;
		if (job_state_is_terminal(job->state) || clock_mono_us() >= deadline)
			break;
		if (events_wait(req->server->events, seen, deadline) == seen)
			break; /* time is up, or the server stops */
		job_free(&job);
	}
	atomic_fetch_sub(&waiting, 1);
	return job;
}

static void answer_accepted(struct request *req, const struct job *job)
{
	int64_t seconds = preferred_wait(req);
	struct job *seen = seconds > 0 ? wait_for_end(req, job->id, seconds) : NULL;
	json_object *body;

	if (seen != NULL && job_state_is_terminal(seen->state)) {
		response_header(req, "Preference-Applied", "wait=%lld", (long long)seconds);
		respond_json(req, 200, status_body(req, seen));
	} else {
		body = json_object_new_object();
		json_add_string(body, "message", "Generation job accepted");
		json_add_string(body, "job_id", job->id);
		json_add_string(body, "status",
				job_state_name(seen != NULL ? seen->state : job->state));
		json_object_object_add(body, "estimated_wait_time", estimate(req, job->model));
		respond_json(req, 202, body);
	}
	job_free(&seen);
}

static int64_t seconds_to_midnight(int64_t now)
{
	return (USEC_PER_DAY - now % USEC_PER_DAY + USEC_PER_SEC - 1) / USEC_PER_SEC;
}

static void refuse_no_credits(struct request *req)
{
	int64_t wait = seconds_to_midnight(clock_wall_us());
	json_object *body = json_object_new_object();

	response_header(req, "Retry-After", "%lld", (long long)wait);
	json_add_string(body, "error", "Rate limit exceeded");
	json_add_string(body, "details", "The daily limit of jobs is used up");
	json_add_int(body, "retry_after", wait);
	respond_json(req, 429, body);
}

static void create(struct request *req, const struct vivid_request *wanted)
{
	struct server *server = req->server;
	struct creation creation = {.daily_limit = server->conf->daily_job_limit};
	struct job *job = job_new(JOB_VIVID_FLOW, wanted->model);
	const char *why = NULL;
	enum kn_err err = job != NULL ? fill_job(job, wanted, req->principal->owner, server->conf)
				      : KN_ERR_NOMEM;

	if (err == KN_OK)
		err = adopt_image(req, job, &why);
	if (err == KN_OK) {
		creation.job = job;
		name_day_counter(creation.counter, sizeof(creation.counter), req->principal->owner,
				 clock_wall_us());
		err = store_write(server->store, create_within_limit, &creation, STORE_FLUSHED);
		if (err != KN_OK)
			asset_remove_all(server->conf, job, true);
	}
	if (err == KN_OK) {
		request_set_job(req, job->id);
		answer_accepted(req, job);
	} else if (err == KN_ERR_LIMIT) {
		refuse_no_credits(req);
	} else if (why != NULL) {
		json_object *details = json_object_new_array();

		json_object_array_add(details, json_object_new_string(why));
		refuse_details(req, details);
	} else {
		respond_error(req, err, NULL);
	}
	job_free(&job);
}

/* The account page has limits of its own. */
static bool web_may_generate(struct request *req, const struct vivid_request *wanted)
{
	json_object *enhance = NULL;

	if (!req->principal->by_session)
		return true;
	json_object_object_get_ex(wanted->params, "enhance_prompt", &enhance);
	return gate_web_take(req, GATE_GENERATE, req->principal->owner) &&
	       (!json_object_get_boolean(enhance) ||
		gate_web_take(req, GATE_ENHANCE, req->principal->owner));
}

static void handle_generate(struct request *req)
{
	struct vivid_request wanted = {0};
	json_object *details = NULL;
	enum kn_err err;

	err = vivid_params_check(req->form, &wanted, &details);
	if (err == KN_ERR_INVALID) {
		refuse_details(req, details);
		details = NULL;
	} else if (err != KN_OK) {
		respond_error(req, err, NULL);
	} else if (web_may_generate(req, &wanted)) {
		create(req, &wanted);
	}
	json_object_put(details);
	json_object_put(wanted.params);
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

static json_object *status_body(const struct request *req, const struct job *job)
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
	respond_json(req, 200, status_body(req, job));
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
	char after[ID_SIZE];
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
			memcpy(after, page.rows[i - 1].id, sizeof(after));
		query.after = after;
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
	name_day_counter(counter, sizeof(counter), owner, now);
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
	{"POST", "/api/v1/generate", handle_generate, ROUTE_KEY, ROUTE_FORM, ROUTE_CAP_IMAGE},
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
	.routes = routes,
	.routes_n = sizeof(routes) / sizeof(routes[0]),
	.error_body = vivid_error_body,
};
