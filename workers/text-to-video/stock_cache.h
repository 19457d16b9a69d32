/*
 * The directory that jobs share for stock clips: files named by the SHA-256 of their
 * query, ".mp4" and ".txt" for who made it. The time of change of a file is when it was
 * last used. Any number of workers may use and prune it at once: a job has a link of its
 * own to what it shows, where the file system allows.
 */
#ifndef STOCK_CACHE_H
#define STOCK_CACHE_H

#include <stdbool.h>
#include <stdint.h>

struct stock_cache {
	const char *directory; /* "": none; the job's own is used, and goes with it */
	int64_t max_bytes, max_days;
};

/* *clip: a file for this query; *credit (both g_free). False: there is none. */
bool stock_cache_find(const struct stock_cache *cache, const char *query, char **clip,
		      char **credit);
/* Moves the file `part` in. What stock_cache_find() would give; *clip NULL: it cannot be stored. */
void stock_cache_keep(const struct stock_cache *cache, const char *query, const char *part,
		      const char *credit, char **clip);
/* Removes what was not used for max_days, and beyond max_bytes what was not used for longest. Files
 * of other names stay. */
void stock_cache_prune(const struct stock_cache *cache);

#endif
