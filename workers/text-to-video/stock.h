/*
 * Stock clips from Pexels, one per query, kept in a cache so that the same query is not
 * asked again.
 */
#ifndef STOCK_H
#define STOCK_H

#include "workers/text-to-video/remote.h"
#include "workers/text-to-video/stock_cache.h"

/* *clip: a file (g_free); *credit: who is to be named, and where it is from (g_free).
 * KN_ERR_NOT_FOUND: the archive has nothing for this query. */
enum kn_err stock_fetch(const struct remote *pexels, const char *query,
			const struct stock_cache *cache, char **clip, char **credit, char *why,
			size_t why_size);

#endif
