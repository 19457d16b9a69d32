#include "backup_note.h"

#include "lib/fs.h"
#include "lib/json.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NOTE_VERSION = 1, NOTE_MAX = 4096 };

static bool note_path(const char *dir, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/backup.json", dir) < PATH_MAX;
}

static enum kn_err write_text(const char *path, const char *text)
{
	FILE *to = fopen(path, "wxe");
	bool written;

	if (to == NULL)
		return kn_err_from_errno(errno);
	written = fprintf(to, "%s\n", text) > 0 && fflush(to) == 0 && fsync(fileno(to)) == 0;
	written = fclose(to) == 0 && written;
	return written ? fs_sync_parent(path) : KN_ERR_IO;
}

enum kn_err backup_note_write(const char *dir, const struct backup_note *note)
{
	json_object *json = json_object_new_object();
	char path[PATH_MAX];
	enum kn_err err = KN_ERR_INVALID;

	json_add_string(json, "kinora", "backup");
	json_add_int(json, "version", NOTE_VERSION);
	json_add_int(json, "created", note->created);
	json_object_object_add(json, "with_files", json_object_new_boolean(note->with_files));
	json_add_int(json, "jobs", (int64_t)note->jobs);
	json_add_int(json, "files", (int64_t)note->files);
	json_add_int(json, "file_bytes", (int64_t)note->file_bytes);
	json_add_int(json, "store_bytes", (int64_t)note->store_bytes);
	if (note_path(dir, path))
		err = write_text(path,
				 json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY));
	json_object_put(json);
	return err;
}

static enum kn_err take(json_object *json, struct backup_note *note)
{
	const char *kind = json_get_string(json, "kinora");
	json_object *with_files = NULL;

	if (kind == NULL || strcmp(kind, "backup") != 0 ||
	    json_get_int(json, "version", 0) != NOTE_VERSION)
		return KN_ERR_INVALID;
	json_object_object_get_ex(json, "with_files", &with_files);
	note->with_files = json_object_get_boolean(with_files);
	note->created = json_get_int(json, "created", 0);
	note->jobs = (uint64_t)json_get_int(json, "jobs", 0);
	note->files = (uint64_t)json_get_int(json, "files", 0);
	note->file_bytes = (uint64_t)json_get_int(json, "file_bytes", 0);
	note->store_bytes = (uint64_t)json_get_int(json, "store_bytes", 0);
	return KN_OK;
}

enum kn_err backup_note_read(const char *dir, struct backup_note *note)
{
	char path[PATH_MAX], text[NOTE_MAX];
	json_object *json = NULL;
	size_t len;
	FILE *from = note_path(dir, path) ? fopen(path, "re") : NULL;
	enum kn_err err;

	*note = (struct backup_note){0};
	if (from == NULL)
		return errno == EACCES ? KN_ERR_ACCESS : KN_ERR_NOT_FOUND;
	len = fread(text, 1, sizeof(text), from);
	fclose(from);
	err = json_parse_strict(text, len, &json);
	if (err == KN_OK)
		err = take(json, note);
	json_object_put(json);
	return err;
}
