#include "store_priv.h"
#include "../clock.h"
#include "../job_codec.h"

#include <assert.h>

enum { DRAWS_MAX = 100 };

/* txn NULL: a read alone. */
static enum kn_err read_job(struct store *store, struct store_txn *txn, const char *id,
			    struct store_read *read)
{
	char room[ID_SIZE];
	const char *key = job_key(store, id, room);

	if (txn != NULL)
		return txn_read(txn, TABLE_JOBS, key, strlen(key), read);
	return store_read(store, NULL, TABLE_JOBS, key, strlen(key), read);
}

enum kn_err store_job_get(struct store *store, const char *id, struct job **out)
{
	struct store_read read;
	enum kn_err err = read_job(store, NULL, id, &read);

	*out = NULL;
	if (err == KN_OK)
		err = job_decode(read.data, read.len, out);
	store_read_free(&read);
	return err;
}

struct each_job {
	store_each_job_fn *each;
	void *arg;
};

static enum kn_err decode_each(void *arg, const void *key, size_t key_len, const void *data,
			       size_t len)
{
	const struct each_job *each = arg;
	struct job *job = NULL;
	enum kn_err err = job_decode(data, len, &job);

	(void)key;
	(void)key_len;
	if (err == KN_OK)
		err = each->each(each->arg, job);
	job_free(&job);
	return err;
}

enum kn_err store_each_job(struct store *store, store_each_job_fn *each, void *arg)
{
	const struct key all = {.len = 0};
	struct each_job one = {each, arg};

	return store_scan(store, TABLE_JOBS, &all, NULL, SCAN_CHUNK_MAX, decode_each, &one);
}

static bool lists(const struct job_files *files, const char *path)
{
	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->v[i].path, path) == 0)
			return true;
	return false;
}

enum kn_err store_job_owns_file(struct store *store, const char *id, const char *path, bool *out)
{
	struct job *job = NULL;
	enum kn_err err = store_job_get(store, id, &job);

	*out = err == KN_OK &&
	       (job->state == JOB_PROCESSING ||
		(job->expired == 0 && (lists(&job->inputs, path) || lists(&job->assets, path))));
	job_free(&job);
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

enum kn_err store_job_look(struct store *store, const char *id, store_look_job_fn *look, void *arg)
{
	struct store_read read;
	struct job job;
	enum kn_err err = read_job(store, NULL, id, &read);

	if (err == KN_OK)
		err = job_view(read.data, read.len, &job);
	if (err == KN_OK)
		err = look(&job, arg);
	store_read_free(&read);
	return err;
}

enum kn_err store_txn_job_get(struct store_txn *txn, const char *id, struct job **out)
{
	struct store_read read;
	enum kn_err err = read_job(txn->store, txn, id, &read);

	*out = NULL;
	if (err == KN_OK)
		err = job_decode(read.data, read.len, out);
	store_read_free(&read);
	return err;
}

enum kn_err store_txn_job_put(struct store_txn *txn, const struct job *old, const struct job *new)
{
	return put_job(txn, old, new);
}

/* --- create --- */

/* Strictly later than every job before, whatever the clock does. */
static int64_t next_created(struct store *store)
{
	int64_t now = clock_wall_us();

	return now > store->last_created ? now : store->last_created + 1;
}

/* Exact for creates, however many come at once: nothing else is written meanwhile. What was
 * accepted may always come back to the queue. Counted once in a transaction, for its creates share
 * what room there is. */
static enum kn_err check_queue(struct store_txn *txn)
{
	uint64_t max = txn->store->max_queued, queued = 0;
	enum kn_err err;

	if (max == 0 || txn->room > 0)
		return KN_OK;
	err = store_txn_count(txn, -1, JOB_QUEUED, NULL, &queued);
	if (err != KN_OK)
		return err;
	txn->room = queued < max ? max - queued : 0;
	return txn->room > 0 ? KN_OK : KN_ERR_QUEUE;
}

static enum kn_err check_owner(struct store_txn *txn, const char *owner)
{
	uint64_t max = txn->store->max_queued_per_owner, queued = 0;
	enum kn_err err;

