/* kinoractl verify: the store, and the files that its records promise. */
#include "backup_note.h"
#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/file_walk.h"
#include "lib/json.h"
#include "lib/store/store.h"
#include "report.h"
#include "snapshot.h"
#include "store_commands.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { PATHS_AT_ONCE = 200 };

struct verify {
	struct ctl *ctl;
	struct snapshot *snapshot;
	struct store *store; /* offline, while orphans are looked for */
	struct report report;
	uint64_t jobs, files;
	bool with_files, is_online;
	json_object *paths; /* whose owners are asked for next */
};

/* --- telling --- */

static void on_fault(void *arg, const char *kind, const char *id, const char *text)
{
	struct verify *verify = arg;

	report_fault(&verify->report, kind, id, text);
}

static int conclude(struct verify *verify, int64_t began)
{
	double seconds = (double)(clock_mono_us() - began) / 1e6;

	if (verify->ctl->json) {
		json_object *root = json_object_new_object();

		json_add_int(root, "jobs", (int64_t)verify->jobs);
		json_add_int(root, "files", (int64_t)verify->files);
		json_object_object_add(root, "seconds", json_object_new_double(seconds));
		report_add(&verify->report, root);
		ctl_print_json(root);
		json_object_put(root);
	} else {
		printf("%llu jobs and %llu files in %.1f s: %llu faults\n",
		       (unsigned long long)verify->jobs, (unsigned long long)verify->files, seconds,
		       (unsigned long long)verify->report.faults);
	}
	return verify->report.faults == 0 ? EX_OK : EX_FAULTS;
}

/* --- files that records promise --- */

/* Whether the record still is what it was in the copy: a job may have been deleted since. */
static enum kn_err is_unchanged(struct verify *verify, const struct job *job, bool *out)
{
	json_object *body, *result = NULL;
	enum kn_err err;

	*out = true;
	if (!verify->is_online)
		return KN_OK;
	body = json_object_new_object();
	json_add_string(body, "id", job->id);
	err = ctl_ask(verify->ctl, "show", body, &result);
	*out = err == KN_OK &&
	       json_get_int(json_get_object(result, "job"), "updated", 0) == job->updated;
	json_object_put(result);
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

static enum kn_err check_files(struct verify *verify, const struct job *job,
			       const struct job_files *files)
{
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < files->n && err == KN_OK; i++) {
		const struct job_file *file = &files->v[i];
		bool unchanged;

		verify->files++;
		if (asset_is_whole(&verify->snapshot->place.conf, file))
			continue;
		err = is_unchanged(verify, job, &unchanged);
		if (err == KN_OK && unchanged)
			report_file(&verify->report, job->id, file->path,
				    "is missing, or not as long as recorded");
	}
	return err;
}

static enum kn_err on_job(void *arg, const struct job *job)
{
	struct verify *verify = arg;
	enum kn_err err;

	if (job->expired != 0)
		return KN_OK;
	err = check_files(verify, job, &job->inputs);
	if (err == KN_OK && job->state == JOB_COMPLETED)
		err = check_files(verify, job, &job->assets);
	if (job->state == JOB_COMPLETED && job->assets.n == 0)
		on_fault(verify, "file", job->id, "is completed, and has no file");
	return err;
}

/* --- files without a record --- */

static enum kn_err ask_responder(struct verify *verify)
{
	json_object *body = json_object_new_object(), *result = NULL, *orphans;
	enum kn_err err;

	json_object_object_add(body, "paths", json_object_get(verify->paths));
	err = ctl_ask(verify->ctl, "orphans", body, &result);
	orphans = json_get_array(result, "orphans");
	for (size_t i = 0; orphans != NULL && i < json_object_array_length(orphans); i++)
		report_file(&verify->report, NULL,
			    json_object_get_string(json_object_array_get_idx(orphans, i)),
			    "belongs to no job");
	json_object_put(result);
	return err;
}

