/* The files of the request log: log_path/requests_YYYY-MM-DD.jsonl, one for each day of UTC. */
#ifndef KN_LOG_FILES_H
#define KN_LOG_FILES_H

#include <stddef.h>
#include <stdint.h>

enum { LOG_FILE_NAME_SIZE = sizeof("requests_YYYY-MM-DD.jsonl") };

/* Of the day that the time is in. */
void log_file_name(int64_t wall_us, char out[LOG_FILE_NAME_SIZE]);
/* Removes those of days that were over before that time, at most `max`: how many it were. Files of
 * other names are others'. */
size_t log_files_remove(const char *dir, int64_t before, size_t max);

#endif
