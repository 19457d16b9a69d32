/* kinoractl jobs: look at jobs, and change their fate. */
#include "ctl.h"
#include "lib/json.h"
#include "lib/text.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { PROMPT_WIDTH = 48, TIME_SIZE = 32 };

/* Text from clients goes to a terminal: without its control characters. */
static void print_text(const char *text, size_t max)
{
	size_t len = text_cut(text, strlen(text), max);

	for (size_t i = 0; i < len; i++)
		putchar((unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i]);
	if (text[len] != '\0')
		fputs("…", stdout);
}

static void print_row(json_object *row)
{
	const char *prompt = json_get_string(row, "prompt"), *error = json_get_string(row, "error");
	char time[TIME_SIZE], class[64];

	snprintf(class, sizeof(class), "%s/%s", json_get_string(row, "api"),
		 json_get_string(row, "model"));
	printf("%-36s  %-10s %3d%%  %-24s  %s  ", json_get_string(row, "id"),
	       json_get_string(row, "state"), (int)json_get_int(row, "progress", 0), class,
	       ctl_time(json_get_int(row, "created", 0), time, sizeof(time)));
	print_text(error != NULL ? error : prompt != NULL ? prompt : "", PROMPT_WIDTH);
	putchar('\n');
}

static int list(struct ctl *ctl)
{
	json_object *result, *jobs;
	int status;

	if (!ctl_call(ctl, "list", json_object_get(ctl->options), &result, &status))
		return status;
	jobs = json_get_array(result, "jobs");
	if (ctl->json) {
		ctl_print_json(result);
	} else {
		for (size_t i = 0; jobs != NULL && i < json_object_array_length(jobs); i++)
			print_row(json_object_array_get_idx(jobs, i));
		printf("%zu of %lld jobs\n", jobs != NULL ? json_object_array_length(jobs) : 0,
		       (long long)json_get_int(result, "total", 0));
	}
	json_object_put(result);
	return EX_OK;
}

static bool is_time(const char *name)
{
	static const char *const times[] = {"created", "updated",  "run_at", "started",
					    "began",   "finished", "expired"};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (strcmp(times[i], name) == 0)
			return true;
	return false;
}

static void print_member(const char *name, json_object *value)
{
	char time[TIME_SIZE];

	printf("%-13s ", name);
	if (is_time(name))
		fputs(ctl_time(json_object_get_int64(value), time, sizeof(time)), stdout);
	else if (value == NULL)
		putchar('-');
	else
		print_text(json_object_get_string(value), (size_t)-1);
	putchar('\n');
}

static void print_job(json_object *job)
{
	json_object *log = json_get_array(job, "log");

	json_object_object_foreach (job, name, value) {
		if (value != log)
			print_member(name, value);
	}
	for (size_t i = 0; log != NULL && i < json_object_array_length(log); i++)
		print_member(i == 0 ? "log" : "", json_object_array_get_idx(log, i));
}

/* Asks about the job that the line names. */
static bool call_for_job(struct ctl *ctl, const char *op, json_object **result, int *status)
{
	json_object *body = json_object_new_object();

	json_add_string(body, "id", ctl->args[0]);
	return ctl_call(ctl, op, body, result, status);
}

static int show(struct ctl *ctl)
{
	json_object *result, *job;
	int status;

	if (!call_for_job(ctl, "show", &result, &status))
		return status;
	job = json_get_object(result, "job");
	if (ctl->json)
		ctl_print_json(job);
	else if (job != NULL)
		print_job(job);
	json_object_put(result);
	return EX_OK;
}

static int change(struct ctl *ctl, const char *op)
{
	json_object *result, *job;
	int status;

	if (!call_for_job(ctl, op, &result, &status))
		return status;
	job = json_get_object(result, "job");
	if (job == NULL)
		ctl_tell(ctl, "id", "deleted");
	else if (ctl->json)
		ctl_print_json(job);
	else
		ctl_tell(ctl, "id", json_get_string(job, "state"));
	json_object_put(result);
	return EX_OK;
}

static int cancel(struct ctl *ctl)
{
	return change(ctl, "cancel");
}

static int retry(struct ctl *ctl)
{
	return change(ctl, "retry");
}

static int delete (struct ctl *ctl)
{
	return change(ctl, "delete");
}

const struct command commands_jobs[] = {
	{"jobs", "list", "api state owner after limit#", "",
	 "newest first; --api, --state, --owner, --limit N, --after ID", list},
	{"jobs", "show", "", "ID", "everything about a job, its log too", show},
	{"jobs", "cancel", "", "ID", "stop a job, waiting or running", cancel},
	{"jobs", "retry", "", "ID", "send a failed job back to the queue", retry},
	{"jobs", "delete", "", "ID", "remove a job and its files", delete},
	{0},
};
