/*
 * How Idempotency-Keys are kept, two entries each:
 *
 *   'k' api owner 0 key            → time (8 bytes), digest of the request, job id
 *   't' time (8, big-endian) KEY   → nothing; KEY is the above: the order in which they are
 *                                    forgotten
 *
 * The time is that of the job's creation. A key that is used again, because it was too old or its
 * job is gone, has a new 'k' over the old one, and two 't' for a while.
 */
#ifndef KN_IDEMPOTENCY_H
#define KN_IDEMPOTENCY_H

#include "bytes.h"
#include "job.h"

enum {
	IDEMPOTENCY_KEY_MAX = 255,   /* bytes of the client's key */
	IDEMPOTENCY_ENTRY_MAX = 640, /* an owner and a key of full length fit, and the time */
	IDEMPOTENCY_DIGEST_SIZE = 32,
};

struct idempotency_entry {
	unsigned char data[IDEMPOTENCY_ENTRY_MAX];
	size_t len;
};

struct idempotency_key {
	enum job_api api;
	const char *owner; /* "": none */
	const unsigned char *key;
	size_t key_len;
};

struct idempotency_record {
	int64_t created;
	const unsigned char *digest; /* of IDEMPOTENCY_DIGEST_SIZE bytes */
	char id[ID_SIZE];
};

/* The 'k' of a key; owner may be NULL. KN_ERR_INVALID: it is empty or too long. */
enum kn_err idempotency_key_make(enum job_api api, const char *owner, const char *key,
				 struct idempotency_entry *out);
/* Its 't'. */
void idempotency_time_make(const struct idempotency_entry *key, int64_t created,
			   struct idempotency_entry *out);
/* A failed allocation is seen in *to. */
void idempotency_record_put(const struct idempotency_record *record, struct bytes *to);

/* Return false if it is none. What they find points into data. */
bool idempotency_key_read(const void *data, size_t len, struct idempotency_key *out);
bool idempotency_time_read(const void *data, size_t len, int64_t *created,
			   struct idempotency_entry *key);
bool idempotency_record_read(const void *data, size_t len, struct idempotency_record *out);

#endif
