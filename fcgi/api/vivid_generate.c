/* Vivid Flow, "Generate Video": a form becomes a job. */
#include "vivid_flow.h"

#include "fcgi/events.h"
#include "fcgi/gate.h"
#include "fcgi/response.h"
#include "fcgi/work.h"
#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/json.h"
#include "lib/mime.h"
#include "lib/store/store.h"
#include "lib/usage.h"
#include "vivid_params.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	WAIT_MAX_SECONDS = 60,
	ESTIMATE_SAMPLE = 20, /* completed jobs that the estimate is made from … */
	ESTIMATE_READ = 200,  /* … and how many, of both models, are looked at for them */
	ESTIMATE_GUESS_SECONDS = 90,
};

/* Takes `details`. */
static void refuse_details(struct request *req, json_object *details)
{
	json_object *body = json_object_new_object();

	json_add_string(body, "error", "Invalid parameters");
	json_object_object_add(body, "details", details);
	respond_json(req, 400, body);
}

static enum kn_err fill_job(struct store *store, struct job *job,
			    const struct vivid_request *wanted, const char *owner)
{
	enum kn_err err;

	store_draw_id(store, job->api, job->id); /* its directory needs it */
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
		.api = JOB_VIVID_FLOW, .state = JOB_COMPLETED, .limit = ESTIMATE_READ};
	struct store_page page = {0};
	double sum = 0;
	int n = 0;

	if (store_job_list(store, &query, &page) != KN_OK)
		return ESTIMATE_GUESS_SECONDS;
	for (size_t i = 0; i < page.n && n < ESTIMATE_SAMPLE; i++)
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

/* "Prefer: wait=N" (RFC 7240); 0 when it is not there. */
static int64_t preferred_wait(const struct request *req)
{
	const char *at = request_param(req, "HTTP_PREFER");
	long seconds;

	for (; at != NULL && *at != '\0'; at += strcspn(at, ",;")) {
		at += strspn(at, ",; \t");
		if (strncasecmp(at, "wait=", 5) != 0)
			continue;
		seconds = strtol(at + 5, NULL, 10);
		if (seconds < 0)
			return 0;
		return seconds < WAIT_MAX_SECONDS ? seconds : WAIT_MAX_SECONDS;
	}
	return 0;
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
		respond_json(req, 200, vivid_status_body(req, seen));
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

static void refuse_limit(struct request *req, int64_t wait, const char *details)
{
	json_object *body = json_object_new_object();

	response_header(req, "Retry-After", "%lld", (long long)wait);
	json_add_string(body, "error", "Rate limit exceeded");
	json_add_string(body, "details", details);
	json_add_int(body, "retry_after", wait);
	respond_json(req, 429, body);
}

static void answer_failure(struct request *req, enum kn_err err, const char *why)
{
	if (err == KN_ERR_LIMIT)
		refuse_limit(req, seconds_to_midnight(clock_wall_us()), "429 Too Many Requests");
	else if (err == KN_ERR_OWNER_QUEUE)
		refuse_limit(req, RESPONSE_QUEUE_RETRY_SECONDS, kn_err_text(err));
	else if (why != NULL)
		respond_error(req, KN_ERR_INVALID, why);
	else if (err == KN_ERR_UNPROCESSABLE)
		respond_error(req, err, "This Idempotency-Key was used for another request");
	else
		respond_error(req, err, NULL);
}

static void create(struct request *req, const struct vivid_request *wanted)
{
	const char *key = request_param(req, "HTTP_IDEMPOTENCY_KEY"), *why = NULL;
	const char *owner = req->principal->owner;
	struct work_quota quota = {.limit = req->server->conf->daily_job_limit};
	struct job *job = job_new(JOB_VIVID_FLOW, wanted->model);
	bool replayed;
	enum kn_err err =
		job != NULL ? fill_job(req->server->store, job, wanted, owner) : KN_ERR_NOMEM;

	if (err == KN_OK)
		err = adopt_image(req, job, &why);
	if (err == KN_OK) {
		usage_day_counter(quota.counter, sizeof(quota.counter), owner, clock_wall_us());
		err = work_create_counted(req->server, &job, key, &quota, &replayed);
	}
	if (err == KN_OK) {
		request_set_job(req, job->id);
		answer_accepted(req, job);
	} else {
		answer_failure(req, err, why);
	}
	job_free(&job);
}

/* The account page has limits of its own. */
static bool web_may_generate(struct request *req, const struct vivid_request *wanted)
{
	unsigned what = GATE_GENERATE;
	json_object *enhance = NULL;

	if (!req->principal->by_session)
		return true;
	json_object_object_get_ex(wanted->params, "enhance_prompt", &enhance);
	if (json_object_get_boolean(enhance))
		what |= GATE_ENHANCE;
	return gate_web_take(req, what, req->principal->owner);
}

void vivid_generate(struct request *req)
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
