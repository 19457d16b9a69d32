/* application/x-www-form-urlencoded: query strings and form bodies. */
#ifndef URLENCODED_H
#define URLENCODED_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Still encoded, pointing into the text. */
struct urlencoded_pair {
	const char *name, *value;
	size_t name_len, value_len;
};

/* The next pair of a NUL-terminated text, moving *at behind it; false at the end. Empty pairs are
 * skipped; one without "=" has an empty value. */
bool urlencoded_next(const char **at, struct urlencoded_pair *pair);
/* Whether the pair's decoded name is `name`. */
bool urlencoded_is(const struct urlencoded_pair *pair, const char *name);
/* Decodes in place, ends the text with NUL (text has room for len + 1) and gives its new length.
 * KN_ERR_INVALID: a bad escape, a NUL, or not UTF-8. */
enum kn_err urlencoded_decode(char *text, size_t len, size_t *decoded);

#endif
