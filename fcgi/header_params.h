/* Values such as `form-data; name="a"; filename*=UTF-8''b`, taken apart (RFC 9110, RFC 8187). */
#ifndef HEADER_PARAMS_H
#define HEADER_PARAMS_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether the part before the first ";" is `value`, in any case. */
bool header_is(const char *header, const char *value);
/* The parameter's value, unquoted, into out. KN_ERR_NOT_FOUND when it is absent; KN_ERR_INVALID
 * when the header is malformed, the parameter is there twice, too long, or not UTF-8. A name that
 * ends in "*" is decoded. */
enum kn_err header_param(const char *header, const char *name, char *out, size_t size);

#endif
