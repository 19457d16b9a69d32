/*
 * The command line that kinorad, kinora-fcgi and kinoractl share:
 *   --conf FILE   --set OPTION=VALUE (repeatable)   --help   --version
 */
#ifndef KN_OPTIONS_H
#define KN_OPTIONS_H

#include "conf.h"

struct options {
	struct conf_source source; /* for conf_load(); points into argv and `sets` */
	const char **sets;
};

/* Prints help or version and exits, or exits with EX_USAGE, when that is what the line asks for.
 * usage is the text of --help before the options. Returns the index of the first argument that is
 * no option. */
int options_parse(int argc, char **argv, const char *usage, struct options *out);
void options_free(struct options *options);

#endif
