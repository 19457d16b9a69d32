/*
 * kinoractl restore: a backup is put together beside the data, recovered and
 * looked through; only when all of it is good it takes the place of what is there, which
 * moves aside. Until the last directory is in its place the store is marked
 * unfinished, so that a service started in between does not take half of it for the whole.
 */
#include "backup_note.h"
#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/file_walk.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/store/store.h"
#include "report.h"
#include "store_commands.h"
#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/* What stands before in the place of a restored directory gets this in its name. */
enum { ASIDE_SIZE = 40 };

struct restore {
	struct ctl *ctl;
	struct report report;
	struct backup_note note;
	struct place from, staging, to;
	struct transfer transfer;
	char aside[ASIDE_SIZE];
	bool moved_aside;
};

/* --- whether it may be done --- */

static bool has_files(const struct place *place)
{
	struct file_walk walk;
	char rel[PATH_MAX];
	enum file_walked walked;

	file_walk_begin(&walk, 0);
	do {
		walked = file_walk_next(&walk, &place->conf, rel);
	} while (walked != FILE_WALK_ONE && walked != FILE_WALK_END);
	file_walk_end(&walk);
	return walked == FILE_WALK_ONE;
}

/* An exit status. */
static int check_source(const struct restore *restore)
{
	enum kn_err err = place_find_store(restore->from.store);

	if (err == KN_OK)
		return EX_OK;
	return ctl_fail(err, restore->from.data,
			err == KN_ERR_ACCESS ? "the owner of the data may not read the backup"
					     : "its store is missing");
}

static bool has_data(const struct restore *restore)
{
	return store_exists(restore->to.store) || has_files(&restore->to);
}

/* --- beside the data --- */

static void remove_staging(const struct restore *restore)
{
	fs_remove_tree(restore->staging.store);
	fs_remove_tree(restore->staging.videos);
	fs_remove_tree(restore->staging.data);
}

static void on_fault(void *arg, const char *kind, const char *id, const char *text)
{
	struct restore *restore = arg;

	report_fault(&restore->report, kind, id, text);
}

static enum kn_err take_files(struct restore *restore, const struct job *job,
			      const struct job_files *files)
{
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < files->n && err == KN_OK; i++) {
		err = transfer_file(&restore->transfer, &files->v[i]);
		if (err != KN_ERR_NOT_FOUND)
			continue;
		report_file(&restore->report, job->id, files->v[i].path,
			    "is missing, or not as long as recorded");
		err = KN_OK;
	}
	return err;
}

static enum kn_err on_job(void *arg, const struct job *job)
{
	struct restore *restore = arg;
	enum kn_err err;

	restore->transfer.jobs++;
	transfer_tell(&restore->transfer);
	if (!restore->note.with_files || job->expired != 0)
		return KN_OK;
	err = take_files(restore, job, &job->inputs);
	return err == KN_OK ? take_files(restore, job, &job->assets) : err;
}

/* Also when no file needs them. */
static enum kn_err make_dirs(const struct place *place)
{
	char path[PATH_MAX + 8];
	enum kn_err err = fs_make_dirs(place->videos, ASSET_DIR_MODE);

	snprintf(path, sizeof(path), "%s/output", place->data);
	if (err == KN_OK)
		err = fs_make_dirs(path, ASSET_DIR_MODE);
	snprintf(path, sizeof(path), "%s/jobs", place->data);
	return err == KN_OK ? fs_make_dirs(path, ASSET_DIR_MODE) : err;
}

static enum kn_err sync_place(const struct place *place)
{
	const char *const dirs[] = {place->store, place->videos, place->data};
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < 3 && err == KN_OK; i++) {
		int fd = open(dirs[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0 ? errno != ENOENT : syncfs(fd) != 0)
			err = kn_err_from_errno(errno);
		if (fd >= 0)
			close(fd);
	}
	return err;
}

