/* kinoractl: the administrator's tool. */
#include "ctl.h"
#include "lib/core_dump.h"
#include "lib/json.h"
#include "lib/lock_file.h"
#include "lib/log.h"
#include "lib/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { CALL_LIMIT_MS = 3600 * 1000 }; /* copying a large store takes its time */

static const struct command *const groups[] = {commands_jobs, commands_keys, commands_service,
					       commands_store, commands_config};

enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

/* --- asking --- */

static const struct {
	enum kn_err err;
	int status;
} statuses[] = {
	{KN_ERR_NOT_FOUND, EX_NOINPUT}, {KN_ERR_INVALID, EX_DATAERR},
	{KN_ERR_CONFLICT, EX_DATAERR},  {KN_ERR_GONE, EX_DATAERR},
	{KN_ERR_EXISTS, EX_CANTCREAT},  {KN_ERR_SHUTDOWN, EX_UNAVAILABLE},
	{KN_ERR_TIMEOUT, EX_TEMPFAIL},  {KN_ERR_BUSY, EX_TEMPFAIL},
	{KN_ERR_FULL, EX_TEMPFAIL},     {KN_ERR_IN_DOUBT, EX_TEMPFAIL},
	{KN_ERR_ACCESS, EX_NOPERM},     {KN_ERR_IO, EX_IOERR},
	{KN_ERR_CORRUPT, EX_FAULTS},
};

static int status_of(enum kn_err err)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].err == err)
			return statuses[i].status;
	return EX_SOFTWARE;
}

int ctl_fail(enum kn_err err, const char *what, const char *text)
{
	fprintf(stderr, "kinoractl: %s: %s\n", what, text != NULL ? text : kn_err_text(err));
	return status_of(err);
}

static enum kn_err connect_to(struct ctl *ctl, bool quietly)
{
	enum kn_err err;
	char *path;

	if (asprintf(&path, "%s/control.sock", ctl->conf->run_path) < 0)
		return KN_ERR_NOMEM;
	err = control_connect(path, CALL_LIMIT_MS, &ctl->client);
	if (err == KN_ERR_NOT_FOUND && !quietly)
		fprintf(stderr, "kinoractl: kinorad does not run: nobody listens on %s\n", path);
	else if (err != KN_OK && !quietly)
		fprintf(stderr, "kinoractl: %s: %s\n", path, kn_err_text(err));
	free(path);
	return err;
}

bool ctl_is_running(struct ctl *ctl)
{
	return ctl->client != NULL || connect_to(ctl, true) == KN_OK;
}

bool ctl_take_data(struct ctl *ctl, int *status)
{
	const char *data = ctl->conf->data_path;
	char holder[64], text[128];
	enum kn_err err = KN_ERR_CONFLICT;

	if (ctl_is_running(ctl)) {
		*status = ctl_fail(err, data, "the service runs: stop it first");
		return false;
	}
	err = lock_file_take(data, LOCK_FILE_DATA, "kinoractl", &ctl->data_lock);
	if (err == KN_OK)
		return true;
	lock_file_holder(data, LOCK_FILE_DATA, holder, sizeof(holder));
	snprintf(text, sizeof(text), "%s has it: it must end first", holder);
	*status = ctl_fail(err, data, err == KN_ERR_BUSY ? text : NULL);
	return false;
}

bool ctl_flag(const struct ctl *ctl, const char *name)
{
	return json_object_object_get_ex(ctl->options, name, NULL);
}

bool ctl_call(struct ctl *ctl, const char *op, json_object *body, json_object **result, int *status)
{
	enum kn_err err = KN_OK;
	char *text = NULL;

	*result = NULL;
	if (ctl->client == NULL)
		err = connect_to(ctl, false);
	if (err != KN_OK) {
		json_object_put(body);
		*status = err == KN_ERR_ACCESS ? EX_NOPERM : EX_UNAVAILABLE;
		return false;
	}
	err = control_call(ctl->client, op, body, result, &text);
	if (err != KN_OK)
		fprintf(stderr, "kinoractl: %s\n", text != NULL ? text : kn_err_text(err));
	free(text);
	*status = err == KN_OK ? EX_OK : status_of(err);
	return err == KN_OK;
}

enum kn_err ctl_ask(struct ctl *ctl, const char *op, json_object *body, json_object **result)
{
	char *text = NULL;
	enum kn_err err;

	*result = NULL;
	if (!ctl_is_running(ctl)) {
		json_object_put(body);
		return KN_ERR_SHUTDOWN;
	}
	err = control_call(ctl->client, op, body, result, &text);
	free(text);
	return err;
}

void ctl_print_json(json_object *value)
{
	puts(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
							   JSON_C_TO_STRING_NOSLASHESCAPE));
}

void ctl_tell(struct ctl *ctl, const char *name, const char *state)
{
	json_object *root;

	if (!ctl->json) {
		printf("%s: %s\n", ctl->args[0], state);
		return;
	}
	root = json_object_new_object();
	json_add_string(root, name, ctl->args[0]);
	json_add_string(root, "state", state);
	ctl_print_json(root);
	json_object_put(root);
}

void ctl_tell_lines(struct ctl *ctl, const char *path, int64_t lines)
{
	json_object *root;

	if (!ctl->json) {
		printf("%s: %lld lines\n", path, (long long)lines);
		return;
	}
	root = json_object_new_object();
	json_add_string(root, "path", path);
	json_add_int(root, "lines", lines);
	ctl_print_json(root);
	json_object_put(root);
}

