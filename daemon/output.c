#include "output.h"

#include "lib/clock.h"
#include "lib/job.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/text.h"
#include "worker_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ERR_LINE_MAX = 4096,
	ERR_LINES_PER_SECOND = 20,
	READS_PER_WAKE = 4,
	READS_AT_END = 4096,
};

void output_init(struct output *output, const char *job)
{
	*output = (struct output){
		.job = job,
		.out = {.max = WORKER_LINE_MAX},
		.err = {.max = ERR_LINE_MAX},
		.files = json_object_new_array(),
	};
}

void output_clear(struct output *output)
{
	lines_free(&output->out);
	lines_free(&output->err);
	json_object_put(output->report);
	json_object_put(output->files);
	free(output->error_code);
	free(output->error_text);
	for (size_t i = 0; i < OUTPUT_TAIL_LINES; i++)
		free(output->tail[i]);
	*output = (struct output){0};
}

/* --- the report --- */

static json_object *report_of(struct output *output)
{
	if (output->report == NULL)
		output->report = json_object_new_object();
	return output->report;
}

json_object *output_take_report(struct output *output)
{
	json_object *report = output->report;

	output->report = NULL;
	return report;
}

/* A job keeps its last lines only; so more than these need not be sent. */
static void report_log(struct output *output, const char *line)
{
	json_object *report = report_of(output), *log = NULL;
	size_t cut;

	if (!json_object_object_get_ex(report, "log", &log)) {
		log = json_object_new_array();
		json_object_object_add(report, "log", log);
	}
	if (json_object_array_length(log) == JOB_LOG_LINES_MAX)
		json_object_array_del_idx(log, 0, 1);
	cut = text_cut(line, strlen(line), JOB_LOG_LINE_BYTES_MAX);
	json_object_array_add(log, json_object_new_string_len(line, (int)cut));
}

void output_report_tail(struct output *output)
{
	size_t n = output->tail_n, first = n > OUTPUT_TAIL_LINES ? n - OUTPUT_TAIL_LINES : 0;

	for (size_t i = first; i < n; i++)
		if (output->tail[i % OUTPUT_TAIL_LINES] != NULL)
			report_log(output, output->tail[i % OUTPUT_TAIL_LINES]);
}

/* --- standard output --- */

static void bad_line(struct output *output, const char *what)
{
	if (++output->bad_lines > OUTPUT_BAD_LINES_MAX)
		output->is_unusable = true;
	else
		log_msg(LOG_LEVEL_WARN, output->job, "worker: standard output: %s", what);
}

static void take_progress(struct output *output, const struct worker_line *line)
{
	json_object *report = report_of(output);

	if (line->progress >= 0)
		json_add_int(report, "progress", line->progress);
	if (line->stage != NULL)
		json_add_string(report, "stage", line->stage);
	if (line->message != NULL)
		json_add_string(report, "message", line->message);
}

static void take_asset(struct output *output, const struct worker_line *line)
{
	json_object *file;

	if (json_object_array_length(output->files) == OUTPUT_FILES_MAX) {
		bad_line(output, "too many assets");
		return;
	}
	file = json_object_new_object();
	json_add_string(file, "name", line->name);
	json_add_string(file, "file", line->file);
	json_object_array_add(output->files, file);
}

static void take_error(struct output *output, const struct worker_line *line)
{
	free(output->error_code);
	free(output->error_text);
	output->error_code = line->code != NULL ? strdup(line->code) : NULL;
	output->error_text = strdup(line->text);
}

static void take_line(struct output *output, const struct worker_line *line)
{
	switch (line->kind) {
	case WORKER_VERSION:
		if (line->version != WORKER_PROTOCOL)
			output->is_unusable = true;
		break;
	case WORKER_PROGRESS:
		take_progress(output, line);
		break;
	case WORKER_LOG:
		report_log(output, line->text);
		break;
	case WORKER_ASSET:
		take_asset(output, line);
		break;
	case WORKER_ERROR:
		take_error(output, line);
		break;
	}
}

static void take_stdout(struct output *output)
{
	enum lines_got got;
	char *text;
	size_t len;

	while ((got = lines_next(&output->out, &text, &len)) != LINES_NONE) {
		struct worker_line line;

		if (got == LINES_TOO_LONG) {
			bad_line(output, "a line is too long");
		} else if (worker_line_parse(text, len, &line) == KN_OK) {
			take_line(output, &line);
			worker_line_free(&line);
		} else {
			bad_line(output, "not a line of the worker protocol");
		}
	}
}

/* --- standard error --- */

/* Standard error may hold any bytes; what goes on must be text. */
static void make_text(char *bytes, size_t len)
{
	bool is_utf8 = text_is_utf8(bytes, len);

	for (size_t i = 0; i < len; i++)
		if (bytes[i] == '\0' || (!is_utf8 && (unsigned char)bytes[i] > 0x7e))
			bytes[i] = '?';
}

static void take_err_line(struct output *output, const char *text)
{
	size_t at = output->tail_n++ % OUTPUT_TAIL_LINES;
	int64_t second = clock_mono_us() / USEC_PER_SEC;

	free(output->tail[at]);
	output->tail[at] = strdup(text);
	if (second != output->err_second) {
		output->err_second = second;
		output->err_budget = ERR_LINES_PER_SECOND;
	}
	if (output->err_budget > 0)
		log_msg(LOG_LEVEL_INFO, output->job, "worker: %s%s", text,
			--output->err_budget == 0 ? " (more is left out)" : "");
}

static void take_stderr(struct output *output)
{
	enum lines_got got;
	char *text;
	size_t len;

	while ((got = lines_next(&output->err, &text, &len)) != LINES_NONE) {
		if (got == LINES_ONE)
			make_text(text, len);
		take_err_line(output, got == LINES_ONE ? text : "(a very long line)");
	}
}

/* --- pipes --- */

/* A worker that floods its pipes gets its share of each round, and no more. */
static bool read_pipe(struct output *output, struct lines *lines, int fd, bool all,
		      void (*take)(struct output *output))
{
	int rounds = all ? READS_AT_END : READS_PER_WAKE;

	while (rounds-- > 0) {
		ssize_t n = lines_read(lines, fd);

		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
		take(output);
	}
	return true;
}

bool output_read_stdout(struct output *output, int fd, bool all)
{
	return read_pipe(output, &output->out, fd, all, take_stdout);
}

bool output_read_stderr(struct output *output, int fd, bool all)
{
	return read_pipe(output, &output->err, fd, all, take_stderr);
}

void output_end(struct output *output)
{
	if (lines_end(&output->out) == KN_OK)
		take_stdout(output);
	if (lines_end(&output->err) == KN_OK)
		take_stderr(output);
}