static enum kn_err make_staging(struct restore *restore)
{
	const struct store_verify options = {
		.fault = on_fault,
		.job = on_job,
		.arg = restore,
		.cache_bytes = (uint64_t)restore->ctl->conf->cache_size,
		.is_copy = true,
	};
	uint64_t jobs;
	enum kn_err err;

	remove_staging(restore);
	err = fs_make_parent(restore->staging.store, 0700);
	if (err == KN_OK && restore->note.with_files)
		err = make_dirs(&restore->staging);
	if (err == KN_OK)
		err = transfer_copy_dir(restore->from.store, restore->staging.store);
	if (err == KN_OK)
		err = store_verify(restore->staging.store, &options, &jobs);
	transfer_told(&restore->transfer);
	return err == KN_OK ? sync_place(&restore->staging) : err;
}

/* --- into its place --- */

static enum kn_err move(const char *from, const char *to, unsigned flags)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags) == 0 ? KN_OK
								   : kn_err_from_errno(errno);
}

/* What is there, if it is more than an empty directory, gets another name. */
static enum kn_err move_aside(struct restore *restore, const char *dir)
{
	char aside[PATH_MAX + ASIDE_SIZE];

	if (rmdir(dir) == 0 || errno == ENOENT)
		return KN_OK;
	restore->moved_aside = true;
	snprintf(aside, sizeof(aside), "%s%s", dir, restore->aside);
	return move(dir, aside, RENAME_NOREPLACE);
}

/* At no moment is there no store: an empty one would be made, and the files taken for nobody's. Nor
 * does what was there ever have the name of the staging, which the next restore removes. */
static enum kn_err exchange_store(struct restore *restore)
{
	const char *new = restore->staging.store, *dir = restore->to.store;
	char aside[PATH_MAX + ASIDE_SIZE];
	enum kn_err err = move(new, dir, RENAME_NOREPLACE);

	if (err != KN_ERR_EXISTS)
		return err;
	snprintf(aside, sizeof(aside), "%s%s", dir, restore->aside);
	err = move(new, aside, RENAME_NOREPLACE);
	if (err != KN_OK)
		return err;
	err = move(aside, dir, RENAME_EXCHANGE);
	if (err == KN_OK)
		restore->moved_aside |= rmdir(aside) != 0;
	else
		move(aside, new, RENAME_NOREPLACE);
	return err;
}

static enum kn_err exchange_dir(struct restore *restore, const char *new, const char *dir)
{
	enum kn_err err = move_aside(restore, dir);

	return err == KN_OK ? move(new, dir, RENAME_NOREPLACE) : err;
}

static enum kn_err exchange_files(struct restore *restore)
{
	static const char *const names[] = {"output", "jobs"};
	char new[PATH_MAX + 8], dir[PATH_MAX + 8];
	enum kn_err err = exchange_dir(restore, restore->staging.videos, restore->to.videos);

	for (size_t i = 0; i < 2 && err == KN_OK; i++) {
		snprintf(new, sizeof(new), "%s/%s", restore->staging.data, names[i]);
		snprintf(dir, sizeof(dir), "%s/%s", restore->to.data, names[i]);
		err = exchange_dir(restore, new, dir);
	}
	return err;
}

static enum kn_err exchange(struct restore *restore)
{
	struct timespec now;
	struct tm tm;
	size_t n;
	enum kn_err err = store_set_unfinished(restore->staging.store, true);

	/* Two restores within a second have two names. */
	clock_gettime(CLOCK_REALTIME, &now);
	n = strftime(restore->aside, sizeof(restore->aside), ".before-%Y%m%d-%H%M%S",
		     localtime_r(&now.tv_sec, &tm));
	snprintf(restore->aside + n, sizeof(restore->aside) - n, "-%06ld", now.tv_nsec / 1000);
	if (err == KN_OK)
		err = exchange_store(restore);
	/* The files may lie on another disk: there, nothing is earlier than the mark here. */
	if (err == KN_OK)
		err = fs_sync_parent(restore->to.store);
	if (err == KN_OK && restore->note.with_files)
		err = exchange_files(restore);
	if (err == KN_OK)
		err = sync_place(&restore->to);
	if (err == KN_OK)
		err = store_set_unfinished(restore->to.store, false);
	if (err == KN_OK)
		remove_staging(restore);
	return err;
}

