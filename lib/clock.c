#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Returns the length written. Rounds towards the past, so that no time lies in the future. */
static size_t format_utc(int64_t wall_us, char out[CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t)(wall_us / USEC_PER_SEC);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	return strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
}

void clock_format_seconds(int64_t wall_us, char out[CLOCK_TEXT_SIZE])
{
	format_utc(wall_us, out);
}

void clock_format_zulu(int64_t wall_us, char out[CLOCK_TEXT_SIZE])
{
	size_t n = format_utc(wall_us, out);

	snprintf(out + n, CLOCK_TEXT_SIZE - n, "Z");
}

void clock_format_micros(int64_t wall_us, char out[CLOCK_TEXT_SIZE])
{
	size_t n = format_utc(wall_us, out);

	snprintf(out + n, CLOCK_TEXT_SIZE - n, ".%06d", (int)(wall_us % USEC_PER_SEC));
}
