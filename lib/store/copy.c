/*
 * A copy of a store in use: each table page by page, then the log. The pages
 * are of different moments; the log, which goes back to before the first of them, makes
 * them one: whoever opens the copy recovers it from all of that log.
 */
#include "store_priv.h"
#include "../fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum kn_err copy_tables(struct store *store, const char *dir)
{
	enum kn_err err = KN_OK;

	for (int i = 0; i < TABLE_COUNT && err == KN_OK; i++)
		err = store_db_error(store,
				     store->env->dbbackup(store->env, store_files[i], dir, DB_EXCL),
				     store_files[i]);
	return err;
}

static enum kn_err copy_log(struct store *store, const char *dir)
{
	char **files = NULL, to[PATH_MAX];
	enum kn_err err = store_db_error(store, store->env->log_flush(store->env, NULL), "flush");

	if (err == KN_OK)
		err = store_db_error(
			store,
			store->env->log_archive(store->env, &files, DB_ARCH_ABS | DB_ARCH_LOG),
			"log_archive");
	for (char **file = files; err == KN_OK && file != NULL && *file != NULL; file++) {
		err = KN_ERR_INVALID;
		if (snprintf(to, sizeof(to), "%s%s", dir, strrchr(*file, '/')) < PATH_MAX)
			err = fs_copy(*file, to);
	}
	free(files);
	return err;
}

static enum kn_err copy_all(struct store *store, const char *dir)
{
	DB_ENV *env = store->env;
	enum kn_err err, again;

	/* The checkpoint limits how much log the copy needs. */
	err = store_db_error(store, env->txn_checkpoint(env, 0, 0, DB_FORCE), "checkpoint");
	if (err == KN_OK)
		err = store_db_error(store, env->log_set_config(env, DB_LOG_AUTO_REMOVE, 0),
				     "log_set_config");
	if (err != KN_OK)
		return err;
	err = copy_tables(store, dir);
	if (err == KN_OK)
		err = copy_log(store, dir);
	again = store_db_error(store, env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1),
			       "log_set_config");
	return err == KN_OK ? again : err;
}

uint64_t store_bytes(const char *dir)
{
	struct dirent *entry;
	uint64_t bytes = 0;
	struct stat st;
	DIR *from = opendir(dir);

	while (from != NULL && (entry = readdir(from)) != NULL)
		if (fstatat(dirfd(from), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && strcmp(entry->d_name, "ballast") != 0)
			bytes += (uint64_t)st.st_size;
	if (from != NULL)
		closedir(from);
	return bytes;
}

enum kn_err store_copy(struct store *store, char out[PATH_MAX])
{
	char token[TOKEN_SIZE];
	enum kn_err err = KN_OK;

	id_new_token(token);
	if (snprintf(out, PATH_MAX, "%s.copy-%.8s", store->dir, token) >= PATH_MAX)
		return KN_ERR_INVALID;
	if (atomic_exchange(&store->copying, true))
		return KN_ERR_BUSY;
	if (!space_is_enough(store, store_bytes(store->dir)))
		err = KN_ERR_FULL;
	else if (mkdir(out, 0700) != 0)
		err = kn_err_from_errno(errno);
	if (err == KN_OK) {
		err = copy_all(store, out);
		if (err != KN_OK)
			fs_remove_tree(out);
	}
	atomic_store(&store->copying, false);
	return err;
}

enum kn_err store_recover(const char *dir)
{
	struct store *store = NULL;
	enum kn_err err = store_exists(dir) ? env_hold(dir, &store) : KN_ERR_NOT_FOUND;

	if (err == KN_OK)
		err = env_open(store, 0, DB_RECOVER_FATAL);
	store_close(&store);
	return err;
}

static bool is_held(const char *dir)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[PATH_MAX];
	bool held = false;
	int fd = -1;

	if (snprintf(path, sizeof(path), "%s/lock", dir) < PATH_MAX)
		fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		held = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
		close(fd);
	}
	return held;
}

/* Not glob(): the path may have what is special to it. */
void copies_remove(const struct store *store)
{
	const char *name = strrchr(store->dir, '/') + 1; /* it is a real path */
	size_t len = strlen(name);
	char parent[PATH_MAX], path[PATH_MAX];
	const struct dirent *entry;
	DIR *beside;

	snprintf(parent, sizeof(parent), "%.*s", (int)(name - store->dir), store->dir);
	beside = opendir(parent);
	while (beside != NULL && (entry = readdir(beside)) != NULL)
		if (strncmp(entry->d_name, name, len) == 0 &&
		    strncmp(entry->d_name + len, ".copy-", 6) == 0 &&
		    snprintf(path, sizeof(path), "%s%s", parent, entry->d_name) < PATH_MAX &&
		    !is_held(path))
			fs_remove_tree(path);
	if (beside != NULL)
		closedir(beside);
}

bool store_exists(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	return snprintf(path, sizeof(path), "%s/%s", dir, store_files[TABLE_JOBS]) < PATH_MAX &&
	       stat(path, &st) == 0;
}

static bool unfinished_path(const char *dir, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/unfinished", dir) < PATH_MAX;
}

enum kn_err store_set_unfinished(const char *dir, bool unfinished)
{
	char path[PATH_MAX];
	int fd;

	if (!unfinished_path(dir, path))
		return KN_ERR_INVALID;
	if (!unfinished && unlink(path) != 0 && errno != ENOENT)
		return kn_err_from_errno(errno);
	if (unfinished) {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return kn_err_from_errno(errno);
		close(fd);
	}
	return fs_sync_dir(dir);
}

bool is_unfinished(const char *dir)
{
	char path[PATH_MAX];

	return unfinished_path(dir, path) && access(path, F_OK) == 0;
}
