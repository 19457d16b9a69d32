#include "worker_line.h"

#include "lib/json.h"

#include <string.h>

static enum kn_err read_progress(struct worker_line *line)
{
	json_object *value = NULL;
	int64_t progress = -1;

	if (json_object_object_get_ex(line->root, "progress", &value) && json_is_number(value))
		progress = json_object_get_int64(value);
	line->progress = progress > 100 ? 100 : progress < 0 ? -1 : (int)progress;
	line->stage = json_get_string(line->root, "stage");
	line->message = json_get_string(line->root, "message");
	return KN_OK;
}

static enum kn_err read_log(struct worker_line *line)
{
	line->text = json_get_string(line->root, "line");
	return line->text != NULL ? KN_OK : KN_ERR_INVALID;
}

static enum kn_err read_asset(struct worker_line *line)
{
	line->name = json_get_string(line->root, "name");
	line->file = json_get_string(line->root, "file");
	return line->name != NULL && line->file != NULL ? KN_OK : KN_ERR_INVALID;
}

static enum kn_err read_error(struct worker_line *line)
{
	line->code = json_get_string(line->root, "code");
	line->text = json_get_string(line->root, "message");
	return line->text != NULL ? KN_OK : KN_ERR_INVALID;
}

static const struct {
	const char *type;
	enum worker_line_kind kind;
	enum kn_err (*read)(struct worker_line *line);
} kinds[] = {
	{"progress", WORKER_PROGRESS, read_progress},
	{"log", WORKER_LOG, read_log},
	{"asset", WORKER_ASSET, read_asset},
	{"error", WORKER_ERROR, read_error},
};

static enum kn_err read_line(struct worker_line *line)
{
	const char *type = json_get_string(line->root, "type");

	if (type == NULL) {
		line->kind = WORKER_VERSION;
		line->version = (int)json_get_int(line->root, "version", 0);
		return line->version > 0 ? KN_OK : KN_ERR_INVALID;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].type, type) == 0) {
			line->kind = kinds[i].kind;
			return kinds[i].read(line);
		}
	}
	return KN_ERR_INVALID;
}

enum kn_err worker_line_parse(const char *text, size_t len, struct worker_line *out)
{
	enum kn_err err = KN_ERR_INVALID;

	*out = (struct worker_line){.progress = -1};
	if (json_parse_strict(text, len, &out->root) == KN_OK &&
	    json_object_is_type(out->root, json_type_object))
		err = read_line(out);
	if (err != KN_OK)
		worker_line_free(out);
	return err;
}

void worker_line_free(struct worker_line *line)
{
	json_object_put(line->root);
	*line = (struct worker_line){.progress = -1};
}
