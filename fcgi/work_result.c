#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/store/store.h"
#include "work_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* More than any dialect knows names for. */
enum { FILES_MAX = 8 };

struct attach_change {
	const char *token;
	const struct job_file *files;
	size_t n;
	bool complete;
};

static enum kn_err change_attach(struct job *job, void *arg)
{
	const struct attach_change *change = arg;
	int64_t now = clock_wall_us();
	enum kn_err err = work_check_holder(job, change->token);

	for (size_t i = 0; i < change->n && err == KN_OK; i++)
		err = job_files_put(&job->assets, &change->files[i]);
	if (err != KN_OK)
		return err;
	if (change->complete)
		return job_transition(job, JOB_COMPLETED, JOB_BY_RESULT, now);
	job->updated = now;
	return KN_OK;
}

struct forget_change {
	const char *token;
	const struct work_file *files;
	size_t n;
	struct job_files dropped;
};

static enum kn_err change_forget(struct job *job, void *arg)
{
	struct forget_change *change = arg;
	enum kn_err err = work_check_holder(job, change->token);

	job_files_clear(&change->dropped); /* of an earlier run */
	for (size_t i = 0; i < change->n && err == KN_OK; i++) {
		const char *name = change->files[i].name;
		const struct job_file *old = job_files_find(&job->assets, name);

		if (old != NULL)
			err = job_files_put(&change->dropped, old);
		job_files_drop(&job->assets, name);
	}
	return err;
}

/* A file that is replaced leaves the record first: whatever happens while its successor moves in,
 * the record never describes a file that is there no more. It goes, because a successor of another
 * type has another path. */
static enum kn_err forget_replaced(struct server *server, const struct job *job, const char *token,
				   const struct work_file *files, size_t n)
{
	struct forget_change change = {.token = token, .files = files, .n = n};
	bool replaces = false;
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < n && !replaces; i++)
		replaces = job_files_find(&job->assets, files[i].name) != NULL;
	if (replaces)
		err = store_job_change(server->store, job->id, change_forget, &change,
				       STORE_FLUSHED, NULL);
	if (err == KN_OK)
		work_files_remove(server, &change.dropped);
	job_files_clear(&change.dropped);
	return err;
}

/* What is not found is the job, to who asked; that a file is not is its fault, or of an earlier
 * answer that was lost. */
static enum kn_err file_error(enum kn_err err, const struct work_file *file, char **why)
{
	if (err != KN_ERR_NOT_FOUND)
		return err;
	return asprintf(why, "The file of the asset '%s' is not there", file->name) < 0
		       ? KN_ERR_NOMEM
		       : KN_ERR_INVALID;
}

/* Checks every file before it moves the first, so that a wrong one changes nothing. *moved: how
 * many took their place. */
static enum kn_err adopt_all(struct server *server, const struct job *job, const char *token,
			     const struct work_file *files, struct job_file *adopted, size_t n,
			     size_t *moved, char **why)
{
	char mimes[FILES_MAX][MIME_SIZE], rel[PATH_MAX];
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < n && err == KN_OK; i++)
		err = file_error(work_file_check(job, &files[i], mimes[i], why), &files[i], why);
	if (err == KN_OK)
		err = forget_replaced(server, job, token, files, n);
	for (*moved = 0; *moved < n && err == KN_OK; *moved += err == KN_OK) {
		const struct work_file *file = &files[*moved];

		err = asset_rel(job, file->name, mimes[*moved], rel);
		if (err == KN_OK)
			err = file_error(asset_adopt(server->conf, file->path, rel, file->name,
						     mimes[*moved], &adopted[*moved]),
					 file, why);
	}
	return err;
}

/* The change failed: its claim ended meanwhile, say. But one whose flush failed may stand: what the
 * record names stays. The files there are ours, nobody else could move any: we hold the lock. */
static void take_back(struct server *server, const char *id, struct job_file *adopted, size_t n)
{
	struct job *job = NULL;
	enum kn_err err = store_job_get(server->store, id, &job);

	for (size_t i = 0; i < n; i++)
		if (err == KN_ERR_NOT_FOUND ||
		    (err == KN_OK && job_files_find(&job->assets, adopted[i].name) == NULL))
			work_files_remove(server, &(struct job_files){&adopted[i], 1});
	job_free(&job);
}

/* Under the job's lock. */
static enum kn_err attach(struct server *server, const char *id, const char *token,
			  const struct work_file *files, size_t n, bool complete, char **why,
			  struct job **out)
{
	struct job_file adopted[FILES_MAX] = {0};
	struct attach_change change = {token, adopted, n, complete};
	struct job *job = NULL;
	const char *missing;
	size_t moved = 0;
	enum kn_err err = store_job_get(server->store, id, &job);

	if (err == KN_OK)
		err = work_check_holder(job, token);
	if (err == KN_OK && n > FILES_MAX)
		err = KN_ERR_INVALID;
	if (err != KN_OK)
		goto out;
	missing = complete ? work_file_missing(job, files, n) : NULL;
	if (missing != NULL) {
		err = asprintf(why, "The asset '%s' is missing", missing) < 0 ? KN_ERR_NOMEM
									      : KN_ERR_INVALID;
		goto out;
	}
	err = adopt_all(server, job, token, files, adopted, n, &moved, why);
	if (err == KN_OK)
		err = store_job_change(server->store, id, change_attach, &change, STORE_FLUSHED,
				       out);
	if (err != KN_OK)
		take_back(server, id, adopted, moved);
out:
	for (size_t i = 0; i < moved; i++)
		asset_file_clear(&adopted[i]);
	job_free(&job);
	return err;
}

static enum kn_err attach_and_consume(struct server *server, const char *id, const char *token,
				      const struct work_file *files, size_t n, bool complete,
				      char **why, struct job **out)
{
	char *reason = NULL;
	enum kn_err err;

	work_lock(id);
	err = attach(server, id, token, files, n, complete, &reason, out);
	work_unlock(id);
	for (size_t i = 0; i < n; i++)
		unlink(files[i].path); /* an adopted one is there no more */
	if (why != NULL)
		*why = reason;
	else
		free(reason);
	return err;
}

enum kn_err work_attach(struct server *server, const char *id, const char *token,
			const struct work_file *file, char **why)
{
	return attach_and_consume(server, id, token, file, 1, false, why, NULL);
}

enum kn_err work_complete(struct server *server, const char *id, const char *token,
			  const struct work_file *files, size_t n, char **why, struct job **out)
{
	return attach_and_consume(server, id, token, files, n, true, why, out);
}
