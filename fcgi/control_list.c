/* `list` and `stats`: what an administrator looks at. */
#include "control_priv.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/store/store.h"
#include "work.h"

#include <string.h>
#include <unistd.h>

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 500 };

static json_object *row_to_json(const struct store_row *row)
{
	json_object *json = json_object_new_object();

	json_add_string(json, "id", row->id);
	json_add_string(json, "api", job_api_name(row->api));
	json_add_string(json, "model", row->model);
	json_add_string(json, "state", job_state_name(row->state));
	json_add_int(json, "progress", row->progress);
	json_add_string(json, "prompt", row->prompt);
	json_add_string(json, "owner", row->owner[0] != '\0' ? row->owner : NULL);
	json_add_string(json, "error", row->error[0] != '\0' ? row->error : NULL);
	json_object_object_add(json, "has_assets", json_object_new_boolean(row->has_assets));
	json_add_int(json, "created", row->created);
	json_add_int(json, "started", row->started);
	json_add_int(json, "finished", row->finished);
	json_add_int(json, "expired", row->expired);
	return json;
}

/* A word of a table, -1 when it is not asked for. False: it is none. */
static bool read_word(const struct control_call *call, const char *name, int (*from)(const char *),
		      int *out)
{
	const char *word = json_get_string(call->body, name);

	*out = word != NULL ? from(word) : -1;
	return word == NULL || *out >= 0;
}

static enum kn_err refuse(struct control_call *call, const char *why)
{
	call->text = strdup(why);
	return KN_ERR_INVALID;
}

enum kn_err control_op_list(struct control_call *call)
{
	struct store_query query = {.owner = json_get_string(call->body, "owner"),
				    .after = json_get_string(call->body, "after")};
	int64_t limit = json_get_int(call->body, "limit", LIMIT_DEFAULT);
	struct store_page page = {0};
	json_object *jobs;
	size_t bytes = 0;
	enum kn_err err;

	if (!read_word(call, "api", job_api_from_name, &query.api))
		return refuse(call, "no such api");
	if (!read_word(call, "state", job_state_from_name, &query.state))
		return refuse(call, "no such state");
	if (limit < 1)
		return refuse(call, "a limit is 1 or more");
	query.limit = limit < LIMIT_MAX ? (size_t)limit : LIMIT_MAX;
	err = store_job_list(call->server->store, &query, &page);
	if (err != KN_OK)
		return err;
	jobs = json_object_new_array();
	for (size_t i = 0; i < page.n; i++) {
		json_object *row = row_to_json(&page.rows[i]);

		if (!control_fits(row, &bytes)) {
			json_object_put(row);
			break; /* "after" asks for the rest */
		}
		json_object_array_add(jobs, row);
	}
	call->result = json_object_new_object();
	json_add_int(call->result, "total", (int64_t)page.total);
	json_object_object_add(call->result, "jobs", jobs);
	store_page_free(&page);
	return KN_OK;
}

static enum kn_err count_states(struct control_call *call, int api, json_object *into)
{
	enum kn_err err = KN_OK;

	for (int state = 0; state < JOB_STATE_COUNT && err == KN_OK; state++) {
		uint64_t n = 0;

		err = store_job_count(call->server->store, api, state, NULL, &n);
		json_add_int(into, job_state_name((enum job_state)state), (int64_t)n);
	}
	return err;
}

static enum kn_err count_queues(struct control_call *call, json_object *into)
{
	enum kn_err err = KN_OK;
	size_t n;
	const char *const *classes = work_classes(&n);

	for (size_t i = 0; i < n && err == KN_OK; i++) {
		uint64_t length = 0;

		err = store_queue_length(call->server->store, classes[i], &length);
		json_add_int(into, classes[i], (int64_t)length);
	}
	return err;
}

enum kn_err control_op_stats(struct control_call *call)
{
	json_object *jobs = json_object_new_object(), *queues = json_object_new_object();
	enum kn_err err = KN_OK;

	call->result = json_object_new_object();
	json_add_int(call->result, "pid", getpid());
	json_object_object_add(call->result, "jobs", jobs);
	json_object_object_add(call->result, "queues", queues);
	for (int api = 0; api < JOB_API_COUNT && err == KN_OK; api++) {
		json_object *states = json_object_new_object();

		json_object_object_add(jobs, job_api_name((enum job_api)api), states);
		err = count_states(call, api, states);
	}
	return err == KN_OK ? count_queues(call, queues) : err;
}