const char *ctl_time(int64_t wall_us, char *out, size_t size)
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm;

	if (wall_us == 0 || localtime_r(&seconds, &tm) == NULL ||
	    strftime(out, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return "-";
	return out;
}

/* --- the command line --- */

static const struct command *find_command(const char *group, const char *name)
{
	for (size_t i = 0; i < GROUPS; i++)
		for (const struct command *c = groups[i]; c->group != NULL; c++)
			if (strcmp(c->group, group) == 0 &&
			    (c->name[0] == '\0' || (name != NULL && strcmp(c->name, name) == 0)))
				return c;
	return NULL;
}

/* Whether the word is one of the command's options, and which kind: '#', '!' or something else. */
static bool takes_option(const struct command *command, const char *name, size_t len, char *kind)
{
	for (const char *at = command->options; *at != '\0'; at += strspn(at, " ")) {
		size_t word = strcspn(at, " #!");

		*kind = at[word];
		if (word == len && strncmp(at, name, len) == 0)
			return true;
		at += strcspn(at, " ");
	}
	return false;
}

static bool add_number(struct ctl *ctl, const char *key, const char *value)
{
	char *end;

	errno = 0;
	json_add_int(ctl->options, key, strtoll(value, &end, 10));
	if (errno == 0 && *end == '\0' && end != value)
		return true;
	fprintf(stderr, "kinoractl: --%s: found \"%s\"; a number is needed\n", key, value);
	return false;
}

/* "--name value" or "--name=value"; returns how many arguments it took, 0: it is wrong. */
static int take_option(const struct command *command, struct ctl *ctl, char **argv)
{
	const char *name = argv[0] + 2, *value;
	size_t len = strcspn(name, "=");
	char key[32], kind;

	if (strcmp(name, "json") == 0) {
		ctl->json = true;
		return 1;
	}
	value = name[len] == '=' ? name + len + 1 : argv[1];
	if (!takes_option(command, name, len, &kind) || len >= sizeof(key)) {
		fprintf(stderr, "kinoractl: %s: no such option\n", argv[0]);
		return 0;
	}
	snprintf(key, sizeof(key), "%.*s", (int)len, name);
	if (kind == '!' && name[len] == '\0') {
		json_object_object_add(ctl->options, key, json_object_new_boolean(true));
		return 1;
	}
	if (value == NULL) {
		fprintf(stderr, "kinoractl: %s: a value is missing\n", argv[0]);
		return 0;
	}
	if (kind != '#')
		json_add_string(ctl->options, key, value);
	else if (!add_number(ctl, key, value))
		return 0;
	return name[len] == '=' ? 1 : 2;
}

/* How many arguments the command takes, and how many of them it needs. */
static int count_args(const char *text, int *needed)
{
	int n = 0;

	*needed = 0;
	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
		*needed += *text != '[';
		text += strcspn(text, " ");
		n++;
	}
	return n;
}

/* The arguments move to the front of argv, which has room for them. */
static bool read_line(const struct command *command, struct ctl *ctl, char **argv)
{
	int n = 0, needed, most = count_args(command->args, &needed);

	ctl->args = argv;
	for (char **at = argv; *at != NULL;) {
		int taken = 1;

		if (strncmp(*at, "--", 2) == 0)
			taken = take_option(command, ctl, at);
		else
			argv[n++] = *at;
		if (taken == 0)
			return false;
		at += taken;
	}
	argv[n] = NULL;
	if (n >= needed && n <= most)
		return true;
	fprintf(stderr, "kinoractl: usage: kinoractl %s %s%s%s\n", command->group, command->name,
		command->name[0] != '\0' ? " " : "", command->args);
	return false;
}

static char *make_usage(void)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		exit(EX_OSERR);
	fputs("Usage: kinoractl [OPTION]... COMMAND [--json]\n\nCommands:\n", to);
	for (size_t i = 0; i < GROUPS; i++)
		for (const struct command *c = groups[i]; c->group != NULL; c++) {
			char line[64];

			snprintf(line, sizeof(line), "%s %s%s%s", c->group, c->name,
				 c->name[0] != '\0' ? " " : "", c->args);
			fprintf(to, "  %-20s  %s\n", line, c->help);
		}
	fclose(to);
	return text;
}

static int run(const struct command *command, const struct conf *conf, char **argv)
{
	struct ctl ctl = {.conf = conf, .options = json_object_new_object(), .data_lock = -1};
	int status = EX_USAGE;

	if (read_line(command, &ctl, argv))
		status = command->run(&ctl);
	control_close(&ctl.client);
	if (ctl.data_lock >= 0)
		close(ctl.data_lock);
	json_object_put(ctl.options);
	return status;
}

static int load_and_run(const struct command *command, const struct conf_source *source,
			char **argv)
{
	struct conf *conf = NULL;
	char *message = NULL;
	int status = EX_CONFIG;

	if (conf_load(source, &conf, &message) == KN_OK)
		status = run(command, conf, argv);
	else
		fprintf(stderr, "kinoractl: %s\n", message != NULL ? message : "out of memory");
	free(message);
	conf_free(&conf);
	return fflush(stdout) == 0 ? status : EX_IOERR;
}

int main(int argc, char **argv)
{
	char *usage = make_usage();
	const struct command *command;
	struct options options;
	int status = EX_USAGE, first = options_parse(argc, argv, usage, &options);

	free(usage);
	core_dump_disable();
	command = first < argc ? find_command(argv[first], argv[first + 1]) : NULL;
	if (command != NULL)
		status = load_and_run(command, &options.source,
				      argv + first + (command->name[0] != '\0' ? 2 : 1));
	else
		fprintf(stderr, "kinoractl: %s; see kinoractl --help\n",
			first < argc ? "no such command" : "a command is missing");
	options_free(&options);
	return status;
}