/* --- the command --- */

static void tell(const struct restore *restore)
{
	const struct transfer *transfer = &restore->transfer;
	char files[32], store[32];

	if (restore->ctl->json) {
		json_object *root = json_object_new_object();

		json_add_int(root, "jobs", (int64_t)transfer->jobs);
		json_add_int(root, "files", (int64_t)transfer->files);
		json_add_int(root, "file_bytes", (int64_t)transfer->bytes);
		json_add_string(root, "moved_aside", restore->moved_aside ? restore->aside : NULL);
		report_add(&restore->report, root);
		ctl_print_json(root);
		json_object_put(root);
		return;
	}
	printf("%s: %llu jobs (%s) and %llu files (%s) are in place\n", restore->from.data,
	       (unsigned long long)transfer->jobs,
	       transfer_size(store_bytes(restore->to.store), store),
	       (unsigned long long)transfer->files, transfer_size(transfer->bytes, files));
	if (restore->moved_aside)
		printf("what was there has %s at the end of its name\n", restore->aside);
}

static int run(struct restore *restore)
{
	const char *dir = restore->ctl->args[0];
	enum kn_err err = make_staging(restore);

	if (err == KN_OK && restore->report.faults > 0 &&
	    (restore->report.is_broken || !ctl_flag(restore->ctl, "partial"))) {
		remove_staging(restore);
		return ctl_fail(KN_ERR_CORRUPT, dir,
				restore->report.is_broken
					? "the backup is damaged; nothing was changed"
					: "the backup has faults; nothing was changed. --partial "
					  "takes what there is");
	}
	if (err != KN_OK) {
		remove_staging(restore);
		return ctl_fail(err, dir, NULL);
	}
	err = exchange(restore);
	if (err != KN_OK)
		return ctl_fail(err, dir, NULL);
	tell(restore);
	return restore->report.faults == 0 ? EX_OK : EX_FAULTS;
}

static enum kn_err find_places(struct restore *restore)
{
	const struct conf *conf = restore->ctl->conf;
	char *dir = realpath(restore->ctl->args[0], NULL);
	enum kn_err err =
		dir != NULL ? place_at(conf, dir, &restore->from) : kn_err_from_errno(errno);

	free(dir);
	if (err == KN_OK)
		err = backup_note_read(restore->from.data, &restore->note);
	if (err == KN_OK)
		err = place_configured(conf, &restore->to);
	return err == KN_OK ? place_staging(&restore->to, &restore->staging) : err;
}

int command_restore(struct ctl *ctl)
{
	struct restore restore = {.ctl = ctl};
	enum kn_err err = find_places(&restore);
	int status;

	if (err != KN_OK)
		return ctl_fail(err, ctl->args[0],
				err == KN_ERR_NOT_FOUND ? "is no whole backup"
				: err == KN_ERR_INVALID ? "is no backup that this program knows"
							: NULL);
	err = fs_make_dirs(restore.to.data, 0750);
	if (err != KN_OK)
		return ctl_fail(err, restore.to.data, NULL);
	place_act_as_owner(restore.to.data);
	if (!ctl_take_data(ctl, &status))
		return status;
	status = check_source(&restore);
	if (status != EX_OK)
		return status;
	if (!ctl_flag(ctl, "force") && has_data(&restore))
		return ctl_fail(KN_ERR_CONFLICT, restore.to.data,
				"there are data already; --force moves them aside");
	restore.transfer = (struct transfer){
		.from = &restore.from, .to = &restore.staging, .quiet = ctl->json};
	report_begin(&restore.report, ctl->json);
	status = run(&restore);
	report_end(&restore.report);
	return status;
}
