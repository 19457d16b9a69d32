/*
 * The one thread that writes. It takes the operations that wait, runs them in
 * one transaction, commits without a flush, flushes the log once, and answers.
 * When anything in a batch goes wrong after it wrote, the transaction is
 * aborted and its operations run again, one by one: only the guilty one fails.
 */
#include "store_priv.h"
#include "latch.h"
#include "../log.h"

#include <stdlib.h>

enum { CHANGES_STEP = 64 };

struct op {
	store_write_fn *run;
	void *arg;
	enum store_durability durability;
	enum kn_err result;
	uint32_t batch; /* its number */
	struct op *next;
};

struct writer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct op *first, **last;
	uint32_t next_batch;                   /* of which those are that wait */
	struct latch answered[STORE_LAZY + 1]; /* batches, by durability: each operation has a
						  thread that waits */
	bool stopping;
	/* The thread's own: what is committed, and waits for the flush to be told. */
	struct change *changes;
	size_t changes_n;
	bool in_doubt; /* the last flush found no space */
};

/* --- inside a transaction --- */

static enum kn_err check(struct store_txn *txn, enum kn_err err)
{
	if (err != KN_OK && txn->broken == KN_OK)
		txn->broken = err;
	return err;
}

enum kn_err txn_put(struct store_txn *txn, int table, const void *key, size_t key_len,
		    const void *data, size_t len, u_int32_t flags)
{
	DB *db = txn->store->tables[table];
	DBT k = store_dbt(key, key_len), d = store_dbt(data, len);
	int ret = db->put(db, txn->txn, &k, &d, flags);

	if (ret == DB_KEYEXIST)
		return KN_ERR_EXISTS;
	txn->wrote = true;
	return check(txn, store_db_error(txn->store, ret, "put"));
}

enum kn_err txn_delete(struct store_txn *txn, int table, const void *key, size_t key_len)
{
	DB *db = txn->store->tables[table];
	DBT k = store_dbt(key, key_len);
	int ret = db->del(db, txn->txn, &k, 0);

	if (ret == DB_NOTFOUND)
		return KN_ERR_NOT_FOUND;
	txn->wrote = true;
	return check(txn, store_db_error(txn->store, ret, "delete"));
}

enum kn_err txn_read(struct store_txn *txn, int table, const void *key, size_t key_len,
		     struct store_read *read)
{
	enum kn_err err = store_read(txn->store, txn->txn, table, key, key_len, read);

	return err == KN_ERR_NOT_FOUND ? err : check(txn, err);
}

static void changes_clear(struct change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		job_free(&changes[i].old);
		job_free(&changes[i].new);
	}
}

enum kn_err txn_note_change(struct store_txn *txn, const struct job *old, const struct job *new)
{
	struct change change = {0}, *grown;

	if (txn->store->on_change == NULL)
		return KN_OK;
	if (txn->changes_n == txn->changes_size) {
		grown = reallocarray(txn->changes, txn->changes_size + CHANGES_STEP,
				     sizeof(*grown));
		if (grown == NULL)
			return check(txn, KN_ERR_NOMEM);
		txn->changes = grown;
		txn->changes_size += CHANGES_STEP;
	}
	change.old = old != NULL ? job_copy(old) : NULL;
	change.new = new != NULL ? job_copy(new) : NULL;
	txn->changes[txn->changes_n++] = change;
	if ((old != NULL && change.old == NULL) || (new != NULL &&change.new == NULL))
		return check(txn, KN_ERR_NOMEM);
	return KN_OK;
}

static enum kn_err txn_begin(struct store *store, struct store_txn *txn)
{
	txn->store = store;
	txn->txn = NULL;
	txn->wrote = false;
	txn->room = 0;
	txn->broken = KN_OK;
	txn->changes = NULL;
	txn->changes_n = txn->changes_size = txn->tallies_n = 0;
	return store_db_error(store, store->env->txn_begin(store->env, NULL, &txn->txn, 0),
			      "begin");
}

