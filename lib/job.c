#include "job.h"

#include <stdlib.h>
#include <string.h>

static const char *const api_names[] = {
#define X(code, name) name,
	JOB_API_TABLE(X)
#undef X
};

static const char *const state_names[] = {
#define X(code, name) name,
	JOB_STATE_TABLE(X)
#undef X
};

static const struct edge {
	enum job_state from, to;
	enum job_reason why;
} edges[] = {
	{JOB_QUEUED, JOB_PROCESSING, JOB_BY_CLAIM},  {JOB_PROCESSING, JOB_COMPLETED, JOB_BY_RESULT},
	{JOB_PROCESSING, JOB_FAILED, JOB_BY_RESULT}, {JOB_PROCESSING, JOB_QUEUED, JOB_BY_RELEASE},
	{JOB_QUEUED, JOB_FAILED, JOB_BY_TIMEOUT},    {JOB_PROCESSING, JOB_FAILED, JOB_BY_TIMEOUT},
	{JOB_QUEUED, JOB_CANCELLED, JOB_BY_CANCEL},  {JOB_PROCESSING, JOB_CANCELLED, JOB_BY_CANCEL},
	{JOB_FAILED, JOB_QUEUED, JOB_BY_RETRY},
};

const char *job_api_name(enum job_api api)
{
	return (unsigned)api < JOB_API_COUNT ? api_names[api] : "unknown";
}

const char *job_state_name(enum job_state state)
{
	return (unsigned)state < JOB_STATE_COUNT ? state_names[state] : "unknown";
}

static int index_of(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

int job_api_from_name(const char *name)
{
	return index_of(api_names, JOB_API_COUNT, name);
}

int job_state_from_name(const char *name)
{
	return index_of(state_names, JOB_STATE_COUNT, name);
}

bool job_state_is_terminal(enum job_state state)
{
	return state != JOB_QUEUED && state != JOB_PROCESSING;
}

struct job *job_new(enum job_api api, const char *model)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->api = api;
	job->priority = JOB_PRIORITY_DEFAULT;
	job->max_attempts = 1;
	if (job_set(&job->model, model) != KN_OK)
		job_free(&job);
	return job;
}

void job_file_clear(struct job_file *file)
{
	free(file->name);
	free(file->mime);
	free(file->path);
	*file = (struct job_file){0};
}

void job_files_clear(struct job_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		job_file_clear(&files->v[i]);
	free(files->v);
	*files = (struct job_files){0};
}

/* Every string that a job owns itself. */
#define JOB_STRINGS 9
static void string_fields(struct job *job, char **fields[JOB_STRINGS])
{
	char **all[JOB_STRINGS] = {&job->model,   &job->owner,      &job->stage,
				   &job->message, &job->prompt,     &job->params,
				   &job->log,     &job->error_code, &job->error_text};

	memcpy(fields, all, sizeof(all));
}

void job_free(struct job **job)
{
	char **fields[JOB_STRINGS];

	if (*job == NULL)
		return;
	string_fields(*job, fields);
	for (int i = 0; i < JOB_STRINGS; i++)
		free(*fields[i]);
	job_files_clear(&(*job)->inputs);
	job_files_clear(&(*job)->assets);
	free((*job)->lease.worker);
	free(*job);
	*job = NULL;
}

static enum kn_err files_copy(struct job_files *to, const struct job_files *from)
{
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < from->n && err == KN_OK; i++)
		err = job_files_put(to, &from->v[i]);
	return err;
}

struct job *job_copy(const struct job *job)
{
	char **fields[JOB_STRINGS];
	struct job *copy = malloc(sizeof(*copy));
	bool ok = true;

	if (copy == NULL)
		return NULL;
	*copy = *job;
	copy->inputs = copy->assets = (struct job_files){0};
	string_fields(copy, fields);
	/* Each field still points at the original's text: copy it, or leave NULL behind. */
	for (int i = 0; i < JOB_STRINGS; i++) {
		const char *text = *fields[i];

		*fields[i] = NULL;
		ok = job_set(fields[i], text) == KN_OK && ok;
	}
	copy->lease.worker = NULL;
	ok = job_set(&copy->lease.worker, job->lease.worker) == KN_OK && ok;
	if (!ok || files_copy(&copy->inputs, &job->inputs) != KN_OK ||
	    files_copy(&copy->assets, &job->assets) != KN_OK)
		job_free(&copy);
	return copy;
}

enum kn_err job_set(char **field, const char *text)
{
	char *copy = NULL;

	if (text != NULL) {
		copy = strdup(text);
		if (copy == NULL)
			return KN_ERR_NOMEM;
	}
	free(*field);
	*field = copy;
	return KN_OK;
}

