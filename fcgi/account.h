/*
 * Accounts and their sessions (Vivid Flow, "Account page"). Passwords are kept
 * as argon2id strings, session tokens as hashes. Any thread may call.
 *
 * Names are case-insensitive and stored in lower case: 3..64 of [a-z0-9._@+-].
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "lib/err.h"

#include <stdint.h>

struct accounts;
struct store;

enum {
	ACCOUNT_NAME_SIZE = 65,
	ACCOUNT_PASSWORD_MIN = 8, /* bytes, as NIST SP 800-63B asks */
	ACCOUNT_PASSWORD_MAX = 256,
	SESSION_TOKEN_SIZE = 65, /* 64 hex digits and NUL */
	SESSION_SECONDS = 30 * 86400,
};

struct session {
	char name[ACCOUNT_NAME_SIZE];
	char csrf[SESSION_TOKEN_SIZE]; /* what unsafe requests must bring in X-CSRF-Token */
};

/* The stored form of a name. KN_ERR_INVALID: it is none. */
enum kn_err account_fold_name(const char *name, char out[ACCOUNT_NAME_SIZE]);

enum kn_err accounts_open(struct store *store, struct accounts **out);
void accounts_close(struct accounts **accounts);

/* KN_ERR_INVALID: *why (a literal) names the rule; KN_ERR_EXISTS; KN_ERR_BUSY: too many at once. */
enum kn_err accounts_register(struct accounts *accounts, const char *name, const char *password,
			      const char **why);
/* KN_ERR_UNAUTHORIZED takes as long, and says as little, for an unknown name as for a wrong
 * password. */
enum kn_err accounts_login(struct accounts *accounts, const char *name, const char *password,
			   char token[SESSION_TOKEN_SIZE]);
/* Whose session a cookie names. KN_ERR_UNAUTHORIZED: nobody's, or over. */
enum kn_err accounts_session(struct accounts *accounts, const char *token, int64_t now,
			     struct session *out);
/* Ends it; ending none is fine. */
enum kn_err accounts_logout(struct accounts *accounts, const char *token);
/* Forgets sessions that were over at `now`, some at a time. */
enum kn_err accounts_forget(struct accounts *accounts, int64_t now);

#endif
