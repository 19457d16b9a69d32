/*
 * Keys of the index tables, compared as bytes: numbers big-endian, texts ended
 * by a NUL (which they cannot contain), so that a key sorts by its parts and a
 * prefix of parts is a prefix of bytes.
 */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { KEY_MAX = 320 };

struct key {
	unsigned char data[KEY_MAX];
	size_t len;
	bool too_long; /* something did not fit: the key must not be used */
};

static inline void key_put(struct key *key, const void *data, size_t len)
{
	if (len > KEY_MAX - key->len) {
		key->too_long = true;
		return;
	}
	memcpy(key->data + key->len, data, len);
	key->len += len;
}

static inline void key_put_u8(struct key *key, unsigned n)
{
	unsigned char byte = (unsigned char)n;

	key_put(key, &byte, 1);
}

static inline void key_put_time(struct key *key, int64_t time)
{
	uint64_t n = htobe64((uint64_t)time);

	key_put(key, &n, sizeof(n));
}

/* Later times sort first. */
static inline void key_put_time_desc(struct key *key, int64_t time)
{
	key_put_time(key, ~time);
}

/* NULL is the empty text. */
static inline void key_put_text(struct key *key, const char *text)
{
	key_put(key, text != NULL ? text : "", text != NULL ? strlen(text) + 1 : 1);
}

static inline int64_t key_time(const unsigned char *at)
{
	uint64_t n;

	memcpy(&n, at, sizeof(n));
	return (int64_t)be64toh(n);
}

static inline bool key_has_prefix(const void *key, size_t len, const struct key *prefix)
{
	return len >= prefix->len && memcmp(key, prefix->data, prefix->len) == 0;
}

#endif
