#include "conf_priv.h"
#include "id.h"
#include "job.h"

#include <stdlib.h>
#include <string.h>

/* The section as text and numbers, in the order of worker_options. */
static const struct conf_option worker_options[] = {
	{"serves", CONF_STRING, "", 0, 0, "", "", "classes api/model, separated by spaces"},
	{"command", CONF_STRING, "", 0, 0, "", "",
	 "program and arguments, separated by spaces; a name without a slash is one of Kinora's"},
	{"slots", CONF_INT, "1", 1, 1024, "", "", "how many run at once"},
	{"deadline", CONF_SECONDS, "300", 1, 604800, "seconds", "", "then it is stopped"},
	{"attempts", CONF_INT, "1", 1, 100, "", "", "how often a job is tried"},
};
enum { SERVES, COMMAND, SLOTS, DEADLINE, ATTEMPTS, WORKER_OPTIONS };

/* What runs when the configuration has no section. A story of 20,000 characters is a film of half
 * an hour and more. */
static const struct {
	const char *name, *serves, *deadline;
} default_workers[] = {
	{"motion", "grok_imagine/grok vivid_flow/wan2.1 vivid_flow/veo3.1", "300"},
	{"text-to-video", "text_to_video/default", "3600"},
	{"text-to-3d", "grok_3d/default", "300"},
};

size_t conf_worker_options_count(void)
{
	return WORKER_OPTIONS;
}

const struct conf_option *conf_worker_option_at(size_t i)
{
	return &worker_options[i];
}

static void words_free(char ***words)
{
	for (char **w = *words; w != NULL && *w != NULL; w++)
		free(*w);
	free(*words);
	*words = NULL;
}

/* Splits at white space into a NULL-terminated array. */
static enum kn_err words_split(const char *text, char ***out, size_t *out_n)
{
	char **words = calloc(strlen(text) / 2 + 2, sizeof(*words));
	size_t n = 0;

	if (words == NULL)
		return KN_ERR_NOMEM;
	for (text += strspn(text, " \t"); *text != '\0'; text += strspn(text, " \t")) {
		size_t len = strcspn(text, " \t");

		words[n] = strndup(text, len);
		if (words[n++] == NULL) {
			words_free(&words);
			return KN_ERR_NOMEM;
		}
		text += len;
	}
	words_free(out);
	*out = words;
	*out_n = n;
	return KN_OK;
}

enum kn_err conf_worker_begin(struct conf *conf, const char *name, const struct conf_place *place,
			      char **message)
{
	struct conf_worker *grown, *worker;

	if (!id_is_safe(name))
		return conf_complain(message, place,
				     "worker: found \"%s\"; allowed: 1 to 39 of a-z A-Z 0-9 _ -",
				     name);
	for (size_t i = 0; i < conf->workers_n; i++)
		if (strcmp(conf->workers[i].name, name) == 0)
			return conf_complain(message, place,
					     "worker: there already is a section for %s", name);
	grown = reallocarray(conf->workers, conf->workers_n + 1, sizeof(*grown));
	if (grown == NULL)
		return KN_ERR_NOMEM;
	conf->workers = grown;
	worker = &grown[conf->workers_n];
	*worker = (struct conf_worker){.slots = 1, .deadline = 300, .attempts = 1};
	worker->name = strdup(name);
	if (worker->name == NULL)
		return KN_ERR_NOMEM;
	conf->workers_n++;
	return KN_OK;
}

/* Every class must name a dialect, and something after it. */
static enum kn_err check_serves(const struct conf_worker *worker, const struct conf_place *place,
				char **message)
{
	for (size_t i = 0; i < worker->serves_n; i++) {
		const char *class_name = worker->serves[i], *slash = strchr(class_name, '/');
		char api[ID_SIZE] = "";

		if (slash != NULL && slash - class_name < ID_SIZE)
			memcpy(api, class_name, (size_t)(slash - class_name));
		if (slash == NULL || slash[1] == '\0' || job_api_from_name(api) < 0)
			return conf_complain(
				message, place,
				"serves: found \"%s\"; allowed: api/model, where api is "
				"grok_imagine, text_to_video, grok_3d or vivid_flow",
				class_name);
	}
	return KN_OK;
}

/* A bare name is one of the programs that come with Kinora, wherever that is installed or built. */
static enum kn_err resolve_command(struct conf_worker *worker)
{
	const char *dir = getenv("KINORA_LIBEXEC_DIR");
	char *path;

