#include "mounts.h"

#include "lib/fs.h"
#include "lib/json.h"
#include "lib/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOTS = 4, NOTES = 2 };

struct places {
	char roots[ROOTS][PATH_MAX]; /* what must be there */
	char notes[NOTES][PATH_MAX]; /* directories with a note */
};

/* NULL: no memory, or a path is too long. */
static struct places *find_places(const struct conf *conf)
{
	struct places *places = malloc(sizeof(*places));
	const char *data = conf->data_path, *store = conf->db_path;

	if (places != NULL &&
	    snprintf(places->roots[0], PATH_MAX, "%s", conf->video_storage_path) < PATH_MAX &&
	    snprintf(places->roots[1], PATH_MAX, "%s/output", data) < PATH_MAX &&
	    snprintf(places->roots[2], PATH_MAX, "%s/jobs", data) < PATH_MAX &&
	    snprintf(places->roots[3], PATH_MAX, "%s", store) < PATH_MAX &&
	    snprintf(places->notes[0], PATH_MAX, "%s", data) < PATH_MAX &&
	    snprintf(places->notes[1], PATH_MAX, "%s", store) < PATH_MAX)
		return places;
	free(places);
	return NULL;
}

/* The dot has an automounter do its work. */
static bool look_at(const char *dir, const char *dots, struct stat *out)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", dir, dots) < PATH_MAX && stat(path, out) == 0;
}

static bool is_mount(const char *dir)
{
	struct stat here, above;

	return strcmp(dir, "/") == 0 || (look_at(dir, ".", &here) && look_at(dir, "..", &above) &&
					 here.st_dev != above.st_dev);
}

/* "/" at the end of it. */
static void go_up(char *path)
{
	char *slash = strrchr(path, '/');

	slash[slash == path] = '\0';
}

/* The mount that an absolute path lies in, or would if there were such a file. */
static bool find_mount(const char *path, char out[PATH_MAX])
{
	char at[PATH_MAX];

	if (path[0] != '/' || snprintf(at, sizeof(at), "%s", path) >= PATH_MAX)
		return false;
	while (realpath(at, out) == NULL) {
		if (errno != ENOENT || strcmp(at, "/") == 0)
			return false;
		go_up(at);
	}
	while (!is_mount(out))
		go_up(out);
	return true;
}

static bool lies_below(const char *path, const char *dir)
{
	size_t len = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/' && path[len + 1] != '\0';
}

static bool note_path(const char *dir, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/mounts.json", dir) < PATH_MAX;
}

static bool is_there(const char *root, const char *mount, const char *note)
{
	char now[PATH_MAX];

	/* Elsewhere, or in a mount of its own by now: somebody's doing. */
	if (mount == NULL || !find_mount(root, now) || !lies_below(mount, now))
		return true;
	log_error("%s lay in what was mounted at %s, and nothing is mounted there; if its files "
		  "were moved, remove %s",
		  root, mount, note);
	return false;
}

bool mounts_are_there(const struct conf *conf)
{
	struct places *places = find_places(conf);
	char path[PATH_MAX];
	bool there = true;

	for (size_t i = 0; places != NULL && i < NOTES; i++) {
		json_object *note =
			note_path(places->notes[i], path) ? json_object_from_file(path) : NULL;

		for (size_t j = 0; j < ROOTS; j++)
			there &= is_there(places->roots[j], json_get_string(note, places->roots[j]),
					  path);
		json_object_put(note);
	}
	free(places);
	return there;
}

static enum kn_err write_note(json_object *note, const char *path)
{
	char fresh[PATH_MAX];
	FILE *to = NULL;
	bool written;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) < PATH_MAX)
		to = fopen(fresh, "we");
	if (to == NULL)
		return KN_ERR_IO;
	written = fputs(json_object_to_json_string_ext(
				note, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE),
			to) >= 0 &&
		  fflush(to) == 0 && fsync(fileno(to)) == 0;
	written = fclose(to) == 0 && written;
	if (written && rename(fresh, path) == 0)
		return fs_sync_parent(path);
	unlink(fresh);
	return KN_ERR_IO;
}

static enum kn_err note_in(const char *dir, const struct places *places)
{
	json_object *note = json_object_new_object();
	char path[PATH_MAX], own[PATH_MAX], mount[PATH_MAX];
	enum kn_err err = note_path(dir, path) && find_mount(dir, own) ? KN_OK : KN_ERR_INVALID;

	for (size_t i = 0; err == KN_OK && i < ROOTS; i++)
		if (find_mount(places->roots[i], mount) && strcmp(mount, own) != 0)
			json_add_string(note, places->roots[i], mount);
	if (err == KN_OK && json_object_object_length(note) == 0)
		err = fs_remove(path);
	else if (err == KN_OK)
		err = write_note(note, path);
	json_object_put(note);
	return err;
}

enum kn_err mounts_note(const struct conf *conf)
{
	struct places *places = find_places(conf);
	enum kn_err err = places != NULL ? KN_OK : KN_ERR_NOMEM;

	for (size_t i = 0; err == KN_OK && i < NOTES; i++) {
		err = fs_make_dirs(places->notes[i], 0700);
		if (err == KN_OK)
			err = note_in(places->notes[i], places);
	}
	free(places);
	return err;
}
