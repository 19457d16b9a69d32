/*
 * The one error table. Every function that can fail returns enum kn_err
 * (0 is success) and hands results out through pointers.
 *
 * Columns: code, name (on the control socket and in JSON), HTTP status,
 * default text. A dialect may put its own words to an error, never another
 * status class.
 */
#ifndef KN_ERR_H
#define KN_ERR_H

#define KN_ERR_TABLE(X)                                                                            \
	X(KN_OK, "ok", 200, "Success")                                                             \
	X(KN_ERR_INVALID, "invalid", 400, "Invalid request")                                       \
	X(KN_ERR_UNAUTHORIZED, "unauthorized", 401, "Missing or invalid credentials")              \
	X(KN_ERR_FORBIDDEN, "forbidden", 403, "Access denied")                                     \
	X(KN_ERR_NOT_FOUND, "not_found", 404, "Not found")                                         \
	X(KN_ERR_METHOD, "method", 405, "Method not allowed")                                      \
	X(KN_ERR_TIMEOUT, "timeout", 408, "The client took too long")                              \
	X(KN_ERR_CONFLICT, "conflict", 409, "The job is not in a state that allows this")          \
	X(KN_ERR_STALE, "stale", 409, "The lease is no longer held")                               \
	X(KN_ERR_EXISTS, "exists", 409, "Already exists")                                          \
	X(KN_ERR_GONE, "gone", 410, "No longer available")                                         \
	X(KN_ERR_TOO_LARGE, "too_large", 413, "The body is too large")                             \
	X(KN_ERR_URI_TOO_LONG, "uri_too_long", 414, "The URI is too long")                         \
	X(KN_ERR_MEDIA_TYPE, "media_type", 415, "The media type is not supported here")            \
	X(KN_ERR_UNPROCESSABLE, "unprocessable", 422, "Validation failed")                         \
	X(KN_ERR_LIMIT, "limit", 429, "Too many requests")                                         \
	X(KN_ERR_OWNER_QUEUE, "owner_queue", 429, "Too many of your jobs wait; try again later")   \
	X(KN_ERR_INTERNAL, "internal", 500, "Internal server error")                               \
	X(KN_ERR_NOMEM, "nomem", 500, "Out of memory")                                             \
	X(KN_ERR_IO, "io", 500, "Input/output error")                                              \
	X(KN_ERR_ACCESS, "access", 500, "Permission denied")                                       \
	X(KN_ERR_CORRUPT, "corrupt", 500, "A stored record is damaged")                            \
	X(KN_ERR_BUSY, "busy", 503, "The service is busy")                                         \
	X(KN_ERR_SHUTDOWN, "shutdown", 503, "The service is stopping")                             \
	X(KN_ERR_QUEUE, "queue", 503, "The queue is full; try again later")                        \
	X(KN_ERR_FULL, "full", 507, "Not enough storage space")                                    \
	X(KN_ERR_IN_DOUBT, "in_doubt", 507,                                                        \
	  "Not enough storage space: whether this was stored will be known when there is some")

enum kn_err {
#define X(code, name, status, text) code,
	KN_ERR_TABLE(X)
#undef X
	KN_ERR_COUNT
};

/* Name as used on wires, e.g. "not_found". Never NULL. */
const char *kn_err_name(enum kn_err err);
/* The inverse; an unknown name is KN_ERR_INTERNAL. */
enum kn_err kn_err_from_name(const char *name);
/* HTTP status, e.g. 404. */
int kn_err_status(enum kn_err err);
/* Default text, e.g. "Not found". Never NULL. */
const char *kn_err_text(enum kn_err err);
/* The error that an errno value stands for (ENOSPC and EDQUOT are KN_ERR_FULL). */
enum kn_err kn_err_from_errno(int errnum);

#endif
