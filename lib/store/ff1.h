/*
 * FF1, the format-preserving encryption of NIST SP 800-38G: under a key, digits of a radix become
 * as many digits of the same radix, which tell nothing of the first to whoever lacks the key.
 */
#ifndef STORE_FF1_H
#define STORE_FF1_H

#include <nettle/aes.h>
#include <stddef.h>

enum {
	FF1_KEY_SIZE = AES128_KEY_SIZE,
	FF1_TWEAK_MAX = 16,
};

/* Constant once made: any number of threads may use it. */
struct ff1 {
	struct aes128_ctx aes;
};

struct ff1_format {
	unsigned radix; /* 2 to 256 */
	size_t digits;  /* how many, from 2 on: half of them, rounded up, must fit into 64 bits */
	const char
		*tweak; /* at most FF1_TWEAK_MAX bytes: tells apart what is encrypted by one key */
};

void ff1_init(struct ff1 *ff1, const unsigned char key[FF1_KEY_SIZE]);
/* In place. Digits are numbers below the radix, the highest first. */
void ff1_encrypt(const struct ff1 *ff1, const struct ff1_format *format, unsigned char *digits);
void ff1_decrypt(const struct ff1 *ff1, const struct ff1_format *format, unsigned char *digits);

#endif
