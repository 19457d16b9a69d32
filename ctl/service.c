/* kinoractl ping and stats: is it there, and what does it do. */
#include "ctl.h"
#include "lib/clock.h"
#include "lib/json.h"

#include <stdio.h>
#include <sysexits.h>

static int ping(struct ctl *ctl)
{
	int64_t began = clock_mono_us(), pid;
	json_object *result;
	int status;

	if (!ctl_call(ctl, "ping", NULL, &result, &status))
		return status;
	json_add_int(result, "microseconds", clock_mono_us() - began);
	pid = json_get_int(result, "pid", 0);
	if (ctl->json)
		ctl_print_json(result);
	else
		printf("kinora-fcgi %lld answers, its store writes: %.1f ms\n", (long long)pid,
		       (double)json_get_int(result, "microseconds", 0) / 1000);
	json_object_put(result);
	return EX_OK;
}

static void print_states(const char *api, json_object *states)
{
	printf("%-14s", api);
	json_object_object_foreach (states, state, n) {
		printf("  %s %lld", state, (long long)json_object_get_int64(n));
	}
	putchar('\n');
}

static void print_stats(json_object *result)
{
	json_object *jobs = json_get_object(result, "jobs");
	json_object *queues = json_get_object(result, "queues");

	if (jobs == NULL || queues == NULL)
		return;
	json_object_object_foreach (jobs, api, states) {
		print_states(api, states);
	}
	json_object_object_foreach (queues, class_name, n) {
		printf("queue %-24s %lld\n", class_name, (long long)json_object_get_int64(n));
	}
}

static int stats(struct ctl *ctl)
{
	json_object *result;
	int status;

	if (!ctl_call(ctl, "stats", NULL, &result, &status))
		return status;
	if (ctl->json)
		ctl_print_json(result);
	else
		print_stats(result);
	json_object_put(result);
	return EX_OK;
}

const struct command commands_service[] = {
	{"stats", "", "", "", "jobs by dialect and state, and the lengths of the queues", stats},
	{"ping", "", "", "", "whether the responder answers and its store writes", ping},
	{0},
};
