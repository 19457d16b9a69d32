/*
 * What a worker has said so far: the report that is due to the responder, the
 * files it made, its last error, and the end of its standard error.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "lib/err.h"
#include "lib/lines.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

enum { OUTPUT_BAD_LINES_MAX = 20, OUTPUT_TAIL_LINES = 10, OUTPUT_FILES_MAX = 64 };

struct output {
	const char *job; /* for the log */
	struct lines out, err;
	json_object *report; /* members of `progress` not sent yet, or NULL: nothing to report */
	json_object *files;  /* array of {"name", "file"} */
	char *error_code, *error_text;
	int bad_lines;
	bool is_unusable;              /* it speaks no protocol that we know */
	char *tail[OUTPUT_TAIL_LINES]; /* a ring */
	size_t tail_n;
	int err_budget; /* lines of standard error that the log still takes in this second */
	int64_t err_second;
};

/* job outlives the output. */
void output_init(struct output *output, const char *job);
void output_clear(struct output *output);
/* Reads what a pipe has now, once or until it is empty. False: the pipe has ended. */
bool output_read_stdout(struct output *output, int fd, bool all);
bool output_read_stderr(struct output *output, int fd, bool all);
/* Both pipes are done with: the last lines count even without a '\n'. */
void output_end(struct output *output);
/* Takes the report, or NULL. The caller's. */
json_object *output_take_report(struct output *output);
/* Adds the end of standard error to the report's log lines. */
void output_report_tail(struct output *output);

#endif
