#include "conf.h"
#include "conf_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct entry {
	struct conf_option option;
	size_t offset; /* of the field in struct conf */
};

static const struct entry entries[] = {
#define CONF_OPTION(name, type, def, min, max, unit, choices, help) \
	{{#name, type, def, min, max, unit, choices, help}, offsetof(struct conf, name)},
#include "conf_options.h"
#undef CONF_OPTION
};

enum { ENTRIES = sizeof(entries) / sizeof(entries[0]) };

size_t conf_options_count(void)
{
	return ENTRIES;
}

const struct conf_option *conf_option_at(size_t i)
{
	return &entries[i].option;
}

char *conf_value_text(const struct conf *conf, size_t i)
{
	return conf_value_print(&entries[i].option, (const char *)conf + entries[i].offset);
}

/* --- complaints --- */

enum kn_err conf_complain(char **message, const struct conf_place *place, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	if (*message != NULL)
		return KN_ERR_INVALID;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return KN_ERR_NOMEM;
	if (place->line > 0)
		n = asprintf(message, "%s:%d: %s", place->where, place->line, text);
	else
		n = asprintf(message, "%s: %s", place->where, text);
	free(text);
	if (n < 0)
		*message = NULL;
	return KN_ERR_INVALID;
}

enum kn_err conf_take(const struct conf_option *option, const char *text, void *field,
		      const struct conf_place *place, char **message)
{
	enum kn_err err = conf_value_parse(option, text, field);
	char *allowed;

	if (err != KN_ERR_INVALID)
		return err;
	allowed = conf_value_allowed(option);
	conf_complain(message, place, "%s: found \"%s\"; allowed: %s", option->name,
		      option->type == CONF_SECRET ? "(hidden)" : text,
		      allowed != NULL ? allowed : "");
	free(allowed);
	return err;
}

static int min3(int a, int b, int c)
{
	int least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance, in any case; of the first 63 characters. */
static int distance(const char *a, const char *b)
{
	int row[64];
	int len = (int)strnlen(b, 63);

	for (int j = 0; j <= len; j++)
		row[j] = j;
	for (int i = 1; *a != '\0'; a++, i++) {
		int diagonal = row[0];

		row[0] = i;
		for (int j = 1; j <= len; j++) {
			int differs = strncasecmp(a, &b[j - 1], 1) != 0;
			int here = min3(row[j] + 1, row[j - 1] + 1, diagonal + differs);

			diagonal = row[j];
			row[j] = here;
		}
	}
	return row[len];
}

const struct conf_option *conf_find(const void *options, size_t n, size_t stride, const char *name,
				    const struct conf_place *place, char **message)
{
	const struct conf_option *nearest = options;

	for (size_t i = 0; i < n; i++) {
		const void *at = (const char *)options + i * stride;
		const struct conf_option *option = at;

		if (strcasecmp(option->name, name) == 0)
			return option;
		if (distance(name, option->name) < distance(name, nearest->name))
			nearest = option;
	}
	conf_complain(message, place, "%s: unknown option; the nearest known one is %s", name,
		      nearest->name);
	return NULL;
}

/* --- sources --- */

static enum kn_err set_entry(struct conf *conf, size_t i, const char *text,
			     const struct conf_place *place, char **message)
{
	char *origin = NULL;
	enum kn_err err = conf_take(&entries[i].option, text, (char *)conf + entries[i].offset,
				    place, message);

	if (err != KN_OK)
		return err;
	if (place->line > 0 ? asprintf(&origin, "%s:%d", place->where, place->line) < 0
			    : (origin = strdup(place->where)) == NULL)
		return KN_ERR_NOMEM;
	free(conf->origins[i]);
	conf->origins[i] = origin;
	return KN_OK;
}

static enum kn_err set_named(struct conf *conf, const char *name, const char *text,
			     const struct conf_place *place, char **message)
{
	const void *found =
		conf_find(&entries[0].option, ENTRIES, sizeof(entries[0]), name, place, message);

	if (found == NULL)
		return KN_ERR_INVALID;
	return set_entry(conf, (size_t)((const struct entry *)found - entries), text, place,
			 message);
}

static enum kn_err load_defaults(struct conf *conf, char **message)
{
	const struct conf_place place = {"default", 0};
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < ENTRIES && err == KN_OK; i++)
		err = set_entry(conf, i, entries[i].option.def, &place, message);
	return err;
}

/* Cuts white space off both ends, in place. */
static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && strchr(" \t\r\n", end[-1]) != NULL)
		*--end = '\0';
	return text + strspn(text, " \t");
}

/* Splits "name = value" in place. False when there is no "=". */
static bool split(char *line, char **name, char **value)
{
	char *equals = strchr(line, '=');

	if (equals == NULL)
		return false;
	*equals = '\0';
	*name = trim(line);
	*value = trim(equals + 1);
	return true;
}

/* "[worker NAME]" */
static enum kn_err load_header(struct conf *conf, char *line, const struct conf_place *place,
			       char **message)
{
	char *end = line + strlen(line) - 1;

	if (*end != ']' || strncmp(line, "[worker ", 8) != 0)
		return conf_complain(message, place, "found \"%s\"; allowed: [worker NAME]", line);
	*end = '\0';
	return conf_worker_begin(conf, trim(line + 8), place, message);
}

static enum kn_err load_line(struct conf *conf, char *line, bool *in_section,
			     const struct conf_place *place, char **message)
{
	char *name, *value;

	line = trim(line);
	if (line[0] == '\0' || line[0] == '#')
		return KN_OK;
	if (line[0] == '[') {
		*in_section = true;
		return load_header(conf, line, place, message);
	}
	if (!split(line, &name, &value))
		return conf_complain(message, place, "found \"%s\"; allowed: option = value", line);
	if (*in_section)
		return conf_worker_set(conf, name, value, place, message);
	return set_named(conf, name, value, place, message);
}

