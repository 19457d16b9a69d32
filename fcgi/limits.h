/*
 * Rate limits: named windows of N takes in W seconds. A window opens with the
 * first take after the last one closed. What was taken is kept in the store in
 * chunks reserved ahead, flushed before they are used: a restart or a kill
 * never gives anything back, at worst it costs the rest of what was reserved,
 * a twentieth of the limit. All functions may be called from any thread.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct limits;
struct store;

/* One window. `name` is "key/ID/hour" and the like: at most LIMIT_NAME_MAX bytes. */
struct limit_rule {
	const char *name;
	int64_t limit;    /* 0: nothing may be taken */
	int64_t window_s; /* how long a window lasts: at most LIMIT_WINDOW_MAX_S */
	bool utc_aligned; /* windows begin at multiples of window_s: days at midnight */
};

struct limit_state {
	int64_t limit, remaining;
	int64_t reset_s; /* until the window closes: 1..window_s */
};

enum { LIMIT_NAME_MAX = 128, LIMIT_WINDOW_MAX_S = 86400 };

enum kn_err limits_new(struct store *store, struct limits **out);
/* Writes the exact numbers back, so that a clean restart costs nothing. */
void limits_free(struct limits **limits);

/* Takes one from every rule, or, when one has none left, from none of them: KN_ERR_LIMIT. *state
 * (may be NULL) describes the rule that refused, else the one with the least remaining. now: wall
 * µs. */
enum kn_err limits_take(struct limits *limits, const struct limit_rule *rules, size_t n,
			int64_t now, struct limit_state *state);

/* Forgets what the store has of windows that were closed at `now`, some at a time. */
enum kn_err limits_forget(struct limits *limits, int64_t now);

#endif
