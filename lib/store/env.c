#include "store_priv.h"
#include "../clock.h"
#include "../fs.h"
#include "../log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	LOG_LINES_PER_SECOND = 20,
	LOG_BUFFER_BYTES = 4 << 20,
	LOCKS_MAX = 50000,
	TRANSACTIONS_MAX = 4096,
};

static const uint64_t cache_default = 256 << 20;

const char *const store_files[TABLE_COUNT] = {
#define X(code, name) [code] = name ".db",
	STORE_TABLES(X)
#undef X
		[TABLE_JOBS] = "jobs.db",
	[TABLE_LIST] = "list.db",
	[TABLE_READY] = "ready.db",
	[TABLE_LEASE] = "lease.db",
	[TABLE_EXPIRY] = "expiry.db",
	[TABLE_COUNTERS] = "counters.db",
	[TABLE_PRIVATE] = "private.db",
};

/* --- errors --- */

/* Nothing can be trusted any more; whoever supervises starts a process that recovers. */
static _Noreturn void die(const char *what)
{
	log_error("store: %s: the environment must be recovered; exiting", what);
	_exit(EX_SOFTWARE);
}

/* The kernel tells of pages that it could not write once, and then takes them for written: the next
 * sync would succeed without them. So nothing may be acknowledged after it, and what memory still
 * holds of the files must not be what recovery reads. */
void store_check_sync(struct store *store, enum kn_err err, const char *what)
{
	if (err != KN_ERR_IO && err != KN_ERR_ACCESS)
		return;
	fs_forget_cached(store->dir);
	die(what);
}

/* A full disk makes Berkeley DB say so for every page: a few lines a second are enough. */
static bool may_log(struct store *store)
{
	int64_t second = clock_mono_us() / USEC_PER_SEC;

	if (atomic_exchange(&store->logged_in, second) != second)
		atomic_store(&store->logged, 0);
	return atomic_fetch_add(&store->logged, 1) < LOG_LINES_PER_SECOND;
}

enum kn_err store_db_error(struct store *store, int ret, const char *what)
{
	switch (ret) {
	case 0:
		return KN_OK;
	case DB_NOTFOUND:
		return KN_ERR_NOT_FOUND;
	case DB_KEYEXIST:
		return KN_ERR_EXISTS;
	case DB_LOCK_DEADLOCK:
	case DB_LOCK_NOTGRANTED:
		return KN_ERR_BUSY;
	case DB_RUNRECOVERY:
		die(what);
	}
	if (may_log(store))
		log_error("store: %s: %s", what, db_strerror(ret));
	/* A full disk sometimes shows as EIO: Berkeley DB writes a part, and fails on the rest. */
	if (ret == EIO && space_is_low(store))
		return KN_ERR_FULL;
	return ret > 0 ? kn_err_from_errno(ret) : KN_ERR_IO;
}

static void on_error(const DB_ENV *env, const char *prefix, const char *text)
{
	(void)prefix;
	if (may_log(env->app_private))
		log_error("store: %s", text);
}

static void on_event(DB_ENV *env, u_int32_t event, void *info)
{
	(void)env;
	(void)info;
	if (event == DB_EVENT_PANIC)
		die("panic");
}

/* --- reading one value --- */

static int read_once(struct store *store, DB_TXN *txn, int table, DBT *key, struct store_read *read)
{
	DBT data = {0};
	int ret;

	data.flags = DB_DBT_USERMEM;
	data.data = read->large != NULL ? read->large : read->small;
	data.ulen = read->large != NULL ? (u_int32_t)read->len : sizeof(read->small);
	ret = store->tables[table]->get(store->tables[table], txn, key, &data, 0);
	read->data = data.data;
	read->len = data.size;
	return ret;
}

enum kn_err store_read(struct store *store, DB_TXN *txn, int table, const void *key, size_t len,
		       struct store_read *read)
{
	DBT dbt = store_dbt(key, len);
	int ret = DB_LOCK_DEADLOCK;

