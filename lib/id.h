/* Random names, from getrandom(2) by way of libsodium. Safe in any thread after sodium_init(). */
#ifndef KN_ID_H
#define KN_ID_H

#include <stdbool.h>
#include <stddef.h>

enum {
	ID_SIZE = 40, /* any job id with its NUL: "job_" + 12, a UUID (36), 8 hex digits, "ex_…" is no job */
	TOKEN_SIZE = 33, /* a lease token: 32 hex digits and NUL */
};

void id_new_grok_imagine(char out[ID_SIZE]); /* "job_" + 12 of [0-9a-z] */
void id_new_uuid(char out[ID_SIZE]);	     /* UUIDv4, lower case */
void id_new_hex8(char out[ID_SIZE]);	     /* 8 lower-case hex digits */
void id_new_token(char out[TOKEN_SIZE]);     /* 128 random bits as hex */

/* Whether the text could be a job id: 1..39 of [0-9a-zA-Z_-]. The only form that may become part of a path. */
bool id_is_safe(const char *id);

#endif
