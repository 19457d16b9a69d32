/*
 * Reproducible chance: xoshiro256** seeded by SHA-256 of a text, a number and
 * a purpose. The same three give the same sequence on every machine; another
 * purpose gives an unrelated one, so that a new use of chance in one part of a
 * picture does not change the rest.
 */
#ifndef RNG_H
#define RNG_H

#include <stdint.h>

struct rng {
	uint64_t state[4];
};

void rng_seed(struct rng *rng, const char *text, int64_t seed, const char *purpose);
uint64_t rng_u64(struct rng *rng);
/* 0 <= n < bound; bound > 0. */
unsigned rng_below(struct rng *rng, unsigned bound);
/* lo <= x < hi. */
double rng_range(struct rng *rng, double lo, double hi);

#endif