	read->large = NULL;
	for (int i = 0; i < STORE_RETRIES; i++) {
		ret = read_once(store, txn, table, &dbt, read);
		if (ret == DB_BUFFER_SMALL) {
			free(read->large);
			read->large = malloc(read->len);
			if (read->large == NULL)
				return KN_ERR_NOMEM;
		} else if (ret != DB_LOCK_DEADLOCK || txn != NULL) {
			break;
		}
	}
	return store_db_error(store, ret, store_files[table]);
}

void store_read_free(struct store_read *read)
{
	free(read->large);
	read->large = NULL;
}

/* --- opening and closing --- */

/* One process at a time. The lock goes with the descriptor, whatever ends the process. */
static enum kn_err lock_dir(struct store *store)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char *path = NULL;

	if (asprintf(&path, "%s/lock", store->dir) < 0)
		return KN_ERR_NOMEM;
	store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	if (store->lock_fd < 0)
		return kn_err_from_errno(errno);
	if (fcntl(store->lock_fd, F_OFD_SETLK, &lock) == 0)
		return KN_OK;
	if (errno != EAGAIN && errno != EACCES)
		return KN_ERR_IO;
	log_error("store: another process has %s open", store->dir);
	return KN_ERR_BUSY;
}

static int configure_env(struct store *store, uint64_t cache)
{
	DB_ENV *env = store->env;
	const char *dir = store->dir;
	int ret = env->set_cachesize(env, (u_int32_t)(cache >> 30), (u_int32_t)(cache & 0x3fffffff),
				     1);

	env->app_private = store;
	env->set_errcall(env, on_error);
	/* Absolute, because recovery and removal of logs look from the working directory otherwise.
	 */
	if (ret == 0)
		ret = env->set_lg_dir(env, dir);
	if (ret == 0)
		ret = env->add_data_dir(env, dir);
	if (ret == 0)
		ret = env->set_lg_bsize(env, LOG_BUFFER_BYTES);
	if (ret == 0)
		ret = env->set_lg_max(env, LOG_FILE_BYTES);
	if (ret == 0)
		ret = env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1);
	/* Readers hold few locks and can read again; the writer cannot. */
	if (ret == 0)
		ret = env->set_lk_detect(env, DB_LOCK_MINWRITE);
	if (ret == 0)
		ret = env->set_lk_max_locks(env, LOCKS_MAX);
	if (ret == 0)
		ret = env->set_lk_max_objects(env, LOCKS_MAX);
	if (ret == 0)
		ret = env->set_lk_max_lockers(env, LOCKS_MAX);
	if (ret == 0)
		ret = env->set_tx_max(env, TRANSACTIONS_MAX);
	return ret;
}

/* Private regions: they die with the process, so there is nothing that a killed one could leave
 * locked. */
static int open_env(struct store *store, uint64_t cache, u_int32_t recover)
{
	const u_int32_t flags = DB_CREATE | DB_INIT_LOCK | DB_INIT_LOG | DB_INIT_MPOOL |
				DB_INIT_TXN | DB_PRIVATE | DB_THREAD | recover;
	int ret = db_env_create(&store->env, 0);

	if (ret == 0)
		ret = configure_env(store, cache);
	if (ret == 0)
		ret = store->env->open(store->env, store->dir, flags, 0600);
	return ret;
}

static int open_tables(struct store *store)
{
	int ret = 0;

	for (int i = 0; i < TABLE_COUNT && ret == 0; i++) {
		ret = db_create(&store->tables[i], store->env, 0);
		if (ret == 0)
			ret = store->tables[i]->set_flags(store->tables[i], DB_CHKSUM);
		if (ret == 0)
			ret = store->tables[i]->set_pagesize(store->tables[i], STORE_PAGE_SIZE);
		if (ret == 0)
			ret = store->tables[i]->open(store->tables[i], NULL, store_files[i], NULL,
						     DB_BTREE,
						     DB_AUTO_COMMIT | DB_CREATE | DB_THREAD, 0600);
	}
	return ret;
}

/* A store without its log would be taken for one that never had any, and later recoveries would
 * skip what they should repeat. */
