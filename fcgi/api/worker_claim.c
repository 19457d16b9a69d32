#include "fcgi/events.h"
#include "fcgi/response.h"
#include "fcgi/work.h"
#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/json.h"
#include "lib/store/store.h"
#include "worker.h"
#include "worker_members.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODELS_MAX = 32, WAIT_MAX_SECONDS = 30, WORKER_NAME_MAX = 64 };

struct claim {
	const char *classes[MODELS_MAX];
	size_t n;
	const char *worker;
	int64_t wait, lease; /* seconds */
};

static bool is_class(const char *name)
{
	size_t n;
	const char *const *known = work_classes(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(known[i], name) == 0)
			return true;
	return false;
}

static void expand_star(struct claim *claim)
{
	size_t n;
	const char *const *known = work_classes(&n);

	for (size_t i = 0; i < n; i++)
		claim->classes[i] = known[i];
	claim->n = n;
}

/* False: answered 400. */
static bool read_claim(struct request *req, struct claim *claim)
{
	struct members members;

	if (!members_begin(req, &members))
		return false;
	claim->n = member_list(&members, "models", claim->classes, MODELS_MAX);
	claim->worker = member_text(&members, "worker", "worker");
	claim->wait = member_int(&members, "wait", 0, WAIT_MAX_SECONDS, 0);
	claim->lease = member_int(&members, "lease", LEASE_MIN_SECONDS, LEASE_MAX_SECONDS,
				  req->server->conf->job_timeout_seconds);
	if (claim->worker[0] == '\0' || strlen(claim->worker) > WORKER_NAME_MAX)
		members.wrong = "worker";
	if (claim->n == 0 && members.wrong == NULL)
		members.wrong = "models";
	for (size_t i = 0; i < claim->n && members.wrong == NULL; i++) {
		if (strcmp(claim->classes[i], "*") == 0) {
			expand_star(claim);
			break;
		}
		if (!is_class(claim->classes[i]))
			members.wrong = "models";
	}
	return !members_answer(req, &members);
}

/* The counters say whether it is worth troubling the writer: many may wait for one class. */
static enum kn_err claim_now(struct request *req, const struct claim *claim, struct job **job)
{
	uint64_t length = 0;
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < claim->n && length == 0 && err == KN_OK; i++)
		err = store_queue_length(req->server->store, claim->classes[i], &length);
	if (err != KN_OK)
		return err;
	if (length == 0)
		return KN_ERR_NOT_FOUND;
	return work_claim(req->server, claim->classes, claim->n, claim->worker, claim->lease, job);
}

/* Long polls may hold a quarter of the request threads; who comes then is not made to wait. */
static atomic_llong waiting;

static bool wait_begin(const struct request *req)
{
	if (atomic_fetch_add(&waiting, 1) < req->server->conf->threads / 4)
		return true;
	atomic_fetch_sub(&waiting, 1);
	return false;
}

static enum kn_err claim_waiting(struct request *req, const struct claim *claim, struct job **job)
{
	struct events *events = req->server->events;
	int64_t now = clock_mono_us(), deadline = now + claim->wait * USEC_PER_SEC;
	enum kn_err err;
	uint64_t seen;

	do {
		seen = events_now(events);
		if (request_is_abandoned(req))
			return KN_ERR_NOT_FOUND;
		err = claim_now(req, claim, job);
		if (err != KN_ERR_NOT_FOUND || events_is_shut_down(events))
			return err;
		/* A look each second is for jobs whose backoff ends, which is no event. */
		now = clock_mono_us();
		events_wait(events, seen,
			    deadline < now + USEC_PER_SEC ? deadline : now + USEC_PER_SEC);
	} while (now < deadline);
	return err;
}

static json_object *inputs_json(const struct job *job, const char *base_url)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < job->inputs.n; i++) {
		const struct job_file *file = &job->inputs.v[i];
		char hex[2 * sizeof(file->sha256) + 1], url[1024];
		json_object *one = json_object_new_object();

		sodium_bin2hex(hex, sizeof(hex), file->sha256, sizeof(file->sha256));
		snprintf(url, sizeof(url), "%s/worker/v1/jobs/%s/inputs/%s", base_url, job->id,
			 file->name);
		json_add_string(one, "name", file->name);
		json_add_string(one, "mime", file->mime);
		json_add_int(one, "bytes", (int64_t)file->bytes);
		json_add_string(one, "sha256", hex);
		json_add_string(one, "url", url);
		json_object_array_add(list, one);
	}
	return list;
}

static json_object *claim_json(const struct job *job, int64_t lease, const char *base_url)
{
	json_object *body = json_object_new_object(), *it = json_object_new_object();

	json_add_string(it, "id", job->id);
	json_add_string(it, "api", job_api_name(job->api));
	json_add_string(it, "model", job->model);
	json_add_string(it, "prompt", job->prompt);
	json_object_object_add(it, "params",
			       job->params != NULL ? json_tokener_parse(job->params)
						   : json_object_new_object());
	json_object_object_add(it, "inputs", inputs_json(job, base_url));
	json_add_int(it, "created_at", job->created / USEC_PER_SEC);
	json_object_object_add(body, "job", it);
	json_add_string(body, "token", job->lease.token);
	json_add_int(body, "attempt", job->attempt);
	json_add_int(body, "max_attempts", job->max_attempts);
	json_add_int(body, "lease", lease);
	return body;
}

void worker_claim(struct request *req)
{
	struct claim claim = {0};
	struct job *job = NULL;
	const char *base_url;
	enum kn_err err;

	if (!read_claim(req, &claim))
		return;
	base_url = request_base_url(req);
	if (base_url == NULL) {
		err = KN_ERR_NOMEM;
	} else if (claim.wait > 0 && wait_begin(req)) {
		err = claim_waiting(req, &claim, &job);
		atomic_fetch_sub(&waiting, 1);
	} else {
		err = claim_now(req, &claim, &job);
	}
	if (err == KN_OK) {
		request_set_job(req, job->id);
		respond_json(req, 200, claim_json(job, claim.lease, base_url));
	} else if (err == KN_ERR_NOT_FOUND) {
		respond_empty(req, 204);
	} else {
		respond_error(req, err, NULL);
	}
	job_free(&job);
}