static void txn_abort(struct store_txn *txn)
{
	store_db_error(txn->store, txn->txn->abort(txn->txn), "abort");
	changes_clear(txn->changes, txn->changes_n);
	free(txn->changes);
}

/* Hands the changes over to the writer, to be told after the flush. */
static enum kn_err keep_changes(struct writer *w, struct store_txn *txn)
{
	struct change *grown;

	if (txn->changes_n == 0)
		return KN_OK;
	grown = reallocarray(w->changes, w->changes_n + txn->changes_n, sizeof(*grown));
	if (grown == NULL)
		return KN_ERR_NOMEM;
	w->changes = grown;
	for (size_t i = 0; i < txn->changes_n; i++)
		grown[w->changes_n + i] = txn->changes[i];
	return KN_OK;
}

/* Ends the transaction either way. */
static enum kn_err txn_commit(struct writer *w, struct store_txn *txn)
{
	enum kn_err err = counters_write(txn);

	if (err == KN_OK)
		err = keep_changes(w, txn);
	if (err != KN_OK) {
		txn_abort(txn);
		return err;
	}
	err = store_db_error(txn->store, txn->txn->commit(txn->txn, DB_TXN_NOSYNC), "commit");
	if (err == KN_OK)
		w->changes_n += txn->changes_n;
	else
		changes_clear(txn->changes, txn->changes_n);
	free(txn->changes);
	return err;
}

/* False when the transaction cannot go on. */
static bool run_op(struct store_txn *txn, struct op *op)
{
	txn->wrote = false;
	op->result = op->run(txn, op->arg);
	if (txn->broken != KN_OK)
		op->result = txn->broken;
	return txn->broken == KN_OK && (op->result == KN_OK || !txn->wrote);
}

static void run_alone(struct store *store, struct op *op)
{
	struct store_txn txn;

	for (int i = 0; i < STORE_RETRIES; i++) {
		op->result = txn_begin(store, &txn);
		if (op->result != KN_OK)
			return;
		if (run_op(&txn, op) && op->result == KN_OK)
			op->result = txn_commit(store->writer, &txn);
		else
			txn_abort(&txn);
		/* Not when it was refused for want of space, but tried to write and found none. */
		if (txn.broken == KN_ERR_FULL && space_give_up_ballast(store))
			continue;
		if (op->result != KN_ERR_BUSY)
			return;
	}
}

static bool run_together(struct store *store, struct op *ops)
{
	struct store_txn txn;

	if (txn_begin(store, &txn) != KN_OK)
		return false;
	for (struct op *op = ops; op != NULL; op = op->next)
		if (!run_op(&txn, op)) {
			txn_abort(&txn);
			return false;
		}
	return txn_commit(store->writer, &txn) == KN_OK;
}

/* --- the thread --- */

/* Splits off the operations that wait for no flush and answers them; returns the rest. */
static struct op *answer_lazy(struct writer *w, struct op *ops)
{
	struct op *flushed = NULL, **last = &flushed;
	uint32_t batch = ops->batch;
	bool has_lazy = false;

	for (struct op *op = ops; op != NULL; op = op->next) {
		if (op->durability == STORE_LAZY) {
			has_lazy = true;
			continue;
		}
		*last = op;
		last = &op->next;
	}
	*last = NULL;
	latch_end(&w->answered[STORE_LAZY], batch, has_lazy);
	return flushed;
}

static enum kn_err flush(struct store *store)
{
	enum kn_err err =
		store_db_error(store, store->env->log_flush(store->env, NULL), "log_flush");

	if (err == KN_OK)
		err = checkpointer_flushed(store);
	store_check_sync(store, err, "flush");
	return err;
}

static void tell_changes(struct store *store)
{
	struct writer *w = store->writer;

	for (size_t i = 0; i < w->changes_n; i++)
		store->on_change(store->on_change_arg, w->changes[i].old, w->changes[i].new);
	changes_clear(w->changes, w->changes_n);
	w->changes_n = 0;
}

