/* Grok Imagine: video generation in the manner of OpenAI (specs 000 and 001;
 * docs/api/grok-imagine.md). */
#include "grok_imagine.h"

#include "fcgi/response.h"
#include "fcgi/router.h"
#include "fcgi/work.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/json_text.h"
#include "lib/text.h"
#include "lookup.h"

#include <stdio.h>
#include <string.h>

/* --- shapes --- */

/* A job as one of the two documents shows it. Made from list columns, which a single job has too.
 */
typedef void shape_fn(struct bytes *to, const struct store_row *row, const char *base_url);

static void add_video_url(struct bytes *to, const struct store_row *row, const char *base_url)
{
	char url[1024];

	snprintf(url, sizeof(url), "%s/videos/%s.mp4", base_url, row->id);
	json_text_string(to, "video_url", row->expired == 0 ? url : NULL);
}

static void add_seconds(struct bytes *to, const char *name, int64_t at)
{
	json_text_int(to, name, at / USEC_PER_SEC);
}

static bool has_failed(const struct store_row *row)
{
	return row->state == JOB_FAILED || row->state == JOB_CANCELLED;
}

static const char *error_of(const struct store_row *row)
{
	if (row->error[0] != '\0')
		return row->error;
	return row->state == JOB_CANCELLED ? "Job was cancelled" : "Unknown error";
}

/* The API reference's, of /v1/video/generations and /jobs. */
static void shape_reference(struct bytes *to, const struct store_row *row, const char *base_url)
{
	json_text_open(to, NULL, '{');
	json_text_string(to, "id", row->id);
	json_text_string(to, "status", grok_imagine_status(row->state));
	json_text_string(to, "model", row->model);
	json_text_string(to, "prompt", row->prompt);
	if (row->state == JOB_COMPLETED)
		add_video_url(to, row, base_url);
	if (has_failed(row))
		json_text_string(to, "error", error_of(row));
	add_seconds(to, "created_at", row->created);
	if (row->state == JOB_COMPLETED) {
		add_seconds(to, "completed_at", row->finished);
		if (row->expired != 0)
			add_seconds(to, "expired_at", row->expired);
	}
	if (has_failed(row))
		add_seconds(to, "failed_at", row->finished);
	json_text_close(to, '}');
}

/* The README's, of /v1/videos/generations: it names the URL before there is a video. */
static void shape_readme(struct bytes *to, const struct store_row *row, const char *base_url)
{
	json_text_open(to, NULL, '{');
	json_text_string(to, "id", row->id);
	json_text_string(to, "object", "videos.generation");
	add_seconds(to, "created", row->created);
	json_text_string(to, "model", row->model);
	json_text_string(to, "status", grok_imagine_status(row->state));
	if (has_failed(row))
		json_text_string(to, "video_url", NULL);
	else
		add_video_url(to, row, base_url);
	json_text_string(to, "error", has_failed(row) ? error_of(row) : NULL);
	if (row->state == JOB_COMPLETED && row->expired != 0)
		add_seconds(to, "expired_at", row->expired);
	json_text_close(to, '}');
}

static struct store_row row_of(const struct job *job)
{
	struct store_row row = {
		.api = job->api,
		.state = job->state,
		.created = job->created,
		.finished = job->finished,
		.expired = job->expired,
		.model = job->model,
		.prompt = job->prompt != NULL ? job->prompt : "",
		.error = job->error_text != NULL ? job->error_text : "",
	};

	memcpy(row.id, job->id, sizeof(row.id));
	return row;
}

static void respond_job(struct request *req, int status, const struct job *job, shape_fn *shape)
{
	struct store_row row = row_of(job);
	const char *base_url = request_base_url(req);

	request_set_job(req, job->id);
	if (base_url == NULL)
		respond_error(req, KN_ERR_NOMEM, NULL);
	else
		shape(respond_json_text(req, status), &row, base_url);
}

void grok_imagine_respond(struct request *req, int status, const struct job *job)
{
	respond_job(req, status, job, shape_reference);
}

struct job *grok_imagine_job(struct request *req, const char *id)
{
	struct job *job;
	enum kn_err err = lookup_job(req, id, JOB_GROK_IMAGINE, &job);

	if (err != KN_OK)
		respond_error(req, err, err == KN_ERR_NOT_FOUND ? "Job not found" : NULL);
	return job;
}

/* --- creation --- */

static enum kn_err set_params(struct job *job, const struct creation *creation)
{
	struct bytes text = {0};

