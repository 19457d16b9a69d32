/*
 * API keys (Vivid Flow, "Authentication"): 256 random bits behind a prefix and a checksum, kept as
 * a hash alone (api_key_text.h). All of them are held in memory, so that a check costs no read; the
 * one process that serves requests owns them, so a revocation holds from the moment it is flushed.
 */
#ifndef API_KEY_H
#define API_KEY_H

#include "lib/err.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct api_keys;
struct store;

enum {
	API_KEY_SIZE = 3 + 64 + 8 + 1,
	API_KEY_ID_SIZE = 17,
	API_KEY_NAME_MAX = 64,    /* code points */
	API_KEY_OWNER_SIZE = 288, /* "key:NAME" or "user:NAME" */
	API_KEY_HOUR_LIMIT = 500, /* defaults of the document */
	API_KEY_DAY_LIMIT = 2000,
	API_KEYS_PER_OWNER = 100,
};

struct api_key {
	char id[API_KEY_ID_SIZE]; /* public, for lists and limits */
	char name[API_KEY_NAME_MAX * 4 + 1];
	char owner[API_KEY_OWNER_SIZE];    /* whose jobs it may see */
	char hint[5];                      /* the secret's last four digits */
	int64_t hour_limit, day_limit;     /* requests */
	int64_t created, expires, revoked; /* wall µs; 0: never */
};

enum kn_err api_keys_open(struct store *store, struct api_keys **out);
void api_keys_close(struct api_keys **keys);

/* The key whose text a client sent. KN_ERR_UNAUTHORIZED: malformed, unknown, revoked or expired at
 * now. */
enum kn_err api_keys_check(struct api_keys *keys, const char *text, int64_t now,
			   struct api_key *out);

struct api_key_spec {
	const char *name;              /* 1..API_KEY_NAME_MAX code points, no control characters */
	const char *owner;             /* NULL: "key:NAME" */
	int64_t hour_limit, day_limit; /* -1: the default */
	int64_t expires;               /* wall µs, 0: never */
};
/* The text is shown once. An owner with API_KEYS_PER_OWNER keys loses the oldest of those that are
 * revoked or expired. KN_ERR_INVALID: the name; KN_ERR_EXISTS: the owner has a live key of that
 * name; KN_ERR_CONFLICT: API_KEYS_PER_OWNER live ones. */
enum kn_err api_keys_create(struct api_keys *keys, const struct api_key_spec *spec,
			    char text[API_KEY_SIZE], struct api_key *out);
/* By name or id; owner NULL: any (an administrator). KN_ERR_NOT_FOUND: no live key is called that;
 * KN_ERR_CONFLICT: several owners' are, see api_keys_named(). */
enum kn_err api_keys_revoke(struct api_keys *keys, const char *owner, const char *name);
/* -1 leaves a limit as it is. */
enum kn_err api_keys_set_limits(struct api_keys *keys, const char *name, int64_t hour_limit,
				int64_t day_limit);
/* "ID of OWNER, ID of OWNER": the live keys of that name, for a message; the caller frees it. NULL:
 * out of memory. */
char *api_keys_named(struct api_keys *keys, const char *name);
/* An array of objects without secrets; owner NULL: everybody's. Newest first; the caller frees it.
 */
enum kn_err api_keys_list(struct api_keys *keys, const char *owner, json_object **out);

#endif