/* Makes what is committed durable, and tells of it. While that fails for want of space the changes
 * stand in memory, and may be lost by a crash or be found on the disk after it. Nobody is told of
 * them, and nothing is built on them: no other operation runs. */
static enum kn_err settle(struct store *store)
{
	enum kn_err err = flush(store);

	if (err == KN_ERR_FULL && space_give_up_ballast(store))
		err = flush(store);
	if (err == KN_OK)
		tell_changes(store);
	if (store->writer->in_doubt != (err != KN_OK))
		log_error("store: %s", err != KN_OK ? "the log finds no space: nothing is written"
						    : "the log has found space again");
	store->writer->in_doubt = err != KN_OK;
	return err;
}

static void run_batch(struct store *store, struct op *ops)
{
	struct writer *w = store->writer;
	const uint32_t batch = ops->batch; /* an answered operation is gone */
	enum kn_err err = KN_OK;

	space_check(store);
	if (w->in_doubt)
		err = settle(store);
	if (err != KN_OK) {
		for (struct op *op = ops; op != NULL; op = op->next)
			op->result = err;
		latch_end(&w->answered[STORE_LAZY], batch, true);
		latch_end(&w->answered[STORE_FLUSHED], batch, true);
		return;
	}
	if (!run_together(store, ops))
		for (struct op *op = ops; op != NULL; op = op->next)
			run_alone(store, op);
	ops = answer_lazy(w, ops);
	err = settle(store);
	/* What was refused did nothing either way. */
	for (struct op *op = ops; op != NULL && err != KN_OK; op = op->next)
		if (op->result == KN_OK)
			op->result = err == KN_ERR_FULL ? KN_ERR_IN_DOUBT : err;
	latch_end(&w->answered[STORE_FLUSHED], batch, ops != NULL);
}

/* Waits for operations and takes all of them, as a batch; NULL when there will be no more. */
static struct op *take_batch(struct writer *w)
{
	struct op *ops;

	pthread_mutex_lock(&w->lock);
	while (w->first == NULL && !w->stopping)
		pthread_cond_wait(&w->wake, &w->lock);
	ops = w->first;
	w->first = NULL;
	w->last = &w->first;
	w->next_batch++;
	pthread_mutex_unlock(&w->lock);
	return ops;
}

static void *writer_main(void *arg)
{
	struct store *store = arg;
	struct op *ops;

	while ((ops = take_batch(store->writer)) != NULL)
		run_batch(store, ops);
	return NULL;
}

static bool submit(struct writer *w, struct op *op)
{
	bool accepted, is_first = false;

	pthread_mutex_lock(&w->lock);
	accepted = !w->stopping;
	if (accepted) {
		is_first = w->first == NULL;
		op->batch = w->next_batch;
		*w->last = op;
		w->last = &op->next;
	}
	pthread_mutex_unlock(&w->lock);
	if (is_first)
		pthread_cond_signal(&w->wake);
	return accepted;
}

enum kn_err store_write(struct store *store, store_write_fn *fn, void *arg,
			enum store_durability durability)
{
	struct op op = {.run = fn, .arg = arg, .durability = durability};

	if (!submit(store->writer, &op))
		return KN_ERR_SHUTDOWN;
	latch_wait(&store->writer->answered[durability], op.batch);
	return op.result;
}

static enum kn_err run_ping(struct store_txn *txn, void *arg)
{
	(void)txn;
	(void)arg;
	return KN_OK;
}

enum kn_err store_ping(struct store *store)
{
	return store_write(store, run_ping, NULL, STORE_FLUSHED);
}

enum kn_err writer_start(struct store *store)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return KN_ERR_NOMEM;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	w->last = &w->first;
	w->next_batch = 1;
	store->writer = w;
	if (pthread_create(&w->thread, NULL, writer_main, store) != 0) {
		free(w);
		store->writer = NULL;
		return KN_ERR_NOMEM;
	}
	return KN_OK;
}

void writer_stop(struct store *store)
{
	struct writer *w = store->writer;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	changes_clear(w->changes, w->changes_n);
	free(w->changes);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	free(w);
	store->writer = NULL;
}
