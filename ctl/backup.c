/*
 * kinoractl backup: the store, and the files that its records name.
 *
 * The store is copied first, as of one moment, then recovered and looked through; on the way each
 * record's files are linked or copied. A job that is deleted or expires meanwhile may have lost its
 * files by then: for such a job the backup takes over that it did. So every job is there as it was
 * at some moment of the backup, with its files.
 */
#include "backup_note.h"
#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/store/store.h"
#include "report.h"
#include "snapshot.h"
#include "store_commands.h"
#include "transfer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

struct backup {
	struct ctl *ctl;
	struct report report;
	struct place from, to;
	struct transfer transfer;
	json_object *lost; /* ids of jobs that lack a file */
	bool with_files, is_online;
};

/* --- where it goes --- */

static enum kn_err check_empty(const char *dir, const char **why)
{
	DIR *open = opendir(dir);
	struct dirent *entry;
	bool empty = true;

	if (open == NULL && errno != ENOTDIR)
		return kn_err_from_errno(errno);
	*why = open != NULL ? "is not empty" : "is no directory";
	if (open == NULL)
		return KN_ERR_EXISTS;
	while (empty && (entry = readdir(open)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(open);
	return empty ? KN_OK : KN_ERR_EXISTS;
}

/* A new directory, or one that is empty; of whoever owns the data. */
static enum kn_err make_target(struct backup *backup, const char *dir, const char **why)
{
	struct stat st;
	char *real;
	enum kn_err err;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return kn_err_from_errno(errno);
	err = check_empty(dir, why);
	if (err != KN_OK)
		return err;
	if (geteuid() == 0 && stat(backup->ctl->conf->data_path, &st) == 0 &&
	    chown(dir, st.st_uid, st.st_gid) != 0)
		return kn_err_from_errno(errno);
	real = realpath(dir, NULL);
	if (real == NULL)
		return kn_err_from_errno(errno);
	err = place_at(backup->ctl->conf, real, &backup->to);
	free(real);
	return err;
}

/* What was made in it before something failed; the directory stays, it may be the user's. */
static void clear_target(const struct backup *backup)
{
	static const char *const made[] = {"store", "videos", "output", "jobs"};
	char path[PATH_MAX + 16];

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", backup->to.data, made[i]);
		fs_remove_tree(path);
	}
}

static enum kn_err sync_target(const struct backup *backup)
{
	int fd = open(backup->to.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum kn_err err = fd >= 0 && syncfs(fd) == 0 ? KN_OK : kn_err_from_errno(errno);

	if (fd >= 0)
		close(fd);
	return err;
}

/* --- while it is looked through --- */

static void on_fault(void *arg, const char *kind, const char *id, const char *text)
{
	struct backup *backup = arg;

	report_fault(&backup->report, kind, id, text);
}

static enum kn_err take_files(struct backup *backup, const struct job_files *files, bool *lost)
{
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < files->n && err == KN_OK; i++) {
		err = transfer_file(&backup->transfer, &files->v[i]);
		if (err == KN_ERR_NOT_FOUND) {
			*lost = true;
			err = KN_OK;
		}
	}
	return err;
}

static enum kn_err on_job(void *arg, const struct job *job)
{
	struct backup *backup = arg;
	bool lost = false;
	enum kn_err err = KN_OK;

	backup->transfer.jobs++;
	if (!backup->with_files || job->expired != 0)
		return KN_OK;
	err = take_files(backup, &job->inputs, &lost);
	if (err == KN_OK)
		err = take_files(backup, &job->assets, &lost);
	if (lost)
		json_object_array_add(backup->lost, json_object_new_string(job->id));
	transfer_tell(&backup->transfer);
	return err;
}

/* --- jobs that lost a file meanwhile --- */

struct mend {
	struct backup *backup;
	bool is_deleted;
	json_object *now; /* what else it is by now */
};

static bool lacks_file(const struct place *place, const struct job_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (!asset_is_whole(&place->conf, &files->v[i]))
			return true;
	return false;
}

/* It ended, and then its files expired: how it ended is all that is left of it. */
static enum kn_err end_as_now(struct job *job, json_object *now)
{
	static const enum job_reason reasons[] = {[JOB_COMPLETED] = JOB_BY_RESULT,
						  [JOB_FAILED] = JOB_BY_TIMEOUT,
						  [JOB_CANCELLED] = JOB_BY_CANCEL};
	const char *name = json_get_string(now, "state");
	int state = name != NULL ? job_state_from_name(name) : -1;
	json_object *error = json_get_object(now, "error");
	int64_t finished = json_get_int(now, "finished", 0);
	enum kn_err err = KN_OK;

