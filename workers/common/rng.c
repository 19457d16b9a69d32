#include "workers/common/rng.h"

#include <sodium.h>
#include <string.h>

void rng_seed(struct rng *rng, const char *text, int64_t seed, const char *purpose)
{
	unsigned char hash[crypto_hash_sha256_BYTES], number[8];
	crypto_hash_sha256_state state;

	for (int i = 0; i < 8; i++)
		number[i] = (unsigned char)((uint64_t)seed >> (8 * i));
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const unsigned char *)text, strlen(text) + 1);
	crypto_hash_sha256_update(&state, number, sizeof(number));
	crypto_hash_sha256_update(&state, (const unsigned char *)purpose, strlen(purpose));
	crypto_hash_sha256_final(&state, hash);
	for (int i = 0; i < 4; i++) {
		rng->state[i] = 0;
		for (int j = 0; j < 8; j++)
			rng->state[i] |= (uint64_t)hash[8 * i + j] << (8 * j);
	}
}

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

/* xoshiro256** by Blackman and Vigna, in the public domain. */
uint64_t rng_u64(struct rng *rng)
{
	uint64_t *s = rng->state, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

unsigned rng_below(struct rng *rng, unsigned bound)
{
	return (unsigned)(((rng_u64(rng) >> 32) * bound) >> 32);
}

double rng_range(struct rng *rng, double lo, double hi)
{
	return lo + (hi - lo) * ((double)(rng_u64(rng) >> 11) * 0x1p-53);
}
