#include "job_input.h"

#include "lib/json.h"

#include <stdio.h>
#include <string.h>

/* What the operator configured and engines may need. */
struct passed {
	const char *name;
	size_t offset;
};

static const struct passed strings[] = {
	{"openai_api_key", offsetof(struct conf, openai_api_key)},
	{"openai_base_url", offsetof(struct conf, openai_base_url)},
	{"pexels_api_key", offsetof(struct conf, pexels_api_key)},
	{"pexels_base_url", offsetof(struct conf, pexels_base_url)},
	{"stock_cache", offsetof(struct conf, stock_cache)},
	{"xai_api_key", offsetof(struct conf, xai_api_key)},
	{"xai_base_url", offsetof(struct conf, xai_base_url)},
	{"triposr_command", offsetof(struct conf, triposr_command)},
	{"gcs_endpoint", offsetof(struct conf, gcs_endpoint)},
};

static const struct passed numbers[] = {
	{"max_stock_size", offsetof(struct conf, max_stock_size)},
	{"max_stock_age_days", offsetof(struct conf, max_stock_age_days)},
	{"max_narration_seconds", offsetof(struct conf, max_narration_seconds)},
};

static json_object *options_of(const struct conf *conf)
{
	json_object *options = json_object_new_object();

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		const char *value = *(char *const *)((const char *)conf + strings[i].offset);

		if (value != NULL && value[0] != '\0')
			json_add_string(options, strings[i].name, value);
	}
	/* As text, too: options are strings by the contract. */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const int64_t *value = (const void *)((const char *)conf + numbers[i].offset);
		char digits[24];

		snprintf(digits, sizeof(digits), "%lld", (long long)*value);
		json_add_string(options, numbers[i].name, digits);
	}
	return options;
}

static json_object *inputs_of(json_object *job)
{
	json_object *list = json_get_array(job, "inputs"), *inputs = json_object_new_array();
	size_t n = list != NULL ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		static const char *const members[] = {"name", "mime", "file"};
		json_object *from = json_object_array_get_idx(list, i);
		json_object *input = json_object_new_object();

		for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++)
			json_object_object_add(
				input, members[m],
				json_object_get(json_object_object_get(from, members[m])));
		json_object_array_add(inputs, input);
	}
	return inputs;
}

char *job_input_format(const struct conf *conf, json_object *job)
{
	static const char *const members[] = {"id", "api", "model", "attempt", "prompt", "params"};
	json_object *root = json_object_new_object();
	char *text = NULL;

	json_add_int(root, "version", 1);
	for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++)
		json_object_object_add(root, members[m],
				       json_object_get(json_object_object_get(job, members[m])));
	json_object_object_add(root, "inputs", inputs_of(job));
	json_object_object_add(root, "options", options_of(conf));
	if (asprintf(&text, "%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN)) <
	    0)
		text = NULL;
	json_object_put(root);
	return text;
}