	if (state < 0 || !job_state_is_terminal((enum job_state)state))
		return KN_ERR_NOT_FOUND;
	if (job->state == JOB_QUEUED && state == JOB_COMPLETED)
		err = job_transition(job, JOB_PROCESSING, JOB_BY_CLAIM, finished);
	if (err == KN_OK)
		err = job_transition(job, (enum job_state)state, reasons[state], finished);
	if (err == KN_OK)
		err = job_set(&job->error_code, json_get_string(error, "code"));
	if (err == KN_OK)
		err = job_set(&job->error_text, json_get_string(error, "text"));
	job_files_clear(&job->assets);
	return err;
}

static enum kn_err change_mend(struct job *job, void *arg)
{
	const struct mend *mend = arg;
	const struct place *to = &mend->backup->to;
	int64_t expired = json_get_int(mend->now, "expired", 0);
	enum kn_err err = KN_OK;

	if (expired != 0 && !job_state_is_terminal(job->state))
		err = end_as_now(job, mend->now);
	job->expired = expired;
	if (expired != 0)
		return err;
	/* An attempt that has ended since, or a failed job that was sent back to the queue: what it
	 * had made so far went with it. */
	if (job->state != JOB_COMPLETED && !lacks_file(to, &job->inputs)) {
		job_files_clear(&job->assets);
		return KN_OK;
	}
	return KN_ERR_NOT_FOUND;
}

static void uncount(struct backup *backup, const struct job_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (asset_is_whole(&backup->to.conf, &files->v[i])) {
			backup->transfer.files--;
			backup->transfer.bytes -= files->v[i].bytes;
		}
}

/* What was linked before the rest had gone. `is`: what the job became, NULL: deleted. */
static void take_back(struct backup *backup, const struct job *was, const struct job *is)
{
	bool inputs_too = is == NULL || is->expired != 0;

	if (!inputs_too && is->assets.n > 0)
		return;
	uncount(backup, &was->assets);
	if (inputs_too)
		uncount(backup, &was->inputs);
	asset_remove_all(&backup->to.conf, was, inputs_too);
}

static enum kn_err mend_record(struct store *copy, const char *id, struct mend *mend,
			       struct job **was, struct job **is)
{
	enum kn_err err = store_job_get(copy, id, was);

	if (err == KN_OK && mend->is_deleted)
		return store_job_delete(copy, id, NULL);
	return err == KN_OK ? store_job_change(copy, id, change_mend, mend, STORE_FLUSHED, is)
			    : err;
}

static enum kn_err mend_job(struct backup *backup, struct store *copy, const char *id)
{
	struct mend mend = {.backup = backup};
	json_object *body = json_object_new_object(), *result = NULL;
	struct job *was = NULL, *is = NULL;
	enum kn_err now = KN_OK, err;

	json_add_string(body, "id", id);
	if (backup->is_online)
		now = ctl_ask(backup->ctl, "show", body, &result);
	else
		json_object_put(body);
	mend.now = json_get_object(result, "job");
	mend.is_deleted = now == KN_ERR_NOT_FOUND;
	err = now;
	if (now == KN_OK || mend.is_deleted)
		err = mend_record(copy, id, &mend, &was, &is);
	if (err == KN_OK)
		take_back(backup, was, is);
	json_object_put(result);
	job_free(&was);
	job_free(&is);
	if (err != KN_ERR_NOT_FOUND)
		return err;
	report_fault(&backup->report, "file", id, "a file of the job is missing");
	return KN_OK;
}

static enum kn_err mend_jobs(struct backup *backup)
{
	struct store_options options = {.dir = backup->to.store};
	struct store *copy = NULL;
	enum kn_err err = KN_OK;