/* The length of the line's first JOB_LOG_LINE_BYTES_MAX bytes, not ending inside a character. */
static size_t cut_length(const char *line)
{
	size_t n = strnlen(line, JOB_LOG_LINE_BYTES_MAX + 1);

	if (n <= JOB_LOG_LINE_BYTES_MAX)
		return n;
	n = JOB_LOG_LINE_BYTES_MAX;
	while (n > 0 && ((unsigned char)line[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* Where the log must begin so that one more line makes JOB_LOG_LINES_MAX. */
static const char *oldest_kept(const char *log)
{
	const char *from = log + strlen(log);

	for (int lines = 0; from > log; from--)
		if (from[-1] == '\n' && ++lines == JOB_LOG_LINES_MAX)
			break;
	return from;
}

enum kn_err job_log(struct job *job, const char *line)
{
	const char *kept = job->log != NULL ? oldest_kept(job->log) : "";
	size_t kept_len = strlen(kept), len = cut_length(line);
	char *log = malloc(kept_len + len + 2);

	if (log == NULL)
		return KN_ERR_NOMEM;
	memcpy(log, kept, kept_len);
	memcpy(log + kept_len, line, len);
	for (size_t i = kept_len; i < kept_len + len; i++)
		if ((unsigned char)log[i] < 0x20 || log[i] == 0x7f)
			log[i] = ' ';
	memcpy(log + kept_len + len, "\n", 2);
	free(job->log);
	job->log = log;
	return KN_OK;
}

static struct job_file *find_file(const struct job_files *files, const char *name)
{
	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->v[i].name, name) == 0)
			return &files->v[i];
	return NULL;
}

const struct job_file *job_files_find(const struct job_files *files, const char *name)
{
	return find_file(files, name);
}

enum kn_err job_files_put(struct job_files *files, const struct job_file *file)
{
	struct job_file copy = *file, *slot = find_file(files, file->name), *grown;

	copy.name = copy.mime = copy.path = NULL;
	if (job_set(&copy.name, file->name) != KN_OK || job_set(&copy.mime, file->mime) != KN_OK ||
	    job_set(&copy.path, file->path) != KN_OK)
		goto nomem;
	if (slot == NULL) {
		grown = realloc(files->v, (files->n + 1) * sizeof(*grown));
		if (grown == NULL)
			goto nomem;
		files->v = grown;
		slot = &files->v[files->n++];
	} else {
		job_file_clear(slot);
	}
	*slot = copy;
	return KN_OK;
nomem:
	job_file_clear(&copy);
	return KN_ERR_NOMEM;
}

void job_files_drop(struct job_files *files, const char *name)
{
	struct job_file *file = find_file(files, name);

	if (file == NULL)
		return;
	job_file_clear(file);
	*file = files->v[--files->n];
}

const char *job_fault(const struct job *job)
{
	bool runs = job->state == JOB_PROCESSING, ended = job_state_is_terminal(job->state);
	const struct {
		bool is_wrong;
		const char *text;
	} rules[] = {
		{runs && job->lease.token[0] == '\0', "is processing without a lease"},
		{!runs && (job->lease.token[0] != '\0' || job->lease.until != 0),
		 "has a lease, and is not processing"},
		{runs && (job->started == 0 || job->attempt == 0), "is processing, never started"},
		{ended && job->finished == 0, "has ended, at no time"},
		{!ended && job->finished != 0, "has a time of its end, and goes on"},
		{!ended && job->expired != 0, "has lost its files before its end"},
		{job->state == JOB_COMPLETED && job->progress != 100,
		 "is completed by less than 100%"},
		{job->state == JOB_QUEUED && (job->started != 0 || job->progress != 0),
		 "is queued, with progress"},
		{job->created <= 0 || job->updated < job->created,
		 "was updated before its creation"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].is_wrong)
			return rules[i].text;
	return NULL;
}

bool job_edge_is_legal(enum job_state from, enum job_state to, enum job_reason why)
{
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
		if (edges[i].from == from && edges[i].to == to && edges[i].why == why)
			return true;
	return false;
}

static void lease_clear(struct job_lease *lease)
{
	free(lease->worker);
	*lease = (struct job_lease){0};
}

/* What a new attempt must not inherit from the one before. */
static void attempt_clear(struct job *job)
{
	job->progress = 0;
	job->started = job->began = 0;
	job_set(&job->stage, NULL);
	job_set(&job->message, NULL);
}

static void error_clear(struct job *job)
{
	job_set(&job->error_code, NULL);
	job_set(&job->error_text, NULL);
}

enum kn_err job_transition(struct job *job, enum job_state to, enum job_reason why, int64_t now)
{
	if (!job_edge_is_legal(job->state, to, why))
		return KN_ERR_CONFLICT;
	job->state = to;
	job->updated = now;
	if (to == JOB_QUEUED || to == JOB_PROCESSING) {
		attempt_clear(job);
		error_clear(job);
	}
	if (to != JOB_PROCESSING)
		lease_clear(&job->lease);
	if (to == JOB_PROCESSING) {
		job->attempt++;
		job->started = now;
	} else if (to == JOB_QUEUED) {
		job->run_at = now;
		job->finished = 0;
	} else {
		job->finished = now;
	}
	if (to == JOB_COMPLETED)
		job->progress = 100;
	if (why == JOB_BY_RETRY)
		job->attempt = 0;
	return KN_OK;
}