	if (max == 0 || owner == NULL || owner[0] == '\0')
		return KN_OK;
	err = store_txn_count(txn, -1, JOB_QUEUED, owner, &queued);
	return err == KN_OK && queued >= max ? KN_ERR_OWNER_QUEUE : err;
}

static enum kn_err check_room(struct store_txn *txn, const char *owner)
{
	enum kn_err err = txn->store->space_is_low ? KN_ERR_FULL : check_queue(txn);

	return err == KN_OK ? check_owner(txn, owner) : err;
}

enum kn_err store_txn_job_create(struct store_txn *txn, struct job *job)
{
	bool draws = job->id[0] == '\0';
	enum kn_err err = check_room(txn, job->owner);

	if (err != KN_OK)
		return err;
	err = KN_ERR_EXISTS;
	job->created = job->updated = job->run_at = next_created(txn->store);
	for (int i = 0; i < (draws ? DRAWS_MAX : 1) && err == KN_ERR_EXISTS; i++) {
		if (draws)
			store_draw_id(txn->store, job->api, job->id);
		err = put_job(txn, NULL, job);
	}
	if (err == KN_OK) {
		txn->store->last_created = job->created;
		txn->room -= txn->room > 0;
	} else if (draws) {
		job->id[0] = '\0';
	}
	return err;
}

struct create {
	struct job *job;
	bool draws;
};

static enum kn_err run_create(struct store_txn *txn, void *arg)
{
	struct create *create = arg;

	if (create->draws)
		create->job->id[0] = '\0'; /* it may have been drawn by a run that was aborted */
	return store_txn_job_create(txn, create->job);
}

enum kn_err store_job_create(struct store *store, struct job *job)
{
	struct create create = {job, job->id[0] == '\0'};

	return store_write(store, run_create, &create, STORE_FLUSHED);
}

/* --- change --- */

struct change_op {
	const char *id;
	store_change_job_fn *change;
	void *arg;
	bool wanted;
	struct job *out;
};

static bool same_text(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

/* Whether change() kept its hands off what indices are built on. */
static bool is_same_job(const struct job *a, const struct job *b)
{
	return strcmp(a->id, b->id) == 0 && a->api == b->api && a->created == b->created &&
	       same_text(a->model, b->model) && same_text(a->owner, b->owner);
}

static enum kn_err run_change(struct store_txn *txn, void *arg)
{
	struct change_op *op = arg;
	struct job *old = NULL, *new = NULL;
	enum kn_err err;

	job_free(&op->out); /* of a run that was aborted */
	err = store_txn_job_get(txn, op->id, &old);
	if (err == KN_OK) {
		new = job_copy(old);
		err = new != NULL ? op->change(new, op->arg) : KN_ERR_NOMEM;
	}
	if (err != KN_OK)
		goto out;
	assert(is_same_job(old, new));
	new->updated = clock_wall_us();
	if (new->updated < new->created) /* the clock was set back */
		new->updated = new->created;
	err = put_job(txn, old, new);
	if (err == KN_OK && op->wanted) {
		op->out = new;
		new = NULL;
	}
out:
	job_free(&old);
	job_free(&new);
	return err;
}

static enum kn_err write_for_job(struct store *store, store_write_fn *run, struct change_op *op,
				 enum store_durability durability, struct job **out)
{
	enum kn_err err = store_write(store, run, op, durability);

	if (err == KN_OK && out != NULL)
		*out = op->out;
	else
		job_free(&op->out);
	return err;
}

enum kn_err store_job_change(struct store *store, const char *id, store_change_job_fn *change,
			     void *arg, enum store_durability durability, struct job **out)
{
	struct change_op op = {.id = id, .change = change, .arg = arg, .wanted = out != NULL};

	return write_for_job(store, run_change, &op, durability, out);
}

/* --- delete --- */

static enum kn_err run_delete(struct store_txn *txn, void *arg)
{
	struct change_op *op = arg;
	enum kn_err err;

	job_free(&op->out);
	err = store_txn_job_get(txn, op->id, &op->out);
	return err == KN_OK ? put_job(txn, op->out, NULL) : err;
}

enum kn_err store_job_delete(struct store *store, const char *id, struct job **out)
{
	struct change_op op = {.id = id};

	return write_for_job(store, run_delete, &op, STORE_FLUSHED, out);
}
