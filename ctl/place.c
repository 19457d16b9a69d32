#include "place.h"

#include "lib/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum kn_err set_paths(const struct conf *conf, const char *data, const char *store,
			     const char *videos, struct place *out)
{
	if (strlen(data) >= PATH_MAX || strlen(store) >= PATH_MAX || strlen(videos) >= PATH_MAX)
		return KN_ERR_INVALID;
	strcpy(out->data, data);
	strcpy(out->store, store);
	strcpy(out->videos, videos);
	out->conf = *conf;
	out->conf.data_path = out->data;
	out->conf.db_path = out->store;
	out->conf.video_storage_path = out->videos;
	return KN_OK;
}

enum kn_err place_configured(const struct conf *conf, struct place *out)
{
	return set_paths(conf, conf->data_path, conf->db_path, conf->video_storage_path, out);
}

enum kn_err place_at(const struct conf *conf, const char *dir, struct place *out)
{
	char store[PATH_MAX], videos[PATH_MAX];

	if (snprintf(store, sizeof(store), "%s/store", dir) >= PATH_MAX ||
	    snprintf(videos, sizeof(videos), "%s/videos", dir) >= PATH_MAX)
		return KN_ERR_INVALID;
	return set_paths(conf, dir, store, videos, out);
}

enum kn_err place_staging(const struct place *place, struct place *out)
{
	char data[PATH_MAX], store[PATH_MAX], videos[PATH_MAX];

	if (snprintf(data, sizeof(data), "%s/restoring", place->data) >= PATH_MAX ||
	    snprintf(store, sizeof(store), "%s.restoring", place->store) >= PATH_MAX ||
	    snprintf(videos, sizeof(videos), "%s.restoring", place->videos) >= PATH_MAX)
		return KN_ERR_INVALID;
	return set_paths(&place->conf, data, store, videos, out);
}

enum kn_err place_find_store(const char *dir)
{
	if (store_exists(dir))
		return KN_OK;
	if (faccessat(AT_FDCWD, dir, R_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES)
		return KN_ERR_ACCESS;
	return KN_ERR_NOT_FOUND;
}

void place_act_as_owner(const char *dir)
{
	struct stat st;

	if (geteuid() != 0 || stat(dir, &st) != 0 || st.st_uid == 0)
		return;
	/* What fails here fails again, with a message, when files are opened. */
	if (setgroups(1, &st.st_gid) != 0 || setegid(st.st_gid) != 0 || seteuid(st.st_uid) != 0)
		perror("kinoractl: acting as the owner of the data");
}
