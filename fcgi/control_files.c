/* `orphans` and `audit`: files without a record, and records without a file. */
#include "control_priv.h"
#include "lib/asset.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/store/store.h"
#include "work.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { AUDIT_LIMIT_MAX = 500 };

/* When in doubt a file has an owner. */
static bool is_orphan(struct control_call *call, const char *path)
{
	char id[ID_SIZE];
	bool is_its_own;

	return asset_owner(path, id) &&
	       store_job_owns_file(call->server->store, id, path, &is_its_own) == KN_OK &&
	       !is_its_own;
}

enum kn_err control_op_orphans(struct control_call *call)
{
	json_object *paths = json_get_array(call->body, "paths"), *orphans;
	size_t n = paths != NULL ? json_object_array_length(paths) : 0;

	orphans = json_object_new_array();
	for (size_t i = 0; i < n; i++) {
		json_object *path = json_object_array_get_idx(paths, i);

		if (json_object_is_type(path, json_type_string) &&
		    is_orphan(call, json_object_get_string(path)))
			json_object_array_add(orphans, json_object_get(path));
	}
	call->result = json_object_new_object();
	json_object_object_add(call->result, "orphans", orphans);
	return KN_OK;
}

static bool has_lost_file(struct control_call *call, const char *id)
{
	struct job *job = NULL;
	bool lost = false;

	if (store_job_get(call->server->store, id, &job) != KN_OK)
		return false;
	for (size_t i = 0; i < job->assets.n && !lost && job->expired == 0; i++) {
		char path[PATH_MAX];

		/* Only what is surely not there: a disk that fails says nothing of its files. */
		lost = asset_path(call->server->conf, job->assets.v[i].path, path) == KN_OK &&
		       access(path, F_OK) < 0 && errno == ENOENT;
	}
	job_free(&job);
	return lost;
}

/* One page of completed jobs, newest first; "before" of the answer, if any, asks for the next. */
enum kn_err control_op_audit(struct control_call *call)
{
	int64_t limit = json_get_int(call->body, "limit", AUDIT_LIMIT_MAX);
	struct store_query query = {.api = -1,
				    .state = JOB_COMPLETED,
				    .before = json_get_int(call->body, "before", 0),
				    .limit = AUDIT_LIMIT_MAX};
	struct store_page page = {0};
	int64_t expired = 0;
	enum kn_err err;

	if (limit > 0 && limit < AUDIT_LIMIT_MAX)
		query.limit = (size_t)limit;
	err = store_job_list(call->server->store, &query, &page);
	if (err != KN_OK)
		return err;
	for (size_t i = 0; i < page.n; i++) {
		const char *id = page.rows[i].id;

		if (!page.rows[i].has_assets || !has_lost_file(call, id))
			continue;
		log_msg(LOG_LEVEL_WARN, id, "its files are gone: marked as expired");
		expired += work_expire_files(call->server, id, NULL) == KN_OK;
	}
	call->result = json_object_new_object();
	json_add_int(call->result, "expired", expired);
	if (page.n == query.limit)
		json_add_int(call->result, "before", page.rows[page.n - 1].created);
	store_page_free(&page);
	return KN_OK;
}