	if (worker->command[0] == NULL || strchr(worker->command[0], '/') != NULL)
		return KN_OK;
	if (dir == NULL || dir[0] == '\0')
		dir = KINORA_LIBEXEC_DIR;
	if (asprintf(&path, "%s/workers/%s", dir, worker->command[0]) < 0)
		return KN_ERR_NOMEM;
	free(worker->command[0]);
	worker->command[0] = path;
	return KN_OK;
}

static enum kn_err set_words(struct conf_worker *worker, ptrdiff_t option, const char *text,
			     const struct conf_place *place, char **message)
{
	size_t command_n;
	enum kn_err err;

	if (option == COMMAND) {
		err = words_split(text, &worker->command, &command_n);
		return err == KN_OK ? resolve_command(worker) : err;
	}
	err = words_split(text, &worker->serves, &worker->serves_n);
	return err == KN_OK ? check_serves(worker, place, message) : err;
}

enum kn_err conf_worker_set(struct conf *conf, const char *name, const char *text,
			    const struct conf_place *place, char **message)
{
	struct conf_worker *worker = &conf->workers[conf->workers_n - 1];
	const struct conf_option *option = conf_find(
		worker_options, WORKER_OPTIONS, sizeof(worker_options[0]), name, place, message);
	int64_t number = 0;
	enum kn_err err;

	if (option == NULL)
		return KN_ERR_INVALID;
	if (option->type == CONF_STRING)
		return set_words(worker, option - worker_options, text, place, message);
	err = conf_take(option, text, &number, place, message);
	if (err != KN_OK)
		return err;
	switch (option - worker_options) {
	case SLOTS:
		worker->slots = (int)number;
		break;
	case DEADLINE:
		worker->deadline = number;
		break;
	case ATTEMPTS:
		worker->attempts = (int)number;
		break;
	}
	return KN_OK;
}

static enum kn_err add_default_workers(struct conf *conf, char **message)
{
	const struct conf_place place = {"default", 0};
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < sizeof(default_workers) / sizeof(default_workers[0]); i++) {
		const char *name = default_workers[i].name;

		if (err == KN_OK)
			err = conf_worker_begin(conf, name, &place, message);
		if (err == KN_OK)
			err = conf_worker_set(conf, "serves", default_workers[i].serves, &place,
					      message);
		if (err == KN_OK)
			err = conf_worker_set(conf, "command", name, &place, message);
		if (err == KN_OK)
			err = conf_worker_set(conf, "deadline", default_workers[i].deadline, &place,
					      message);
	}
	return err;
}

static enum kn_err check_worker(const struct conf *conf, const struct conf_worker *worker,
				char **message)
{
	const struct conf_place place = {"worker", 0};

	if (worker->serves_n == 0)
		return conf_complain(message, &place,
				     "%s: serves: found nothing; allowed: api/model", worker->name);
	if (worker->command == NULL || worker->command[0] == NULL)
		return conf_complain(message, &place,
				     "%s: command: found nothing; allowed: a program",
				     worker->name);
	for (size_t i = 0; i < worker->serves_n; i++)
		if (conf_worker_for(conf, worker->serves[i]) != worker)
			return conf_complain(message, &place,
					     "%s: serves: another worker serves %s", worker->name,
					     worker->serves[i]);
	return KN_OK;
}

enum kn_err conf_workers_finish(struct conf *conf, char **message)
{
	enum kn_err err = KN_OK;

	if (conf->workers_n == 0)
		err = add_default_workers(conf, message);
	for (size_t i = 0; i < conf->workers_n && err == KN_OK; i++)
		err = check_worker(conf, &conf->workers[i], message);
	return err;
}

void conf_workers_free(struct conf *conf)
{
	for (size_t i = 0; i < conf->workers_n; i++) {
		free(conf->workers[i].name);
		words_free(&conf->workers[i].serves);
		words_free(&conf->workers[i].command);
	}
	free(conf->workers);
	conf->workers = NULL;
	conf->workers_n = 0;
}

const struct conf_worker *conf_worker_for(const struct conf *conf, const char *class_name)
{
	for (size_t i = 0; i < conf->workers_n; i++)
		for (size_t j = 0; j < conf->workers[i].serves_n; j++)
			if (strcmp(conf->workers[i].serves[j], class_name) == 0)
				return &conf->workers[i];
	return NULL;
}
