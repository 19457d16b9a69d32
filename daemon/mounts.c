#include "mounts.h"

#include "lib/json.h"
#include "lib/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOTS = 3 };

struct roots {
	char paths[ROOTS][PATH_MAX], note[PATH_MAX];
};

/* KN_ERR_INVALID: a path is too long. */
static enum kn_err find_roots(const struct conf *conf, struct roots *out)
{
	const char *const names[] = {"", "/output", "/jobs"};
	bool fit = snprintf(out->note, PATH_MAX, "%s/mounts.json", conf->data_path) < PATH_MAX;

	for (size_t i = 0; i < ROOTS; i++) {
		const char *base = i == 0 ? conf->video_storage_path : conf->data_path;

		fit &= snprintf(out->paths[i], PATH_MAX, "%s%s", base, names[i]) < PATH_MAX;
	}
	return fit ? KN_OK : KN_ERR_INVALID;
}

static bool is_mount(const char *path)
{
	char parent[PATH_MAX];
	struct stat here, above;

	if (strcmp(path, "/") == 0)
		return true;
	return snprintf(parent, sizeof(parent), "%s/..", path) < PATH_MAX &&
	       stat(path, &here) == 0 && stat(parent, &above) == 0 && here.st_dev != above.st_dev;
}

/* The nearest at or above an existing path. */
static bool find_mount(const char *path, char out[PATH_MAX])
{
	if (realpath(path, out) == NULL)
		return false;
	while (!is_mount(out)) {
		char *slash = strrchr(out, '/');

		slash[slash == out] = '\0'; /* the first one is the root's */
	}
	return true;
}

bool mounts_are_there(const struct conf *conf)
{
	struct roots *roots = malloc(sizeof(*roots));
	json_object *note = NULL;
	bool there = true;

	if (roots != NULL && find_roots(conf, roots) == KN_OK)
		note = json_object_from_file(roots->note);
	for (size_t i = 0; note != NULL && i < ROOTS; i++) {
		const char *mount = json_get_string(note, roots->paths[i]);

		if (mount == NULL || is_mount(mount))
			continue;
		log_error("%s lay in the file system that was mounted at %s, and nothing is "
			  "mounted there; if its files were moved, remove %s",
			  roots->paths[i], mount, roots->note);
		there = false;
	}
	json_object_put(note);
	free(roots);
	return there;
}

static enum kn_err write_note(json_object *note, const char *path)
{
	char fresh[PATH_MAX];

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= PATH_MAX)
		return KN_ERR_INVALID;
	if (json_object_to_file_ext(
		    fresh, note, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE) == 0 &&
	    rename(fresh, path) == 0)
		return KN_OK;
	unlink(fresh);
	return KN_ERR_IO;
}

enum kn_err mounts_note(const struct conf *conf)
{
	struct roots *roots = malloc(sizeof(*roots));
	json_object *note = json_object_new_object();
	enum kn_err err = roots != NULL ? find_roots(conf, roots) : KN_ERR_NOMEM;
	char mount[PATH_MAX];

	for (size_t i = 0; err == KN_OK && i < ROOTS; i++)
		if (find_mount(roots->paths[i], mount))
			json_add_string(note, roots->paths[i], mount);
	if (err == KN_OK)
		err = write_note(note, roots->note);
	json_object_put(note);
	free(roots);
	return err;
}
