/* What the work_….c files share. */
#ifndef WORK_PRIV_H
#define WORK_PRIV_H

#include "lib/mime.h"
#include "lib/store/store.h"
#include "work.h"

/* --- work.c --- */

/* Inserts the job and counts it, both or nothing. quota NULL: none. */
enum kn_err work_insert(struct store_txn *txn, struct job *job, const struct work_quota *quota);

/* Whether this worker may still speak for the job: KN_ERR_STALE if not. token NULL: the extension,
 * KN_ERR_CONFLICT. */
enum kn_err work_check_holder(const struct job *job, const char *token);
/* Puts the job back into the queue, to be claimed again at run_at; what it had attached moves to
 * *dropped. */
enum kn_err work_requeue(struct job *job, enum job_reason why, int64_t now, int64_t run_at,
			 struct job_files *dropped);
/* Changes the job and removes the files that fn() moved to *dropped. The job's lock is held over
 * both steps: the next holder may attach a file of the same name at once. */
enum kn_err work_change_and_drop(struct server *server, const char *id, store_change_job_fn *fn,
				 void *change, struct job_files *dropped, struct job **out);
/* Ends the attempt as failed: queued again after a backoff while attempts are left, else failed for
 * good. `line` goes to the job's log. */
enum kn_err work_end_attempt(struct job *job, int64_t now, const char *line,
			     struct job_files *dropped);
/* How long to wait after the attempt-th failure, µs: doubling, capped, with jitter. */
int64_t work_backoff_us(int attempt);
/* Fails the job: for a reason of its worker's or of time. */
enum kn_err work_fail_for_good(struct job *job, enum job_reason why, int64_t now, const char *code,
			       const char *text);

/* --- work_files.c --- */

/* Held while a job's files change together with its record, so that a worker whose claim is over
 * cannot rename its file over its successor's. Different jobs may share a lock: hold one at a time.
 */
void work_lock(const char *id);
void work_unlock(const char *id);

/* Whether the file is what its name promises in this dialect, and of which type. KN_ERR_INVALID
 * with *why set (malloc'd). */
enum kn_err work_file_check(const struct job *job, const struct work_file *file,
			    char mime[MIME_SIZE], char **why);
/* The first asset that the dialect needs and that neither the job nor the files have, or NULL. */
const char *work_file_missing(const struct job *job, const struct work_file *files, size_t n);
void work_files_remove(struct server *server, const struct job_files *files);

/* --- work_idempotency.c --- */

/* Inserts the job unless the key has been used: then *first is the job that it made. */
enum kn_err work_create_once(struct server *server, struct job *job, const char *key,
			     const struct work_quota *quota, struct job **first);
/* Forgets keys older than a day: how many it were. */
enum kn_err work_forget_keys(struct server *server, int64_t now, size_t *forgotten);

/* --- work_admin.c --- */

/* As work_delete(), when may() returns KN_OK for a job that has ended: it cannot be retried
 * meanwhile, which would take the same lock. */
enum kn_err work_delete_if(struct server *server, const char *id, store_look_job_fn *may,
			   void *arg);

/* --- work_duty.c --- */

/* A call does at most so much of a kind; the next call goes on. */
enum { WORK_DUTY_BATCH = 256 };

#endif
