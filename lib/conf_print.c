#include "conf_priv.h"

#include <stdlib.h>

static bool has_range(enum conf_type type)
{
	return type != CONF_STRING && type != CONF_SECRET && type != CONF_PATH;
}

static void print_option(FILE *to, const struct conf_option *option)
{
	char *allowed = conf_value_allowed(option);

	fprintf(to, "# %s\n", option->help);
	if (allowed != NULL && has_range(option->type))
		fprintf(to, "# Allowed: %s.\n", allowed);
	fprintf(to, "#%s = %s\n\n", option->name, option->def);
	free(allowed);
}

void conf_print_sample(FILE *to)
{
	fputs("# kinora.conf. Every option is shown with its default. A line is\n"
	      "#     option = value\n"
	      "# An environment variable of the option's name, in any case, or KINORA_ and\n"
	      "# the name, overrides the file; --set option=value overrides both.\n\n",
	      to);
	for (size_t i = 0; i < conf_options_count(); i++)
		print_option(to, conf_option_at(i));
	fputs("# Local workers, one section each, after all options; the ones that come with\n"
	      "# Kinora run when there is none. See docs/workers.md.\n"
	      "#[worker motion]\n",
	      to);
	for (size_t i = 0; i < conf_worker_options_count(); i++)
		print_option(to, conf_worker_option_at(i));
}

void conf_print_help(FILE *to)
{
	for (size_t i = 0; i < conf_options_count(); i++) {
		const struct conf_option *option = conf_option_at(i);

		fprintf(to, "  %-20s %s", option->name, option->help);
		if (option->def[0] != '\0')
			fprintf(to, " [%s]", option->def);
		fputc('\n', to);
	}
}