static bool has_log(const struct store *store)
{
	DIR *dir = store_exists(store->dir) ? opendir(store->dir) : NULL;
	const struct dirent *entry;
	bool has = dir == NULL;

	while (!has && (entry = readdir(dir)) != NULL)
		has = strncmp(entry->d_name, "log.", 4) == 0;
	if (dir != NULL)
		closedir(dir);
	return has;
}

/* Here a failure says what the caller can do about it; DB_RUNRECOVERY is no reason to exit yet. */
enum kn_err env_open(struct store *store, uint64_t cache, u_int32_t recover)
{
	int ret;

	if (!has_log(store)) {
		log_error("store: %s has no log: without it the tables cannot be trusted",
			  store->dir);
		return KN_ERR_CORRUPT;
	}
	space_prepare_recovery(store);
	ret = open_env(store, cache > 0 ? cache : cache_default, recover);
	if (ret == 0)
		ret = open_tables(store);
	if (ret == 0)
		ret = store->env->txn_checkpoint(store->env, 0, 0, DB_FORCE);
	if (ret == 0)
		ret = store->env->set_event_notify(store->env, on_event);
	if (ret == 0)
		return KN_OK;
	log_error("store: %s cannot be opened: %s", store->dir, db_strerror(ret));
	if (ret == EIO)
		fs_forget_cached(store->dir); /* as store_check_sync() does */
	if (space_is_low(store))
		return KN_ERR_FULL;
	return ret == ENOMEM ? KN_ERR_NOMEM : KN_ERR_CORRUPT;
}

static enum kn_err make_dir(struct store *store, const char *dir)
{
	enum kn_err err = fs_make_dirs(dir, 0700);

	if (err != KN_OK)
		return err;
	store->dir = realpath(dir, NULL);
	return store->dir != NULL ? KN_OK : kn_err_from_errno(errno);
}

void env_close(struct store *store)
{
	if (store->env == NULL)
		return;
	for (int i = 0; i < TABLE_COUNT; i++)
		if (store->tables[i] != NULL)
			store->tables[i]->close(store->tables[i], 0);
	memset(store->tables, 0, sizeof(store->tables));
	store->env->close(store->env, 0);
	store->env = NULL;
}

enum kn_err env_hold(const char *dir, struct store **out)
{
	struct store *store = calloc(1, sizeof(*store));
	enum kn_err err;

	*out = NULL;
	if (store == NULL)
		return KN_ERR_NOMEM;
	store->lock_fd = -1;
	err = make_dir(store, dir);
	if (err == KN_OK)
		err = lock_dir(store);
	if (err == KN_OK)
		*out = store;
	else
		store_close(&store);
	return err;
}

enum kn_err store_open(const struct store_options *options, struct store **out)
{
	struct store *store = NULL;
	enum kn_err err = env_hold(options->dir, &store);

	*out = NULL;
	if (err != KN_OK)
		return err;
	if (is_unfinished(store->dir)) {
		log_error("store: %s is unfinished: repeat the restore that was interrupted",
			  store->dir);
		store_close(&store);
		return KN_ERR_CORRUPT;
	}
	store->on_change = options->on_change;
	store->on_change_arg = options->on_change_arg;
	store->max_queued = options->max_queued;
	store->max_queued_per_owner = options->max_queued_per_owner;
	err = env_open(store, options->cache_bytes, DB_RECOVER);
	if (err == KN_OK)
		copies_remove(store);
	if (err == KN_OK)
		err = fs_sync_dir(store->dir);
	if (err == KN_OK)
		err = job_key_load(store);
	if (err == KN_OK)
		err = newest_look(store);
	if (err == KN_OK)
		err = job_key_begin(store);
	if (err == KN_OK)
		err = checkpointer_start(store);
	if (err == KN_OK)
		err = writer_start(store);
	if (err != KN_OK)
		store_close(&store);
	*out = store;
	return err;
}

void store_close(struct store **pointer)
{
	struct store *store = *pointer;

	if (store == NULL)
		return;
	*pointer = NULL;
	writer_stop(store);
	checkpointer_stop(store);
	env_close(store);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	free(store->dir);
	free(store);
}
