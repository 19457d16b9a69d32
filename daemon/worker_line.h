/* One line of a worker's standard output, as docs/workers.md has it. */
#ifndef WORKER_LINE_H
#define WORKER_LINE_H

#include "lib/err.h"

#include <json-c/json.h>
#include <stddef.h>

enum worker_line_kind {
	WORKER_VERSION,  /* version */
	WORKER_PROGRESS, /* progress, stage, message */
	WORKER_LOG,      /* text */
	WORKER_ASSET,    /* name, file */
	WORKER_ERROR,    /* code, text */
};

enum { WORKER_LINE_MAX = 65536, WORKER_PROTOCOL = 1 };

struct worker_line {
	json_object *root; /* owns the strings; worker_line_free() */
	enum worker_line_kind kind;
	int version;
	int progress;                /* -1: not given; else 0..100 */
	const char *stage, *message; /* NULL: not given */
	const char *text, *code;
	const char *name, *file;
};

/* KN_ERR_INVALID: not such a line. Any bytes are safe to give. */
enum kn_err worker_line_parse(const char *line, size_t len, struct worker_line *out);
void worker_line_free(struct worker_line *line);

#endif
