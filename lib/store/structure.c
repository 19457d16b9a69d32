/* Whether the files of a store that is closed are sound: page by page, without the environment,
 * which a damaged page would end. */
#include "store_priv.h"

#include <errno.h>
#include <stdio.h>

/* What is noted of each page lies there, too: with too little of it, that is written to a file. */
static const uint64_t cache_min = 64 << 20;

struct structure {
	const struct store_verify *verify;
	const char *file;
};

static void on_error(const DB_ENV *env, const char *prefix, const char *text)
{
	const struct structure *structure = env->app_private;
	char line[512];

	(void)prefix;
	snprintf(line, sizeof(line), "%s: %s", structure->file, text);
	structure->verify->fault(structure->verify->arg, "structure", NULL, line);
}

static int verify_file(const char *path, struct structure *structure)
{
	uint64_t cache = structure->verify->cache_bytes;
	DB *db;
	int ret = db_create(&db, NULL, 0);

	if (cache < cache_min)
		cache = cache_min;
	if (ret != 0)
		return ret;
	db->get_env(db)->app_private = structure;
	db->set_errcall(db, on_error);
	ret = db->set_cachesize(db, (u_int32_t)(cache >> 30), (u_int32_t)(cache & 0x3fffffff), 1);
	if (ret != 0) {
		db->close(db, 0);
		return ret;
	}
	return db->verify(db, path, NULL, NULL, 0); /* which closes it */
}

enum kn_err structure_verify(const char *dir, const struct store_verify *verify, bool *sound)
{
	*sound = true;
	for (int i = 0; i < TABLE_COUNT; i++) {
		struct structure structure = {verify, store_files[i]};
		char path[PATH_MAX], line[512];
		int ret;

		if (snprintf(path, sizeof(path), "%s/%s", dir, store_files[i]) >= PATH_MAX)
			return KN_ERR_INVALID;
		ret = verify_file(path, &structure);
		if (ret == 0)
			continue;
		if (ret == ENOMEM)
			return KN_ERR_NOMEM;
		snprintf(line, sizeof(line), "%s: %s", store_files[i], db_strerror(ret));
		verify->fault(verify->arg, "structure", NULL, line);
		*sound = false;
	}
	return KN_OK;
}
