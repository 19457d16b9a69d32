/*
 * One child program with its pipes: ffmpeg and its kind. Always an argument
 * vector, never a shell. The child stays in the worker's process group, so the
 * daemon's kill of the group reaches it, and dies when the worker dies.
 *
 * Its standard input, output and error are served by one poll loop, so neither
 * side can block the other; the end of standard error is kept for messages.
 * Not thread-safe.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct program;

struct program_opts {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
	bool feed;               /* program_write() will be used; else its input is /dev/null */
	/* Gets its standard output as it comes; NULL: /dev/null. */
	void (*output)(void *arg, const char *data, size_t len);
	void *arg;
	unsigned cpu_seconds;  /* RLIMIT_CPU; 0: none */
	unsigned wall_seconds; /* SIGKILL after this long; 0: never */
	uint64_t memory;       /* RLIMIT_AS in bytes; 0: none */
};

/* KN_ERR_NOT_FOUND: there is no such program; KN_ERR_IO otherwise. */
enum kn_err program_start(struct program **out, const struct program_opts *opts);

/* All of data to the standard input. KN_ERR_IO when the child has closed it (program_wait says
 * why); KN_ERR_TIMEOUT when wall_seconds are over. */
enum kn_err program_write(struct program *p, const void *data, size_t len);

/* Closes the input, reads the rest of its output and reaps. 0 only if it exited with 0;
 * KN_ERR_TIMEOUT after wall_seconds; else KN_ERR_IO. */
enum kn_err program_wait(struct program *p);

/* What it said last on standard error (its last line), or how it ended; for people. Valid until
 * program_free. Never NULL or empty after a failure. */
const char *program_why(const struct program *p);

/* Kills and reaps it if it still runs. */
void program_free(struct program **p);

/* Start, wait, free. why gets the reason of a failure. */
enum kn_err program_run(const struct program_opts *opts, char *why, size_t why_size);

#endif
