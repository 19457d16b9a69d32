/* Time as int64_t microseconds: wall clock (UTC, since 1970) for records, monotonic for intervals. */
#ifndef KN_CLOCK_H
#define KN_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define USEC_PER_SEC INT64_C(1000000)
#define USEC_PER_MSEC INT64_C(1000)
#define USEC_PER_DAY (86400 * USEC_PER_SEC)

int64_t clock_wall_us(void);
int64_t clock_mono_us(void);

enum { CLOCK_TEXT_SIZE = 32 };

/* "2026-01-17T14:54:00.000000": UTC, naive, microseconds (Grok 3D's created_at). */
void clock_format_micros(int64_t wall_us, char out[CLOCK_TEXT_SIZE]);
/* "2025-01-15T10:30:00": UTC, naive, seconds (Vivid Flow). */
void clock_format_seconds(int64_t wall_us, char out[CLOCK_TEXT_SIZE]);
/* "2024-01-01T12:00:00Z" (logs). */
void clock_format_zulu(int64_t wall_us, char out[CLOCK_TEXT_SIZE]);

#endif
