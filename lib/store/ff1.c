#include "ff1.h"

#include <assert.h>
#include <nettle/memxor.h>
#include <stdint.h>
#include <string.h>

/* Names in what follows are those of the standard's algorithms 7 and 8. */
enum { ROUNDS = 10, BLOCK = AES_BLOCK_SIZE, Q_MAX = 2 * BLOCK };

__extension__ typedef unsigned __int128 uint128;

/* One encryption or decryption: what all of its rounds share. */
struct feistel {
	const struct ff1 *ff1;
	const struct ff1_format *format;
	size_t u, v;                  /* digits of the halves */
	uint128 modulus_u, modulus_v; /* radix to the power of them */
	size_t b;                     /* bytes that hold the larger half */
	size_t t;                     /* of the tweak */
	unsigned char p[BLOCK];       /* P, encrypted: where each round's CBC-MAC goes on */
};

static uint128 power(unsigned radix, size_t digits)
{
	uint128 n = 1;

	while (digits-- > 0)
		n *= radix;
	return n;
}

static void begin(struct feistel *f, const struct ff1 *ff1, const struct ff1_format *format)
{
	f->ff1 = ff1;
	f->format = format;
	f->u = format->digits / 2;
	f->v = format->digits - f->u;
	f->modulus_u = power(format->radix, f->u);
	f->modulus_v = power(format->radix, f->v);
	f->t = strlen(format->tweak);
	assert(f->u > 0 && f->modulus_v - 1 <= UINT64_MAX && f->t <= FF1_TWEAK_MAX);
	f->b = 0;
	for (uint128 max = f->modulus_v - 1; max > 0; max >>= 8)
		f->b++;
	memcpy(f->p,
	       (unsigned char[BLOCK]){1, 2, 1, 0, (unsigned char)(format->radix >> 8),
				      (unsigned char)format->radix, ROUNDS,
				      (unsigned char)f->u, [11] = (unsigned char)format->digits,
				      [15] = (unsigned char)f->t},
	       BLOCK);
	aes128_encrypt(&ff1->aes, BLOCK, f->p, f->p);
}

/* The round function: a number of d bytes, to be added to the other half. */
static uint128 round_number(const struct feistel *f, int i, uint64_t half)
{
	size_t d = 4 * ((f->b + 3) / 4) + 4, len = (f->t + 1 + f->b + BLOCK - 1) / BLOCK * BLOCK;
	unsigned char q[Q_MAX] = {0}, r[BLOCK];
	uint128 y = 0;

	memcpy(q, f->format->tweak, f->t);
	for (size_t at = len; at > len - f->b; half >>= 8)
		q[--at] = (unsigned char)half;
	q[len - f->b - 1] = (unsigned char)i;
	memcpy(r, f->p, BLOCK);
	for (size_t at = 0; at < len; at += BLOCK) {
		memxor(r, q + at, BLOCK);
		aes128_encrypt(&f->ff1->aes, BLOCK, r, r);
	}
	for (size_t at = 0; at < d; at++)
		y = y << 8 | r[at];
	return y;
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

void ff1_init(struct ff1 *ff1, const unsigned char key[FF1_KEY_SIZE])
{
	aes128_set_encrypt_key(&ff1->aes, key);
}

void ff1_encrypt(const struct ff1 *ff1, const struct ff1_format *format, unsigned char *digits)
{
	struct feistel f;
	uint64_t a, b;

	begin(&f, ff1, format);
	a = number_of(format->radix, digits, f.u);
	b = number_of(format->radix, digits + f.u, f.v);
	for (int i = 0; i < ROUNDS; i++) {
		uint128 modulus = i % 2 == 0 ? f.modulus_u : f.modulus_v;
		uint64_t c = (uint64_t)((a + round_number(&f, i, b)) % modulus);

		a = b;
		b = c;
	}
	put_number(format->radix, digits, f.u, a);
	put_number(format->radix, digits + f.u, f.v, b);
}

void ff1_decrypt(const struct ff1 *ff1, const struct ff1_format *format, unsigned char *digits)
{
	struct feistel f;
	uint64_t a, b;

	begin(&f, ff1, format);
	a = number_of(format->radix, digits, f.u);
	b = number_of(format->radix, digits + f.u, f.v);
	for (int i = ROUNDS; i-- > 0;) {
		uint128 modulus = i % 2 == 0 ? f.modulus_u : f.modulus_v;
		uint64_t c = (uint64_t)((b + modulus - round_number(&f, i, a) % modulus) % modulus);

		b = a;
		a = c;
	}
	put_number(format->radix, digits, f.u, a);
	put_number(format->radix, digits + f.u, f.v, b);
}
