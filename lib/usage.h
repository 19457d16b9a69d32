/*
 * What clients have used of their limits, as the store keeps it:
 *
 *   the counter "jobs/DAY/OWNER": jobs that the owner created on that day of UTC, since 1970
 *   "limit/NAME" → version (1 byte), start, reserved: a window of takes (fcgi/limits.h)
 */
#ifndef KN_USAGE_H
#define KN_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USAGE_WINDOW_PREFIX "limit/"

enum { USAGE_WINDOW_SIZE = 17 };

struct usage_window {
	int64_t start; /* wall seconds */
	int64_t reserved;
};

/* now: wall µs */
void usage_day_counter(char *out, size_t size, const char *owner, int64_t now);
/* *owner points into the name. Returns false if it is another counter. */
bool usage_day_counter_read(const char *name, size_t len, int64_t *day, const char **owner,
			    size_t *owner_len);

void usage_window_write(const struct usage_window *window, unsigned char out[USAGE_WINDOW_SIZE]);
/* Returns false if it is none. */
bool usage_window_read(const void *data, size_t len, struct usage_window *out);

#endif