static enum kn_err load_file(struct conf *conf, const char *path, bool required, char **message)
{
	struct conf_place place = {path, 0};
	FILE *file = fopen(path, "re");
	enum kn_err err = KN_OK;
	bool in_section = false;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (file == NULL && errno == ENOENT && !required)
		return KN_OK;
	if (file == NULL)
		return conf_complain(message, &place, "%s", strerror(errno));
	while (err == KN_OK && (len = getline(&line, &size, file)) >= 0) {
		place.line++;
		if (strlen(line) < (size_t)len)
			err = conf_complain(message, &place, "found a NUL; allowed: text");
		else
			err = load_line(conf, line, &in_section, &place, message);
	}
	if (err == KN_OK && ferror(file))
		err = conf_complain(message, &place, "%s", strerror(errno));
	free(line);
	fclose(file);
	return err;
}

static enum kn_err load_files(struct conf *conf, const char *given, char **message)
{
	const char *path = given != NULL ? given : getenv("KINORA_CONF");

	if (path != NULL && path[0] != '\0')
		return load_file(conf, path, true, message);
	return load_file(conf, KINORA_CONF_FILE, false, message);
}

/* "NAME=value" of the environment for an option, with the prefix or without; NULL when it has none.
 * An empty value counts as none: container files pass on variables that are not set. */
static const char *environment_value(const char *variable, const char *prefix, const char *name)
{
	size_t prefix_len = strlen(prefix), len = strlen(name);

	if (strncasecmp(variable, prefix, prefix_len) != 0 ||
	    strncasecmp(variable + prefix_len, name, len) != 0 ||
	    variable[prefix_len + len] != '=' || variable[prefix_len + len + 1] == '\0')
		return NULL;
	return variable + prefix_len + len + 1;
}

static enum kn_err load_environment(struct conf *conf, const char *prefix, char **message)
{
	const struct conf_place place = {"environment", 0};
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < ENTRIES; i++)
		for (char **v = environ; v != NULL && *v != NULL && err == KN_OK; v++) {
			const char *text = environment_value(*v, prefix, entries[i].option.name);

			if (text != NULL)
				err = set_entry(conf, i, text, &place, message);
		}
	return err;
}

static enum kn_err load_set(struct conf *conf, const char *set, char **message)
{
	const struct conf_place place = {"--set", 0};
	char *name, *value, *copy = strdup(set);
	enum kn_err err;

	if (copy == NULL)
		return KN_ERR_NOMEM;
	if (split(copy, &name, &value))
		err = set_named(conf, name, value, &place, message);
	else
		err = conf_complain(message, &place, "found \"%s\"; allowed: option=value", set);
	free(copy);
	return err;
}

/* Paths that lie in data_path unless they are given. */
static enum kn_err derive_paths(struct conf *conf, char **message)
{
	const struct conf_place place = {"data_path", 0};
	const struct {
		char **path;
		const char *name;
	} derived[] = {{&conf->db_path, "store"},
		       {&conf->video_storage_path, "videos"},
		       {&conf->log_path, "logs"},
		       {&conf->run_path, "run"}};

	if (conf->data_path[0] == '\0') /* or they would lie in the root */
		return conf_complain(message, &place, "found nothing; allowed: a path");
	for (size_t i = 0; i < sizeof(derived) / sizeof(derived[0]); i++) {
		char *path;

		if (derived[i].path[0][0] != '\0')
			continue;
		if (asprintf(&path, "%s/%s", conf->data_path, derived[i].name) < 0)
			return KN_ERR_NOMEM;
		free(*derived[i].path);
		*derived[i].path = path;
	}
	return KN_OK;
}

static enum kn_err load_all(const struct conf_source *source, struct conf *conf, char **message)
{
	enum kn_err err = load_defaults(conf, message);

	if (err == KN_OK)
		err = load_files(conf, source->file, message);
	if (err == KN_OK)
		err = load_environment(conf, "", message);
	if (err == KN_OK)
		err = load_environment(conf, "KINORA_", message);
	for (size_t i = 0; i < source->sets_n && err == KN_OK; i++)
		err = load_set(conf, source->sets[i], message);
	if (err == KN_OK)
		err = derive_paths(conf, message);
	if (err == KN_OK)
		err = conf_workers_finish(conf, message);
	return err;
}

enum kn_err conf_load(const struct conf_source *source, struct conf **out, char **message)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	enum kn_err err = KN_ERR_NOMEM;

	*message = NULL;
	if (conf == NULL)
		return KN_ERR_NOMEM;
	conf->origins = calloc(ENTRIES, sizeof(*conf->origins));
	if (conf->origins != NULL)
		err = load_all(source, conf, message);
	if (err != KN_OK) {
		conf_free(&conf);
		return err;
	}
	*out = conf;
	return KN_OK;
}

static bool holds_string(enum conf_type type)
{
	return type == CONF_STRING || type == CONF_PATH || type == CONF_SECRET ||
	       type == CONF_CHOICE;
}

void conf_free(struct conf **conf)
{
	if (*conf == NULL)
		return;
	for (size_t i = 0; i < ENTRIES; i++) {
		if (holds_string(entries[i].option.type))
			free(*(char **)(void *)((char *)*conf + entries[i].offset));
		if ((*conf)->origins != NULL)
			free((*conf)->origins[i]);
	}
	free((*conf)->origins);
	conf_workers_free(*conf);
	free(*conf);
	*conf = NULL;
}