	if (json_object_array_length(backup->lost) > 0)
		err = store_open(&options, &copy);
	for (size_t i = 0; i < json_object_array_length(backup->lost) && err == KN_OK; i++)
		err = mend_job(backup, copy,
			       json_object_get_string(json_object_array_get_idx(backup->lost, i)));
	store_close(&copy);
	return err;
}

/* --- the command --- */

static enum kn_err make_backup(struct backup *backup, struct snapshot *snapshot)
{
	const struct store_verify options = {
		.fault = on_fault,
		.job = on_job,
		.arg = backup,
		.cache_bytes = (uint64_t)backup->ctl->conf->cache_size,
		.is_copy = true,
	};
	uint64_t jobs;
	enum kn_err err = transfer_dir(snapshot->place.store, backup->to.store);

	if (err == KN_ERR_NOT_FOUND)
		err = KN_ERR_SHUTDOWN; /* the copy went with its responder */
	if (err == KN_OK)
		err = store_verify(backup->to.store, &options, &jobs);
	transfer_told(&backup->transfer);
	if (err == KN_OK && backup->report.is_broken)
		err = KN_ERR_CORRUPT;
	if (err == KN_OK)
		err = mend_jobs(backup);
	return err == KN_OK ? sync_target(backup) : err;
}

static void tell(const struct backup *backup, const struct backup_note *note)
{
	char files[32], store[32];

	if (backup->ctl->json) {
		json_object *root = json_object_new_object();

		json_add_string(root, "dir", backup->to.data);
		json_add_int(root, "jobs", (int64_t)note->jobs);
		json_add_int(root, "files", (int64_t)note->files);
		json_add_int(root, "file_bytes", (int64_t)note->file_bytes);
		json_add_int(root, "store_bytes", (int64_t)note->store_bytes);
		report_add(&backup->report, root);
		ctl_print_json(root);
		json_object_put(root);
		return;
	}
	printf("%s: %llu jobs (%s) and %llu files (%s)", backup->to.data,
	       (unsigned long long)note->jobs, transfer_size(note->store_bytes, store),
	       (unsigned long long)note->files, transfer_size(note->file_bytes, files));
	if (backup->report.faults > 0)
		printf(", with %llu faults", (unsigned long long)backup->report.faults);
	putchar('\n');
}

static int run(struct backup *backup, struct snapshot *snapshot)
{
	struct backup_note note = {.created = clock_wall_us(), .with_files = backup->with_files};
	enum kn_err err;

	backup->from = snapshot->place;
	backup->transfer = (struct transfer){
		.from = &backup->from, .to = &backup->to, .quiet = backup->ctl->json};
	err = make_backup(backup, snapshot);
	note.jobs = backup->transfer.jobs;
	note.files = backup->transfer.files;
	note.file_bytes = backup->transfer.bytes;
	note.store_bytes = store_bytes(backup->to.store);
	if (err == KN_OK)
		err = backup_note_write(backup->to.data, &note);
	if (err != KN_OK) {
		clear_target(backup);
		return ctl_fail(err, backup->to.data, NULL);
	}
	tell(backup, &note);
	return backup->report.faults == 0 ? EX_OK : EX_FAULTS;
}

int command_backup(struct ctl *ctl)
{
	struct backup backup = {.ctl = ctl};
	struct snapshot snapshot;
	const char *why = NULL;
	enum kn_err err;
	int status;

	backup.with_files = !ctl_flag(ctl, "no-files");
	err = make_target(&backup, ctl->args[0], &why);
	if (err != KN_OK)
		return ctl_fail(err, ctl->args[0], err == KN_ERR_EXISTS ? why : NULL);
	if (!snapshot_take_copy(ctl, &snapshot, &status))
		return status;
	backup.is_online = snapshot.holder != NULL;
	backup.lost = json_object_new_array();
	report_begin(&backup.report, ctl->json);
	status = run(&backup, &snapshot);
	report_end(&backup.report);
	json_object_put(backup.lost);
	snapshot_drop(&snapshot);
	return status;
}
