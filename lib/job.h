/*
 * A job: one record for all dialects, and the only place that says which
 * state may follow which.
 *
 * Invariants
 *  - `state` is written by job_transition() alone, which refuses an illegal
 *    edge and stamps the times.
 *  - A terminal state never changes, except that an administrator may send a
 *    failed job back to the queue.
 *  - `completed` means: every asset is on disk, fsynced, of the type it claims.
 *  - All times are wall-clock microseconds, UTC; 0 means "not yet".
 *  - Strings are UTF-8, NUL-terminated, owned by the job; NULL means absent.
 */
#ifndef KN_JOB_H
#define KN_JOB_H

#include "err.h"
#include "id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* code, name. The numbers are stored: append, never reorder. */
#define JOB_API_TABLE(X)                                                                           \
	X(JOB_GROK_IMAGINE, "grok_imagine")                                                        \
	X(JOB_TEXT_TO_VIDEO, "text_to_video")                                                      \
	X(JOB_GROK_3D, "grok_3d")                                                                  \
	X(JOB_VIVID_FLOW, "vivid_flow")

enum job_api {
#define X(code, name) code,
	JOB_API_TABLE(X)
#undef X
	JOB_API_COUNT
};

#define JOB_STATE_TABLE(X)                                                                         \
	X(JOB_QUEUED, "queued")                                                                    \
	X(JOB_PROCESSING, "processing")                                                            \
	X(JOB_COMPLETED, "completed")                                                              \
	X(JOB_FAILED, "failed")                                                                    \
	X(JOB_CANCELLED, "cancelled")

enum job_state {
#define X(code, name) code,
	JOB_STATE_TABLE(X)
#undef X
	JOB_STATE_COUNT
};

/* Why a job moves. Each reason allows its own edges; docs/lifecycle.md draws them. */
enum job_reason {
	JOB_BY_CLAIM,	/* queued → processing */
	JOB_BY_RESULT,	/* processing → completed | failed */
	JOB_BY_RELEASE, /* processing → queued: lease lost or given back, attempts left */
	JOB_BY_TIMEOUT, /* queued | processing → failed */
	JOB_BY_CANCEL,	/* queued | processing → cancelled */
	JOB_BY_RETRY,	/* failed → queued: an administrator */
};

struct job_file {
	char *name;  /* "video", "image", "glb", "captions": unique within its list */
	char *mime;  /* what libmagic saw, or what the format is registered as */
	char *path;  /* relative: "videos/job_x.mp4", "jobs/ID/model.glb"; see asset.h */
	uint64_t bytes;
	unsigned char sha256[32];
};

struct job_files {
	struct job_file *v;
	size_t n;
};

struct job_lease {
	char *worker; /* who holds it, for people: "kinorad/motion" */
	char token[TOKEN_SIZE];
	int64_t until;
	int64_t seconds; /* that were claimed; 0: a record of an older version */
};

enum {
	JOB_PRIORITY_DEFAULT = 128, /* 0 runs first, 255 last */
	JOB_LOG_LINES_MAX = 200,
	JOB_LOG_LINE_BYTES_MAX = 512,
};

struct job {
	char id[ID_SIZE];
	enum job_api api;
	enum job_state state;
	uint8_t priority;
	uint16_t attempt;      /* claims so far */
	uint16_t max_attempts; /* 1 or more */
	int progress;	       /* 0..100; never falls within an attempt */
	char *model;	       /* "grok", "wan2.1", "default" */
	char *owner;	       /* account or key owner; NULL when the dialect has none */
	char *stage;	       /* the worker's word for what it does, "generating_3d" */
	char *message;	       /* for people */
	char *prompt;	       /* what lists show */
	char *params;	       /* the validated request, a JSON object as text */
	char *error_code;      /* stable word: "timeout", "worker", "lease_lost" */
	char *error_text;      /* for people */
	char *log;	       /* lines ended by '\n', appended by job_log() */
	struct job_files inputs;
	struct job_files assets;
	struct job_lease lease; /* token is "" unless processing */
	int64_t created;	/* strictly increasing over all jobs of a store */
	int64_t updated;
	int64_t run_at;	  /* queued: not claimed before */
	int64_t started;  /* of the current attempt */
	int64_t began;	  /* first progress of the current attempt: started..began is spin-up */
	int64_t finished; /* entered a terminal state */
	int64_t expired;  /* assets removed by retention or by DELETE; the state stays */
};

const char *job_api_name(enum job_api api);
const char *job_state_name(enum job_state state);
/* Return -1 for a word that is none. */
int job_api_from_name(const char *name);
int job_state_from_name(const char *name);
bool job_state_is_terminal(enum job_state state);

/* A zeroed job with priority and max_attempts 1 set, or NULL when memory is out. */
struct job *job_new(enum job_api api, const char *model);
/* Frees it and sets *job to NULL. */
void job_free(struct job **job);
/* A deep copy, or NULL. */
struct job *job_copy(const struct job *job);

/* Replaces an owned string by a copy of text (NULL clears it). KN_ERR_NOMEM keeps the old one. */
enum kn_err job_set(char **field, const char *text);
/* Appends one line to job->log: control characters blanked, cut at JOB_LOG_LINE_BYTES_MAX; past
 * JOB_LOG_LINES_MAX lines the oldest go. */
enum kn_err job_log(struct job *job, const char *line);
/* Frees what it owns. */
void job_file_clear(struct job_file *file);
/* Appends a copy of the file; one of the same name is replaced. */
enum kn_err job_files_put(struct job_files *files, const struct job_file *file);
/* Removes the file of that name, if there is one. */
void job_files_drop(struct job_files *files, const char *name);
/* Frees all of them. */
void job_files_clear(struct job_files *files);
const struct job_file *job_files_find(const struct job_files *files, const char *name);

/* Moves the job and stamps its times; leases and progress are reset as the edge needs.
 * KN_ERR_CONFLICT when the reason does not allow the edge: nothing is changed then. */
enum kn_err job_transition(struct job *job, enum job_state to, enum job_reason why, int64_t now);
/* What is wrong with a job, whoever wrote it: "has ended, at no time". NULL: nothing. */
const char *job_fault(const struct job *job);
/* Whether the edge exists; for tests and documentation. */
bool job_edge_is_legal(enum job_state from, enum job_state to, enum job_reason why);

#endif