	json_text_open(&text, NULL, '{');
	json_text_string(&text, "model", creation->model);
	json_text_string(&text, "prompt", creation->prompt);
	if (creation->image != NULL)
		json_text_string(&text, "image_form",
				 image_is_data_url(creation->image) ? "data_url" : "base64");
	json_text_close(&text, '}');
	bytes_put_u8(&text, '\0');
	job->params = (char *)text.data; /* the job's now */
	return text.failed ? KN_ERR_NOMEM : KN_OK;
}

static enum kn_err fill_job(struct server *server, struct job *job, const struct creation *creation,
			    const char **why)
{
	enum kn_err err = KN_OK;

	if (creation->image != NULL) {
		store_draw_id(server->store, job->api, job->id); /* its directory needs it */
		err = image_keep(server, job, creation->image, why);
	}
	if (err == KN_OK)
		err = job_set(&job->prompt, creation->prompt);
	if (err == KN_OK)
		err = set_params(job, creation);
	return err;
}

static void create(struct request *req, shape_fn *shape)
{
	const char *key = request_param(req, "HTTP_IDEMPOTENCY_KEY"), *why = NULL;
	struct creation creation = {0};
	struct faults faults = {0};
	struct job *job = NULL;
	bool replayed;
	enum kn_err err;

	if (!json_object_is_type(req->json, json_type_object)) {
		respond_error(req, KN_ERR_INVALID, "The body must be a JSON object");
		return;
	}
	check_creation(&faults, req->json, &creation);
	if (faults_answer(req, &faults))
		return;
	if (text_is_blank(creation.prompt, strlen(creation.prompt))) {
		respond_error(req, KN_ERR_INVALID, "Prompt is required");
		return;
	}
	job = job_new(JOB_GROK_IMAGINE, creation.model);
	err = job != NULL ? fill_job(req->server, job, &creation, &why) : KN_ERR_NOMEM;
	if (err == KN_OK) {
		err = work_create(req->server, &job, key, &replayed);
		if (err == KN_ERR_UNPROCESSABLE)
			why = "This Idempotency-Key was used for another request";
	}
	if (err == KN_OK)
		respond_job(req, 201, job, shape);
	else
		respond_error(req, err, why);
	job_free(&job);
}

static void create_reference(struct request *req)
{
	create(req, shape_reference);
}

static void create_readme(struct request *req)
{
	create(req, shape_readme);
}

/* --- one job --- */

struct answer {
	struct request *req;
	shape_fn *shape;
};

static enum kn_err answer_job(const struct job *job, void *arg)
{
	const struct answer *answer = arg;

	if (job->api != JOB_GROK_IMAGINE)
		return KN_ERR_NOT_FOUND;
	respond_job(answer->req, 200, job, answer->shape);
	return KN_OK;
}

/* What most requests are: a look at the record instead of a copy. */
static void get(struct request *req, shape_fn *shape)
{
	struct answer answer = {req, shape};
	const char *id = req->args[0];
	enum kn_err err = id_is_safe(id)
				  ? store_job_look(req->server->store, id, answer_job, &answer)
				  : KN_ERR_NOT_FOUND;

	if (err != KN_OK)
		respond_error(req, err, err == KN_ERR_NOT_FOUND ? "Job not found" : NULL);
}

static void get_reference(struct request *req)
{
	get(req, shape_reference);
}

static void get_readme(struct request *req)
{
	get(req, shape_readme);
}

/* --- its video --- */

static void refuse_video(struct request *req, enum kn_err err)
{
	if (err == KN_ERR_NOT_FOUND || err == KN_ERR_GONE)
		respond_error(req, KN_ERR_NOT_FOUND, "Video not found");
	else
		respond_error(req, err, NULL);
}

static enum kn_err lookup_completed(struct request *req, struct job **job)
{
	enum kn_err err = lookup_job(req, req->args[0], JOB_GROK_IMAGINE, job);

	return err == KN_OK && (*job)->state != JOB_COMPLETED ? KN_ERR_NOT_FOUND : err;
}

/* Web servers are told to look at the directory first, and have no need to ask. */
static void get_video(struct request *req)
{
	const struct job_file *video = NULL;
	struct job *job;
	enum kn_err err = lookup_completed(req, &job);

	if (err == KN_OK && job->expired == 0)
		video = job_files_find(&job->assets, "video");
	if (video != NULL)
		respond_file(req, video->path, video->mime, NULL);
	else
		refuse_video(req, err == KN_OK ? KN_ERR_GONE : err);
	job_free(&job);
}

