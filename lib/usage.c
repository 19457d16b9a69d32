#include "usage.h"

#include "clock.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

enum { WINDOW_VERSION = 1 };

static const char day_prefix[] = "jobs/";

void usage_day_counter(char *out, size_t size, const char *owner, int64_t now)
{
	snprintf(out, size, "%s%lld/%s", day_prefix, (long long)(now / USEC_PER_DAY), owner);
}

bool usage_day_counter_read(const char *name, size_t len, int64_t *day, const char **owner,
			    size_t *owner_len)
{
	const char *at = name + strlen(day_prefix), *end = name + len, *digits = at;

	if (len < strlen(day_prefix) || memcmp(name, day_prefix, strlen(day_prefix)) != 0)
		return false;
	for (*day = 0; at < end && *at >= '0' && *at <= '9' && at - digits < 10; at++)
		*day = *day * 10 + (*at - '0');
	if (at == digits || at == end || *at != '/' || at + 1 == end)
		return false;
	*owner = at + 1;
	*owner_len = (size_t)(end - *owner);
	return true;
}

void usage_window_write(const struct usage_window *window, unsigned char out[USAGE_WINDOW_SIZE])
{
	uint64_t start = htole64((uint64_t)window->start);
	uint64_t reserved = htole64((uint64_t)window->reserved);

	out[0] = WINDOW_VERSION;
	memcpy(out + 1, &start, sizeof(start));
	memcpy(out + 1 + sizeof(start), &reserved, sizeof(reserved));
}

bool usage_window_read(const void *data, size_t len, struct usage_window *out)
{
	const unsigned char *at = data;
	uint64_t start, reserved;

	if (len != USAGE_WINDOW_SIZE || at[0] != WINDOW_VERSION)
		return false;
	memcpy(&start, at + 1, sizeof(start));
	memcpy(&reserved, at + 1 + sizeof(start), sizeof(reserved));
	out->start = (int64_t)le64toh(start);
	out->reserved = (int64_t)le64toh(reserved);
	return out->start >= 0 && out->reserved >= 0;
}
