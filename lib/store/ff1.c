#include "ff1.h"

#include <assert.h>
#include <endian.h>
#include <nettle/memxor.h>
#include <stdint.h>
#include <string.h>

enum { ROUNDS = 10, BLOCK = AES_BLOCK_SIZE };

static ff1_number power(unsigned radix, size_t digits)
{
	ff1_number n = 1;

	while (digits-- > 0)
		n *= radix;
	return n;
}

void ff1_init(struct ff1 *f, const unsigned char key[FF1_KEY_SIZE], unsigned radix, size_t digits,
	      const char *tweak)
{
	size_t t = strlen(tweak);

	*f = (struct ff1){.radix = radix, .u = digits / 2, .v = digits - digits / 2};
	aes128_set_encrypt_key(&f->aes, key);
	f->modulus_u = power(radix, f->u);
	f->modulus_v = power(radix, f->v);
	assert(f->u > 0 && f->modulus_v - 1 <= UINT64_MAX && t <= FF1_TWEAK_MAX);
	for (ff1_number max = f->modulus_v - 1; max > 0; max >>= 8)
		f->b++;
	memcpy(f->p,
	       (unsigned char[BLOCK]){
		       1, 2, 1, 0, (unsigned char)(radix >> 8), (unsigned char)radix, ROUNDS,
		       (unsigned char)f->u, [11] = (unsigned char)digits, [15] = (unsigned char)t},
	       BLOCK);
	aes128_encrypt(&f->aes, BLOCK, f->p, f->p);
	memcpy(f->q, tweak, t);
	f->q_len = (t + 1 + f->b + BLOCK - 1) / BLOCK * BLOCK;
}

static uint64_t load_be64(const unsigned char *at)
{
	uint64_t n;

	memcpy(&n, at, sizeof(n));
	return be64toh(n);
}

/* The round function: a number below the modulus, to be added to the other half. */
static uint64_t round_number(const struct ff1 *f, int i, uint64_t half, ff1_number modulus)
{
	const size_t d = 4 * ((f->b + 3) / 4) + 4;
	unsigned char q[sizeof(f->q)], r[BLOCK];
	ff1_number y;

	memcpy(q, f->q, sizeof(q));
	for (size_t at = f->q_len; at > f->q_len - f->b; half >>= 8)
		q[--at] = (unsigned char)half;
	q[f->q_len - f->b - 1] = (unsigned char)i;
	memcpy(r, f->p, BLOCK);
	for (size_t at = 0; at < f->q_len; at += BLOCK) {
		memxor(r, q + at, BLOCK);
		aes128_encrypt(&f->aes, BLOCK, r, r);
	}
	y = ((ff1_number)load_be64(r) << 64 | load_be64(r + 8)) >> 8 * (BLOCK - d);
	return (uint64_t)(y % modulus);
}

static uint64_t number_of(unsigned radix, const unsigned char *digits, size_t n)
{
	uint64_t number = 0;

	for (size_t i = 0; i < n; i++)
		number = number * radix + digits[i];
	return number;
}

static void put_number(unsigned radix, unsigned char *digits, size_t n, uint64_t number)
{
	for (; n > 0; number /= radix)
		digits[--n] = (unsigned char)(number % radix);
}

void ff1_encrypt(const struct ff1 *f, unsigned char *digits)
{
	uint64_t a = number_of(f->radix, digits, f->u);
	uint64_t b = number_of(f->radix, digits + f->u, f->v);

	for (int i = 0; i < ROUNDS; i++) {
		ff1_number modulus = i % 2 == 0 ? f->modulus_u : f->modulus_v;
		ff1_number c = (ff1_number)a + round_number(f, i, b, modulus);

		a = b;
		b = (uint64_t)(c < modulus ? c : c - modulus);
	}
	put_number(f->radix, digits, f->u, a);
	put_number(f->radix, digits + f->u, f->v, b);
}

void ff1_decrypt(const struct ff1 *f, unsigned char *digits)
{
	uint64_t a = number_of(f->radix, digits, f->u);
	uint64_t b = number_of(f->radix, digits + f->u, f->v);

	for (int i = ROUNDS; i-- > 0;) {
		ff1_number modulus = i % 2 == 0 ? f->modulus_u : f->modulus_v;
		uint64_t y = round_number(f, i, a, modulus);

		y = (uint64_t)(b >= y ? b - y : b + modulus - y);
		b = a;
		a = y;
	}
	put_number(f->radix, digits, f->u, a);
	put_number(f->radix, digits + f->u, f->v, b);
}
