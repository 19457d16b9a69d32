/*
 * Checkpoints bound what recovery has to read. They come by the amount of log,
 * not by the minute: an idle store writes nothing. Their thread also makes the
 * next log file.
 */
#include "store_priv.h"
#include "../fs.h"
#include "../log.h"

#include <stdlib.h>

/* Random updates of a store much larger than its cache touch a page or two for each KiB of log, and
 * recovery reads each of them from the disk: tests/bench/recovery. */
enum { CHECKPOINT_BYTES = 4 << 20 };

struct checkpointer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool wanted, stopping;
	u_int32_t log_wanted; /* the number of a log file to be made, or 0 */
	/* The writer's alone: */
	u_int32_t log_file;   /* the newest, whose name is durable */
	u_int32_t next_asked; /* the newest that was asked for */
	u_int64_t checked_at; /* position in the log when a checkpoint was last asked for */
};

static void checkpoint(struct store *store)
{
	enum kn_err err = store_db_error(store, store->env->txn_checkpoint(store->env, 0, 0, 0),
					 "checkpoint");

	/* A full disk: it is tried again when more log has been written. */
	store_check_sync(store, err, "checkpoint");
}

static void *checkpointer_main(void *arg)
{
	struct store *store = arg;
	struct checkpointer *c = store->checkpointer;

	pthread_mutex_lock(&c->lock);
	while (!c->stopping) {
		u_int32_t file = c->log_wanted;
		bool wanted = c->wanted;

		if (!wanted && file == 0) {
			pthread_cond_wait(&c->wake, &c->lock);
			continue;
		}
		c->wanted = false;
		c->log_wanted = 0;
		pthread_mutex_unlock(&c->lock);
		/* First what is short; a checkpoint may take seconds. */
		if (file != 0)
			log_ahead_make(store, file);
		if (wanted)
			checkpoint(store);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

void checkpointer_request(struct store *store)
{
	struct checkpointer *c = store->checkpointer;

	pthread_mutex_lock(&c->lock);
	c->wanted = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

static void request_log(struct checkpointer *c, u_int32_t file)
{
	pthread_mutex_lock(&c->lock);
	c->log_wanted = file;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

enum kn_err checkpointer_flushed(struct store *store)
{
	struct checkpointer *c = store->checkpointer;
	DB_LOG_STAT *stat;
	u_int64_t position;
	u_int32_t file, offset;
	enum kn_err err =
		store_db_error(store, store->env->log_stat(store->env, &stat, 0), "log_stat");

	if (err != KN_OK)
		return err;
	file = stat->st_cur_file;
	offset = stat->st_cur_offset;
	position = (u_int64_t)file * stat->st_lg_size + offset;
	free(stat);
	/* Berkeley DB syncs a new log file, but not the name that leads to it. */
	if (file != c->log_file) {
		err = fs_sync_dir(store->dir);
		if (err != KN_OK)
			return err;
		c->log_file = file;
	}
	/* Not at once: a store that is hardly used needs none. */
	if (offset > LOG_FILE_BYTES / 4 && file >= c->next_asked) {
		c->next_asked = file + 1;
		request_log(c, file + 1);
	}
	if (position - c->checked_at >= CHECKPOINT_BYTES) {
		c->checked_at = position;
		checkpointer_request(store);
	}
	return KN_OK;
}

enum kn_err checkpointer_start(struct store *store)
{
	struct checkpointer *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return KN_ERR_NOMEM;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	store->checkpointer = c;
	if (pthread_create(&c->thread, NULL, checkpointer_main, store) != 0) {
		free(c);
		store->checkpointer = NULL;
		return KN_ERR_NOMEM;
	}
	return KN_OK;
}

void checkpointer_stop(struct store *store)
{
	struct checkpointer *c = store->checkpointer;

	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	checkpoint(store);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->wake);
	free(c);
	store->checkpointer = NULL;
}