static enum kn_err ask_store(struct verify *verify)
{
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < json_object_array_length(verify->paths) && err == KN_OK; i++) {
		const char *path =
			json_object_get_string(json_object_array_get_idx(verify->paths, i));
		char id[ID_SIZE];
		bool owned = true;

		if (asset_owner(path, id))
			err = store_job_owns_file(verify->store, id, path, &owned);
		if (err == KN_OK && !owned)
			report_file(&verify->report, NULL, path, "belongs to no job");
	}
	return err;
}

static enum kn_err ask_owners(struct verify *verify)
{
	enum kn_err err = verify->is_online ? ask_responder(verify) : ask_store(verify);

	json_object_put(verify->paths);
	verify->paths = json_object_new_array();
	return err;
}

static enum kn_err walk_files(struct verify *verify, int64_t grace)
{
	struct file_walk walk;
	char rel[PATH_MAX];
	enum file_walked walked = FILE_WALK_NONE;
	enum kn_err err = KN_OK;

	file_walk_begin(&walk, grace);
	verify->paths = json_object_new_array();
	while (err == KN_OK && walked != FILE_WALK_END) {
		walked = file_walk_next(&walk, &verify->snapshot->place.conf, rel);
		if (walked == FILE_WALK_ONE && file_walk_is_upload(rel))
			report_file(&verify->report, NULL, rel, "is an upload that nobody ended");
		else if (walked == FILE_WALK_ONE)
			json_object_array_add(verify->paths, json_object_new_string(rel));
		if (walked == FILE_WALK_END ||
		    json_object_array_length(verify->paths) == PATHS_AT_ONCE)
			err = ask_owners(verify);
	}
	file_walk_end(&walk);
	json_object_put(verify->paths);
	return err;
}

static enum kn_err find_orphans(struct verify *verify)
{
	struct store_options options = {.dir = verify->snapshot->place.store};
	enum kn_err err = verify->is_online ? KN_OK : store_open(&options, &verify->store);

	if (err == KN_OK)
		err = walk_files(
			verify, json_get_int(verify->ctl->options, "grace", FILE_WALK_AGE_SECONDS));
	store_close(&verify->store);
	return err;
}

/* --- the command --- */

static int look_through(struct verify *verify)
{
	const struct store_verify options = {
		.fault = on_fault,
		.job = verify->with_files ? on_job : NULL,
		.arg = verify,
		.cache_bytes = (uint64_t)verify->ctl->conf->cache_size,
		.is_copy = verify->snapshot->is_copy,
	};
	int64_t began = clock_mono_us();
	enum kn_err err = place_find_store(verify->snapshot->place.store);

	if (err == KN_OK)
		err = store_verify(verify->snapshot->place.store, &options, &verify->jobs);
	if (snapshot_is_lost(verify->snapshot))
		err = KN_ERR_SHUTDOWN;
	if (err == KN_OK && verify->with_files && !verify->report.is_broken)
		err = find_orphans(verify);
	if (err == KN_ERR_NOT_FOUND)
		return ctl_fail(err, verify->snapshot->place.store, "there is no store");
	if (err == KN_ERR_BUSY)
		return ctl_fail(err, verify->snapshot->place.store, "another process has it open");
	if (err == KN_ERR_SHUTDOWN)
		return ctl_fail(err, "kinorad", "it ended meanwhile: verify again");
	if (err != KN_OK)
		return ctl_fail(err, verify->snapshot->place.store, NULL);
	return conclude(verify, began);
}

/* Whether it is a backup that was made without files. */
static bool lacks_files(const struct ctl *ctl, const struct snapshot *snapshot)
{
	struct backup_note note;

	return json_get_string(ctl->options, "dir") != NULL &&
	       backup_note_read(snapshot->place.data, &note) == KN_OK && !note.with_files;
}

int command_verify(struct ctl *ctl)
{
	struct snapshot snapshot;
	struct verify verify = {.ctl = ctl, .snapshot = &snapshot};
	int status;

	if (!snapshot_take(ctl, &snapshot, &status))
		return status;
	verify.is_online = snapshot.is_copy;
	verify.with_files = !ctl_flag(ctl, "no-files") && !lacks_files(ctl, &snapshot);
	report_begin(&verify.report, ctl->json);
	status = look_through(&verify);
	report_end(&verify.report);
	snapshot_drop(&snapshot);
	return status;
}
