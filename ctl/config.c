/* kinoractl config: what is in force and where each value came from. */
#include "ctl.h"
#include "lib/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static json_object *option_to_json(const struct conf *conf, size_t i)
{
	char *value = conf_value_text(conf, i);
	json_object *json = json_object_new_object();

	json_add_string(json, "value", value);
	json_add_string(json, "origin", conf->origins[i]);
	free(value);
	return json;
}

static json_object *worker_to_json(const struct conf_worker *worker)
{
	json_object *json = json_object_new_object(), *serves = json_object_new_array();
	json_object *command = json_object_new_array();

	for (size_t i = 0; i < worker->serves_n; i++)
		json_object_array_add(serves, json_object_new_string(worker->serves[i]));
	for (char **word = worker->command; *word != NULL; word++)
		json_object_array_add(command, json_object_new_string(*word));
	json_object_object_add(json, "serves", serves);
	json_object_object_add(json, "command", command);
	json_add_int(json, "slots", worker->slots);
	json_add_int(json, "deadline", worker->deadline);
	json_add_int(json, "attempts", worker->attempts);
	return json;
}

static void print_as_json(const struct conf *conf)
{
	json_object *root = json_object_new_object(), *options = json_object_new_object();
	json_object *workers = json_object_new_object();

	for (size_t i = 0; i < conf_options_count(); i++)
		json_object_object_add(options, conf_option_at(i)->name, option_to_json(conf, i));
	for (size_t i = 0; i < conf->workers_n; i++)
		json_object_object_add(workers, conf->workers[i].name,
				       worker_to_json(&conf->workers[i]));
	json_object_object_add(root, "options", options);
	json_object_object_add(root, "workers", workers);
	ctl_print_json(root);
	json_object_put(root);
}

static void print_worker(const struct conf_worker *worker)
{
	printf("\n[worker %s]\nserves   =", worker->name);
	for (size_t i = 0; i < worker->serves_n; i++)
		printf(" %s", worker->serves[i]);
	printf("\ncommand  =");
	for (char **word = worker->command; *word != NULL; word++)
		printf(" %s", *word);
	printf("\nslots    = %d\ndeadline = %llds\nattempts = %d\n", worker->slots,
	       (long long)worker->deadline, worker->attempts);
}

static int config(struct ctl *ctl)
{
	const struct conf *conf = ctl->conf;

	if (ctl->json) {
		print_as_json(conf);
		return EX_OK;
	}
	for (size_t i = 0; i < conf_options_count(); i++) {
		char *value = conf_value_text(conf, i);

		printf("%-20s = %-32s # %s\n", conf_option_at(i)->name, value != NULL ? value : "",
		       conf->origins[i]);
		free(value);
	}
	for (size_t i = 0; i < conf->workers_n; i++)
		print_worker(&conf->workers[i]);
	return EX_OK;
}

static int sample(struct ctl *ctl)
{
	(void)ctl;
	conf_print_sample(stdout);
	return EX_OK;
}

const struct command commands_config[] = {
	{"config", "show", "", "", "the options in force, and where each value came from", config},
	{"config", "sample", "", "", "a kinora.conf with every option and its help", sample},
	{"config", "", "", "", "the same as config show", config},
	{0},
};
