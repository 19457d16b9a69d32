#include "options.h"

#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static void print_help(const char *usage)
{
	fputs(usage, stdout);
	fputs("\nOptions:\n"
	      "  --conf FILE         read FILE instead of " KINORA_CONF_FILE "\n"
	      "  --set OPTION=VALUE  set an option of the configuration; may be repeated\n"
	      "  --help              print this\n"
	      "  --version           print the version\n"
	      "\nOptions of the configuration, also taken from the environment:\n",
	      stdout);
	conf_print_help(stdout);
}

int options_parse(int argc, char **argv, const char *usage, struct options *out)
{
	static const struct option longs[] = {
		{"conf", required_argument, NULL, 'c'},
		{"set", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*out = (struct options){.sets = calloc((size_t)argc + 1, sizeof(*out->sets))};
	if (out->sets == NULL)
		exit(EX_OSERR);
	out->source.sets = out->sets;
	while ((option = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			out->source.file = optarg;
			break;
		case 's':
			out->sets[out->source.sets_n++] = optarg;
			break;
		case 'h':
			print_help(usage);
			exit(EX_OK);
		case 'V':
			puts(PACKAGE_STRING);
			exit(EX_OK);
		default:
			exit(EX_USAGE);
		}
	}
	return optind;
}

void options_free(struct options *options)
{
	free(options->sets);
	*options = (struct options){0};
}
