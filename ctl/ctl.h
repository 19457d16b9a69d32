/*
 * kinoractl: a table of commands. A command says which options and how many
 * arguments it takes; its function gets them parsed, asks the responder by the control
 * socket, and prints.
 */
#ifndef CTL_H
#define CTL_H

#include "lib/conf.h"
#include "lib/control.h"

#include <stdbool.h>

struct ctl {
	const struct conf *conf;
	bool json;                     /* --json: print what the responder answered, as it is */
	json_object *options;          /* of the command, by name; numbers as integers */
	char **args;                   /* of the command; those left out are NULL */
	struct control_client *client; /* NULL until the first ctl_call() */
	int data_lock;                 /* ctl_take_data() */
};

struct command {
	const char *group, *name; /* name "" when the group is the command */
	const char
		*options; /* "api limit# force!": '#' marks a number, '!' no value; "" for none */
	const char *args; /* "ID [FILE]": its arguments; what may be left out comes last */
	const char *help;
	int (*run)(struct ctl *ctl); /* returns an exit status of sysexits.h, or EX_FAULTS */
};

enum { EX_FAULTS = 1 }; /* verify, backup or restore found some */

/* Each ends with an entry without a group. */
extern const struct command commands_jobs[], commands_service[], commands_config[], commands_keys[],
	commands_store[];

/* Whether somebody listens on the control socket. It need not answer at once. */
bool ctl_is_running(struct ctl *ctl);
/* Locks the data, until the command ends, against a service and another such command. When it
 * cannot be, it says why, and *status is the exit status. */
bool ctl_take_data(struct ctl *ctl, int *status);
/* Says why it failed; returns the exit status for it. text NULL: the error's own. */
int ctl_fail(enum kn_err err, const char *what, const char *text);
/* An option of the command. */
bool ctl_flag(const struct ctl *ctl, const char *name);

/* Asks the responder. On an error it says why, and *status is the exit status; *result is NULL
 * then. Consumes body. */
bool ctl_call(struct ctl *ctl, const char *op, json_object *body, json_object **result,
	      int *status);
/* The same without a word. KN_ERR_SHUTDOWN: nobody listens, or no longer. */
enum kn_err ctl_ask(struct ctl *ctl, const char *op, json_object *body, json_object **result);
/* Prints it as JSON, indented. */
void ctl_print_json(json_object *value);
/* Says what became of the first argument, "ann: revoked"; in JSON {"name": "ann", "state": …}. */
void ctl_tell(struct ctl *ctl, const char *name, const char *state);
/* Says how many lines the file or the store has now. */
void ctl_tell_lines(struct ctl *ctl, const char *path, int64_t lines);
/* "2026-01-17 14:54:00", local time; "-" for 0. */
const char *ctl_time(int64_t wall_us, char *out, size_t size);

#endif
