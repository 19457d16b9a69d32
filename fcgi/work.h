/*
 * What workers and clients do to jobs: the one set of operations behind the
 * control socket, /worker/v1, /extension and the dialects. Each is atomic in
 * the store; files are adopted durably before the record says that they exist.
 *
 * A worker names its job by id and lease token. KN_ERR_STALE: the token is no
 * longer the job's, whatever the reason; what it brought is discarded.
 */
#ifndef WORK_H
#define WORK_H

#include "lib/job.h"
#include "server.h"

/* The worker name of /extension/poll, whose claims have no token that anybody shows. */
#define WORK_EXTENSION "extension"

enum { WORK_COUNTER_SIZE = 320 };

/* Inserts a new job, with the attempts that are configured for its class. `key` (NULL: none) is the
 * client's Idempotency-Key: for 24 hours the same key of the same owner and dialect answers with
 * the job that it made first, which then replaces *job; *replayed is true. KN_ERR_UNPROCESSABLE:
 * another request made that one. Whenever no job comes of it, the files that lie under job->id are
 * removed. */
enum kn_err work_create(struct server *server, struct job **job, const char *key, bool *replayed);

/* How many jobs may be counted under a name. */
struct work_quota {
	char counter[WORK_COUNTER_SIZE];
	int64_t limit;
};
/* As work_create(), and counts the job in its own transaction; a replayed one costs nothing.
 * KN_ERR_LIMIT: the quota is used up. */
enum kn_err work_create_counted(struct server *server, struct job **job, const char *key,
				const struct work_quota *quota, bool *replayed);
/* Gives a job that is not created yet, but has drawn its id, an input: `path` is consumed. */
enum kn_err work_add_input(struct server *server, struct job *job, const char *name,
			   const char *path, const char *mime);

/* Every class that a dialect knows, "api/model": what "*" in a claim stands for. */
const char *const *work_classes(size_t *n);

/* classes "api/model"; lease in seconds. KN_ERR_NOT_FOUND: nothing to do now. */
enum kn_err work_claim(struct server *server, const char *const *classes, size_t n,
		       const char *worker, int64_t lease_seconds, struct job **out);

enum { WORK_LEASE_AS_CLAIMED = -1 };

struct work_progress {
	int progress;      /* -1: unchanged; never lowers; 100 counts as 99 */
	const char *stage; /* NULL: unchanged, as message */
	const char *message;
	const char *const *log; /* lines to append */
	size_t log_n;
	int64_t lease_seconds; /* to its end, from now; 0: as it is; or WORK_LEASE_AS_CLAIMED */
};
/* token NULL: by id alone, only for the extension, which has none. */
enum kn_err work_progress(struct server *server, const char *id, const char *token,
			  const struct work_progress *progress, struct job **out);

/* A file that a worker made: `path` is consumed (renamed or unlinked) in every case. */
struct work_file {
	const char *name; /* "video", "image", "glb", … */
	const char *path;
};
/* Checks the type (video: MP4, image: PNG or JPEG, glb, usdz, …), adopts and attaches to a
 * processing job. KN_ERR_INVALID: the file is not what its name claims, or the dialect knows no
 * such name; *why (malloc'd; why may be NULL) says which. */
enum kn_err work_attach(struct server *server, const char *id, const char *token,
			const struct work_file *file, char **why);
/* Attaches the files and completes. KN_ERR_INVALID as in work_attach(), or a file that this api
 * needs is missing: the job goes on. */
enum kn_err work_complete(struct server *server, const char *id, const char *token,
			  const struct work_file *files, size_t n, char **why, struct job **out);
/* Fails the job; with `again` and attempts left it is queued again, after a backoff. */
enum kn_err work_fail(struct server *server, const char *id, const char *token, const char *code,
		      const char *text, bool again, struct job **out);
/* Gives a claimed job back unharmed; the attempt does not count. */
enum kn_err work_release(struct server *server, const char *id, const char *token);

/* Whether a processing job may be cancelled too is the caller's: Vivid Flow says no, an
 * administrator yes. */
enum kn_err work_cancel(struct server *server, const char *id, bool processing_too,
			struct job **out);
enum kn_err work_retry(struct server *server, const char *id,
		       struct job **out);                       /* failed → queued */
enum kn_err work_delete(struct server *server, const char *id); /* record and files */
enum kn_err work_expire_files(struct server *server, const char *id,
			      struct job **out); /* files only */

/* Ends leases that are over at `now`: queued again or failed with the dialect's text. *next: the
 * first deadline to come, INT64_MAX for none. */
enum kn_err work_reap(struct server *server, int64_t now, size_t *reaped, int64_t *next);
/* Removes files, and jobs, that are past their retention, fails jobs that waited too long, and
 * forgets Idempotency-Keys, a batch of each. *removed: of how many jobs it was the time; *more:
 * there may be as many again. */
enum kn_err work_retain(struct server *server, int64_t now, size_t *removed, bool *more);

#endif
