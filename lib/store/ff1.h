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

__extension__ typedef unsigned __int128 ff1_number;

/* A permutation of the digits there are. Constant once made: any number of threads may use it.
 * Its members are ff1.c's own, and have the names of the standard's algorithms 7 and 8. */
struct ff1 {
	struct aes128_ctx aes;
	unsigned radix;
	size_t u, v;                         /* digits of the halves */
	ff1_number modulus_u, modulus_v;     /* radix to the power of them */
	size_t b;                            /* bytes that hold the larger half */
	unsigned char p[AES_BLOCK_SIZE];     /* P, encrypted: where each round's CBC-MAC goes on */
	unsigned char q[2 * AES_BLOCK_SIZE]; /* Q without the round's part */
	size_t q_len;
};

/* radix: 2 to 256. digits: how many, from 2 on; half of them, rounded up, must fit into 64 bits.
 * tweak: at most FF1_TWEAK_MAX bytes; it makes one key into many permutations. */
void ff1_init(struct ff1 *ff1, const unsigned char key[FF1_KEY_SIZE], unsigned radix, size_t digits,
	      const char *tweak);
/* In place. Digits are numbers below the radix, the highest first. */
void ff1_encrypt(const struct ff1 *ff1, unsigned char *digits);
void ff1_decrypt(const struct ff1 *ff1, unsigned char *digits);

#endif
