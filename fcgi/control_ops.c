#include "control_priv.h"

#include "gate.h"
#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/job_json.h"
#include "lib/json.h"
#include "lib/store/store.h"
#include "work.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLASSES_MAX = 64, FILES_MAX = 64, LINES_MAX = 256, PAGE = 500 };

/* The strings of an array, at most max: how many there are. They live as long as the array. */
static size_t strings_of(json_object *array, const char **out, size_t max)
{
	size_t n = array != NULL ? json_object_array_length(array) : 0, kept = 0;

	for (size_t i = 0; i < n && kept < max; i++) {
		json_object *one = json_object_array_get_idx(array, i);

		if (json_object_is_type(one, json_type_string))
			out[kept++] = json_object_get_string(one);
	}
	return kept;
}

static const char *id_of(const struct control_call *call)
{
	const char *id = json_get_string(call->body, "id");

	return id != NULL && id_is_safe(id) ? id : NULL;
}

static bool is_true(const struct control_call *call, const char *name)
{
	json_object *value = NULL;

	return json_object_object_get_ex(call->body, name, &value) &&
	       json_object_get_boolean(value);
}

/* Answers with the job's state, which is enough for those who work on it. */
static enum kn_err answer_state(struct control_call *call, enum kn_err err, struct job **job)
{
	if (err == KN_OK && *job != NULL) {
		call->result = json_object_new_object();
		json_add_string(call->result, "state", job_state_name((*job)->state));
	}
	job_free(job);
	return err;
}

static enum kn_err answer_job(struct control_call *call, enum kn_err err, struct job **job)
{
	if (err == KN_OK && *job != NULL) {
		call->result = json_object_new_object();
		json_object_object_add(call->result, "job", job_to_json(*job));
	}
	job_free(job);
	return err;
}

static enum kn_err answer_number(struct control_call *call, enum kn_err err, const char *name,
				 int64_t n)
{
	if (err == KN_OK) {
		call->result = json_object_new_object();
		json_add_int(call->result, name, n);
	}
	return err;
}

/* --- the process --- */

static enum kn_err ping(struct control_call *call)
{
	return answer_number(call, store_ping(call->server->store), "pid", getpid());
}

/* For a new kinorad: the listening sockets, FastCGI first, and who serves them. */
static enum kn_err takeover(struct control_call *call)
{
	call->fds[0] = STDIN_FILENO;
	call->fds[1] = call->listen_fd;
	call->fds_n = 2;
	return answer_number(call, KN_OK, "pid", getpid());
}

/* --- a worker's operations --- */

/* Where the inputs lie is known here; workers get absolute paths. */
static void add_input_files(struct control_call *call, const struct job *job, json_object *json)
{
	json_object *inputs = json_get_array(json, "inputs");

	for (size_t i = 0; i < job->inputs.n; i++) {
		char path[PATH_MAX];

		if (asset_path(call->server->conf, job->inputs.v[i].path, path) == KN_OK)
			json_add_string(json_object_array_get_idx(inputs, i), "file", path);
	}
}

static enum kn_err claim(struct control_call *call)
{
	const char *classes[CLASSES_MAX], *worker = json_get_string(call->body, "worker");
	size_t n = strings_of(json_get_array(call->body, "classes"), classes, CLASSES_MAX);
	struct job *job = NULL;
	json_object *json;
	enum kn_err err;

	if (n == 0 || worker == NULL)
		return KN_ERR_INVALID;
	err = work_claim(call->server, classes, n, worker, json_get_int(call->body, "lease", 0),
			 &job);
	if (err != KN_OK)
		return err;
	json = job_to_json(job);
	add_input_files(call, job, json);
	call->result = json_object_new_object();
	json_object_object_add(call->result, "job", json);
	json_add_string(call->result, "token", job->lease.token);
	job_free(&job);
	return KN_OK;
}

static enum kn_err progress(struct control_call *call)
{
	const char *log[LINES_MAX], *token = json_get_string(call->body, "token");
	struct work_progress report = {
		.progress = (int)json_get_int(call->body, "progress", -1),
		.stage = json_get_string(call->body, "stage"),
		.message = json_get_string(call->body, "message"),
		.log = log,
		.log_n = strings_of(json_get_array(call->body, "log"), log, LINES_MAX),
		.lease_seconds = json_get_int(call->body, "lease", 0),
	};
	const char *id = id_of(call);
	struct job *job = NULL;

	if (id == NULL || token == NULL)
		return KN_ERR_INVALID;
	return answer_state(call, work_progress(call->server, id, token, &report, &job), &job);
}

static enum kn_err complete(struct control_call *call)
{
	json_object *list = json_get_array(call->body, "files");
	const char *id = id_of(call), *token = json_get_string(call->body, "token");
	size_t n = list != NULL ? json_object_array_length(list) : 0;
	struct work_file files[FILES_MAX];
	struct job *job = NULL;

	if (id == NULL || token == NULL || n > FILES_MAX)
		return KN_ERR_INVALID;
	for (size_t i = 0; i < n; i++) {
		json_object *file = json_object_array_get_idx(list, i);

		files[i] = (struct work_file){json_get_string(file, "name"),
					      json_get_string(file, "path")};
		if (files[i].name == NULL || files[i].path == NULL)
			return KN_ERR_INVALID;
	}
	return answer_state(
		call, work_complete(call->server, id, token, files, n, &call->text, &job), &job);
}

static enum kn_err fail(struct control_call *call)
{
	const char *id = id_of(call), *token = json_get_string(call->body, "token");
	const char *code = json_get_string(call->body, "code");
	const char *text = json_get_string(call->body, "text");
	struct job *job = NULL;

