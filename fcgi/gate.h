/*
 * Who asks, and whether they may: API keys, sessions and limits in one place
 * (Vivid Flow, "Authentication" and "Rate Limiting").
 *
 * A key counts against its hour and its day. A session is the account page's:
 * unsafe methods need the X-CSRF-Token that GET /api/v1/account tells.
 */
#ifndef GATE_H
#define GATE_H

#include "account.h"
#include "api_key.h"
#include "limits.h"
#include "request.h"

struct gate {
	struct api_keys *keys;
	struct accounts *accounts;
	struct limits *limits;
};

struct principal {
	char owner[API_KEY_OWNER_SIZE]; /* "key:NAME" or "user:NAME" */
	bool by_session;
	struct session session; /* when by_session */
	struct api_key key;     /* otherwise */
};

enum kn_err gate_open(struct store *store, struct gate **out);
void gate_close(struct gate **gate);
/* Forgets what is over at `now`, some at a time. */
enum kn_err gate_forget(struct gate *gate, int64_t now);

/* Sets req->principal and the RateLimit headers; or answers 401, 403 or 429 and returns false. */
bool gate_admit(struct request *req);
/* As gate_admit(), for sessions alone. */
bool gate_admit_session(struct request *req);

/* Windows of the web pages, by what is done and who does it. */
enum gate_web { GATE_LOGIN = 1, GATE_ENHANCE = 2, GATE_GENERATE = 4 };
/* what: one or several, of which all are taken or none; who: an address or an owner. False:
 * answered 429. */
bool gate_web_take(struct request *req, unsigned what, const char *who);

/* The session's cookie value, "" for none; 64 hex digits otherwise. */
void gate_cookie(const struct request *req, char out[SESSION_TOKEN_SIZE]);

#endif
