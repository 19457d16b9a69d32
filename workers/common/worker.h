/*
 * The worker's side of the contract in docs/workers.md: the job arrives as one
 * JSON object on standard input, in a working directory that is the job's own;
 * standard output is JSON lines, a version line first; the exit status decides.
 * Standard error is for people and ends up in the daemon's log.
 *
 * stdin:
 *   {"version":1, "id":"job_…", "api":"grok_imagine", "model":"grok", "attempt":1,
 *    "prompt":"…", "params":{…the validated request…},
 *    "inputs":[{"name":"image","mime":"image/png","file":"/abs/path"}],
 *    "options":{"openai_api_key":"…", …}}            -- options: what the operator configured
 * stdout:
 *   {"version":1}
 *   {"type":"progress","progress":40,"stage":"captions","message":"Generating captions..."}
 *   {"type":"log","line":"Audio generation completed"}
 *   {"type":"asset","name":"video","file":"out.mp4"}  -- relative to the working directory
 *   {"type":"error","code":"image","message":"The image could not be decoded"}
 * exit: 0 completed; 75 (EX_TEMPFAIL) try again; else failed with the last error line.
 *
 * A worker is one thread of control; nothing here is thread-safe.
 */
#ifndef WORKER_H
#define WORKER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct worker_job {
	json_object *root; /* owns every string below */
	const char *id, *api, *model, *prompt; /* never NULL */
	int attempt;
	json_object *params; /* an object, maybe empty */
};

/* Reads and checks standard input, prints the version line, ignores SIGPIPE. Exits with EX_DATAERR and an
 * error line when the input is not a job. */
void worker_begin(struct worker_job *job);

/* A parameter with its default when absent or null. Strings live as long as the job. */
const char *worker_param_string(const struct worker_job *job, const char *name, const char *def);
int64_t worker_param_int(const struct worker_job *job, const char *name, int64_t def);
double worker_param_double(const struct worker_job *job, const char *name, double def);
bool worker_param_bool(const struct worker_job *job, const char *name, bool def);
/* An operator's option, "" when not configured. */
const char *worker_option(const struct worker_job *job, const char *name);
/* The file of an input by name, or NULL. */
const char *worker_input(const struct worker_job *job, const char *name);

/* Reports; progress is 0..100 and is held back if it would fall. stage and message may be NULL (unchanged). */
void worker_progress(int progress, const char *stage, const char *message);
void worker_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void worker_asset(const char *name, const char *file);
/* Prints the error line and exits: with EX_TEMPFAIL when `again`, else 1. */
void worker_fail(bool again, const char *code, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

#endif