	if (id == NULL || token == NULL || code == NULL || text == NULL)
		return KN_ERR_INVALID;
	return answer_state(
		call, work_fail(call->server, id, token, code, text, is_true(call, "again"), &job),
		&job);
}

static enum kn_err release(struct control_call *call)
{
	const char *id = id_of(call), *token = json_get_string(call->body, "token");

	if (id == NULL || token == NULL)
		return KN_ERR_INVALID;
	return work_release(call->server, id, token);
}

/* --- what a supervisor asks --- */

static bool is_listed(const char *id, const char *const *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

/* Releases the job if a worker of that name holds it. A lease that ended meanwhile is no failure.
 */
static size_t release_if_held(struct server *server, const char *id, const char *worker)
{
	struct job *job = NULL;
	size_t n = 0;

	if (store_job_get(server->store, id, &job) != KN_OK)
		return 0;
	if (job->state == JOB_PROCESSING && job->lease.worker != NULL &&
	    strncmp(job->lease.worker, worker, strlen(worker)) == 0)
		n = work_release(server, id, job->lease.token) == KN_OK;
	job_free(&job);
	return n;
}

/* Gives back what workers whose names start so hold, but for the jobs that they say they still run.
 */
static enum kn_err release_worker(struct control_call *call)
{
	const char *worker = json_get_string(call->body, "worker");
	json_object *except = json_get_array(call->body, "except");
	size_t except_n = except != NULL ? json_object_array_length(except) : 0;
	struct store_query query = {.api = -1, .state = JOB_PROCESSING, .limit = PAGE};
	const char **ids;
	enum kn_err err = KN_OK;
	int64_t released = 0;

	if (worker == NULL || worker[0] == '\0')
		return KN_ERR_INVALID;
	ids = calloc(except_n + 1, sizeof(*ids));
	if (ids == NULL)
		return KN_ERR_NOMEM;
	except_n = strings_of(except, ids, except_n);
	for (size_t got = PAGE; err == KN_OK && got == PAGE;) {
		struct store_page page = {0};

		err = store_job_list(call->server->store, &query, &page);
		got = page.n;
		for (size_t i = 0; i < got; i++)
			if (!is_listed(page.rows[i].id, ids, except_n))
				released += release_if_held(call->server, page.rows[i].id, worker);
		if (got > 0)
			query.before = page.rows[got - 1].created;
		store_page_free(&page);
	}
	free(ids);
	return answer_number(call, err, "released", released);
}

static enum kn_err reap(struct control_call *call)
{
	int64_t next = INT64_MAX;
	size_t reaped = 0;
	enum kn_err err = work_reap(call->server, clock_wall_us(), &reaped, &next);

	err = answer_number(call, err, "reaped", (int64_t)reaped);
	if (err == KN_OK && next != INT64_MAX)
		json_add_int(call->result, "next", next);
	return err;
}

static enum kn_err retain(struct control_call *call)
{
	int64_t now = clock_wall_us();
	size_t removed = 0;
	bool more = false;
	enum kn_err err = work_retain(call->server, now, &removed, &more);

	if (err == KN_OK)
		err = gate_forget(call->server->gate, now);
	err = answer_number(call, err, "removed", (int64_t)removed);
	if (err == KN_OK)
		json_object_object_add(call->result, "more", json_object_new_boolean(more));
	return err;
}

/* --- an administrator's operations --- */

static enum kn_err show(struct control_call *call)
{
	const char *id = id_of(call);
	struct job *job = NULL;

	return id == NULL ? KN_ERR_NOT_FOUND
			  : answer_job(call, store_job_get(call->server->store, id, &job), &job);
}

static enum kn_err cancel(struct control_call *call)
{
	const char *id = id_of(call);
	struct job *job = NULL;

	return id == NULL ? KN_ERR_NOT_FOUND
			  : answer_job(call, work_cancel(call->server, id, true, &job), &job);
}

static enum kn_err retry(struct control_call *call)
{
	const char *id = id_of(call);
	struct job *job = NULL;

	return id == NULL ? KN_ERR_NOT_FOUND
			  : answer_job(call, work_retry(call->server, id, &job), &job);
}

static enum kn_err expire(struct control_call *call)
{
	const char *id = id_of(call);
	struct job *job = NULL;

	return id == NULL ? KN_ERR_NOT_FOUND
			  : answer_job(call, work_expire_files(call->server, id, &job), &job);
}

static enum kn_err delete (struct control_call *call) {
	const char *id = id_of(call);

	return id == NULL ? KN_ERR_NOT_FOUND : work_delete(call->server, id);
}

static const struct control_op ops[] = {
	{"ping", ping},
	{"takeover", takeover},
	{"events", control_op_events},
	{"claim", claim},
	{"progress", progress},
	{"complete", complete},
	{"fail", fail},
	{"release", release},
	{"release_worker", release_worker},
	{"reap", reap},
	{"retain", retain},
	{"orphans", control_op_orphans},
	{"audit", control_op_audit},
	{"list", control_op_list},
	{"show", show},
	{"cancel", cancel},
	{"retry", retry},
	{"expire", expire},
	{"delete", delete},
	{"stats", control_op_stats},
	{"copy", control_op_copy},
	{"compact", control_op_compact},
	{"key_create", control_op_key_create},
	{"key_list", control_op_key_list},
	{"key_revoke", control_op_key_revoke},
	{"key_limit", control_op_key_limit},
};

const struct control_op *control_op_find(const char *name)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (strcmp(ops[i].name, name) == 0)
			return &ops[i];
	return NULL;
}
