/*
 * The configuration that all programs share: kinora.conf, then the
 * environment, then --set; a later source wins. conf_options.h is the table
 * that the parser, --help, the sample file and the man page are made from.
 *
 * A wrong value stops the program at start with file, line, option, what was
 * found and what is allowed. After conf_load() the structure never changes:
 * threads may share it.
 */
#ifndef KN_CONF_H
#define KN_CONF_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum conf_type {
	CONF_STRING, /* "" is "not set" */
	CONF_PATH,   /* made absolute against the working directory */
	CONF_INT,
	CONF_BOOL,   /* yes|no */
	CONF_BYTES,  /* 1048576, 1M, 2G: powers of 1024 */
	CONF_MARK,   /* of a disk: 95% in use, or 2G left free; up to 100 it is percent; 0: none */
	CONF_SECONDS, /* 300, 300s, 5m, 2h, 7d */
	CONF_CHOICE, /* one of a list */
	CONF_SECRET, /* a string that is never shown */
};

enum { CONF_MARK_PERCENT_MAX = 100 };

/* A [worker NAME] section. */
struct conf_worker {
	char *name;
	char **serves; /* classes "api/model" */
	size_t serves_n;
	char **command; /* argv, NULL at its end */
	int slots;
	int64_t deadline; /* seconds */
	int attempts;
};

struct conf {
#define CONF_FIELD_STRING(name) char *name;
#define CONF_FIELD_INT(name) int64_t name;
#define CONF_OPTION(name, type, def, min, max, unit, choices, help) CONF_FIELD_##type(name)
#define CONF_FIELD_CONF_STRING CONF_FIELD_STRING
#define CONF_FIELD_CONF_PATH CONF_FIELD_STRING
#define CONF_FIELD_CONF_SECRET CONF_FIELD_STRING
#define CONF_FIELD_CONF_CHOICE CONF_FIELD_STRING
#define CONF_FIELD_CONF_INT CONF_FIELD_INT
#define CONF_FIELD_CONF_BOOL CONF_FIELD_INT
#define CONF_FIELD_CONF_BYTES CONF_FIELD_INT
#define CONF_FIELD_CONF_MARK CONF_FIELD_INT
#define CONF_FIELD_CONF_SECONDS CONF_FIELD_INT
#include "conf_options.h"
#undef CONF_OPTION
	struct conf_worker *workers;
	size_t workers_n;
	char **origins; /* where each option's value came from: "default", "FILE:LINE", "environment", "--set" */
};

struct conf_source {
	const char *file;	 /* NULL: $KINORA_CONF, else the installed one, else none */
	const char *const *sets; /* "option=value" from --set, in order */
	size_t sets_n;
};

/* On failure *message (malloc'd, the caller's) says what is wrong and what is allowed. */
enum kn_err conf_load(const struct conf_source *source, struct conf **out, char **message);
void conf_free(struct conf **conf);

/* The worker that serves the class "api/model", or NULL. */
const struct conf_worker *conf_worker_for(const struct conf *conf, const char *class_name);

/* --- the table, for help, the sample file and `kinoractl config` --- */

struct conf_option {
	const char *name;
	enum conf_type type;
	const char *def;
	int64_t min, max; /* of CONF_INT, CONF_BYTES and CONF_SECONDS */
	const char *unit;
	const char *choices; /* "a|b|c" */
	const char *help;
};
size_t conf_options_count(void);
const struct conf_option *conf_option_at(size_t i);
/* The value in force as text (a secret is "(set)" or ""), malloc'd. */
char *conf_value_text(const struct conf *conf, size_t i);
/* Writes the sample kinora.conf, every option with its help, default and range. */
void conf_print_sample(FILE *to);
/* The option list of --help and the man page. */
void conf_print_help(FILE *to);

#endif
