/*
 * multipart/form-data (RFC 7578), parsed as it comes: feed it pieces of any
 * size, it calls back with parts and their bytes. It holds one buffer of fixed
 * size, whatever is uploaded.
 */
#ifndef MULTIPART_H
#define MULTIPART_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	MULTIPART_BOUNDARY_MAX = 70,  /* RFC 2046, 5.1.1 */
	MULTIPART_HEADERS_MAX = 8192, /* of one part */
	MULTIPART_PARTS_MAX = 64,
};

struct multipart;

struct multipart_part {
	const char *name;     /* never NULL, UTF-8 */
	const char *filename; /* NULL: a field, not a file */
};

/* What they return other than KN_OK ends the parsing. */
struct multipart_calls {
	enum kn_err (*begin)(void *arg, const struct multipart_part *part);
	enum kn_err (*data)(void *arg, const char *data, size_t len);
	enum kn_err (*end)(void *arg);
};

/* content_type is the whole header; KN_ERR_INVALID when it has no proper boundary. */
enum kn_err multipart_new(const char *content_type, const struct multipart_calls *calls, void *arg,
			  struct multipart **out);
void multipart_free(struct multipart **parser);
/* KN_ERR_INVALID: not multipart/form-data, or over a limit. */
enum kn_err multipart_feed(struct multipart *parser, const char *data, size_t len);
/* KN_ERR_INVALID unless the closing boundary has been seen. */
enum kn_err multipart_end(const struct multipart *parser);

#endif
