/* Faults, told line by line, or kept for --json. */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct report {
	bool json;
	json_object *list;
	uint64_t faults;
	bool is_broken; /* a store cannot be read at all */
};

void report_begin(struct report *report, bool json);
void report_fault(struct report *report, const char *kind, const char *id, const char *text);
/* A fault of a file. */
void report_file(struct report *report, const char *id, const char *path, const char *what);
/* Adds "faults_total" and "faults" to what will be printed. */
void report_add(const struct report *report, json_object *to);
void report_end(struct report *report);

#endif
