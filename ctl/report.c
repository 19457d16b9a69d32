#include "report.h"

#include "lib/json.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { FAULTS_KEPT = 10000 };

void report_begin(struct report *report, bool json)
{
	*report = (struct report){.json = json, .list = json_object_new_array()};
}

void report_fault(struct report *report, const char *kind, const char *id, const char *text)
{
	json_object *one;

	report->faults++;
	report->is_broken |= strcmp(kind, "structure") == 0;
	if (!report->json) {
		printf("%s%s%s: %s\n", kind, id != NULL ? " " : "", id != NULL ? id : "", text);
		return;
	}
	if (report->faults > FAULTS_KEPT)
		return;
	one = json_object_new_object();
	json_add_string(one, "kind", kind);
	json_add_string(one, "id", id);
	json_add_string(one, "text", text);
	json_object_array_add(report->list, one);
}

void report_file(struct report *report, const char *id, const char *path, const char *what)
{
	char text[PATH_MAX + 64];

	snprintf(text, sizeof(text), "%s %s", path, what);
	report_fault(report, "file", id, text);
}

void report_add(const struct report *report, json_object *to)
{
	json_add_int(to, "faults_total", (int64_t)report->faults);
	json_object_object_add(to, "faults", json_object_get(report->list));
}

void report_end(struct report *report)
{
	json_object_put(report->list);
	report->list = NULL;
}