/* The job stays; only its video goes. */
static void delete_video(struct request *req)
{
	struct job *job;
	enum kn_err err = lookup_completed(req, &job);

	if (err == KN_OK)
		err = work_expire_files(req->server, job->id, NULL);
	if (err == KN_OK)
		respond_empty(req, 204);
	else
		refuse_video(req, err);
	job_free(&job);
}

/* --- lists --- */

/* The newer of the two pages' next rows; either may be at its end. */
static const struct store_row *next_row(const struct store_page *a, size_t *i,
					const struct store_page *b, size_t *j)
{
	if (*i < a->n && (*j == b->n || a->rows[*i].created > b->rows[*j].created))
		return &a->rows[(*i)++];
	return *j < b->n ? &b->rows[(*j)++] : NULL;
}

static void write_list(struct bytes *to, const struct store_page *a, const struct store_page *b,
		       size_t limit, shape_fn *shape, const char *base_url)
{
	const struct store_row *row;
	size_t i = 0, j = 0;

	json_text_open(to, NULL, '{');
	json_text_open(to, "jobs", '[');
	while (i + j < limit && (row = next_row(a, &i, b, &j)) != NULL)
		shape(to, row, base_url);
	json_text_close(to, ']');
	json_text_int(to, "total", (int64_t)(a->total + b->total));
	json_text_close(to, '}');
}

static void list(struct request *req, shape_fn *shape)
{
	struct store_page page = {0}, cancelled = {0};
	struct store_query query = {.api = JOB_GROK_IMAGINE};
	struct listing listing;
	struct faults faults = {0};
	const char *base_url = NULL;
	enum kn_err err;

	check_listing(&faults, req, &listing);
	if (faults_answer(req, &faults))
		return;
	query.state = listing.state;
	query.after = listing.after;
	query.limit = (size_t)listing.limit;
	err = store_job_list(req->server->store, &query, &page);
	if (err == KN_OK && query.state == JOB_FAILED) {
		/* Clients see cancelled jobs as failed: the list is both. */
		query.state = JOB_CANCELLED;
		err = store_job_list(req->server->store, &query, &cancelled);
	}
	if (err == KN_OK) {
		base_url = request_base_url(req);
		err = base_url != NULL ? KN_OK : KN_ERR_NOMEM;
	}
	if (err == KN_ERR_NOT_FOUND)
		fault_add(&faults, "query", "after", "no such job", "value_error", NULL);
	if (err == KN_OK)
		write_list(respond_json_text(req, 200), &page, &cancelled, query.limit, shape,
			   base_url);
	else if (!faults_answer(req, &faults))
		respond_error(req, err, NULL);
	store_page_free(&page);
	store_page_free(&cancelled);
}

static void list_reference(struct request *req)
{
	list(req, shape_reference);
}

static void list_readme(struct request *req)
{
	list(req, shape_readme);
}

/* --- the dialect --- */

static void health(struct request *req)
{
	json_object *body = json_object_new_object();

	json_add_string(body, "status", "ok");
	json_add_string(body, "service", "Grok Imagine API");
	json_add_string(body, "version", "1.0.0");
	respond_json(req, 200, body);
}

static json_object *error_body(enum kn_err err, const char *text)
{
	json_object *body = json_object_new_object();

	(void)err;
	json_add_string(body, "detail", text);
	return body;
}

/* clang-format off */
static const struct route routes[] = {
	{"GET", "/", health, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"POST", "/v1/video/generations", create_reference, ROUTE_OPEN, ROUTE_JSON, ROUTE_CAP_IMAGE},
	{"GET", "/v1/video/generations", list_reference, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/v1/video/generations/{id}", get_reference, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"POST", "/v1/videos/generations", create_readme, ROUTE_OPEN, ROUTE_JSON, ROUTE_CAP_IMAGE},
	{"GET", "/v1/videos/generations", list_readme, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/v1/videos/generations/{id}", get_readme, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/jobs", list_reference, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/videos/{id}.mp4", get_video, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"DELETE", "/videos/{id}.mp4", delete_video, ROUTE_OPEN, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"GET", "/extension/poll", extension_poll, ROUTE_WORKER, ROUTE_NO_BODY, ROUTE_CAP_SMALL},
	{"POST", "/extension/complete", extension_complete, ROUTE_WORKER, ROUTE_FORM, ROUTE_CAP_UPLOAD},
	{"POST", "/extension/error", extension_error, ROUTE_WORKER, ROUTE_JSON, ROUTE_CAP_SMALL},
};
/* clang-format on */

const struct dialect dialect_grok_imagine = {
	.name = "grok_imagine",
	.routes = routes,
	.routes_n = sizeof(routes) / sizeof(routes[0]),
	.error_body = error_body,
};
