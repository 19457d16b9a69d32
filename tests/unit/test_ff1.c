/* FF1 next to the sample vectors that NIST gives for SP 800-38G (AES-128). */
#include "lib/store/ff1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const unsigned char key[FF1_KEY_SIZE] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
						0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static void check(unsigned radix, const char *tweak, const char *plain, const char *encrypted)
{
	const size_t n = strlen(plain);
	unsigned char digits[32], wanted[32];
	struct ff1 ff1;

	for (size_t i = 0; i < n; i++) {
		digits[i] = (unsigned char)(strchr(alphabet, plain[i]) - alphabet);
		wanted[i] = (unsigned char)(strchr(alphabet, encrypted[i]) - alphabet);
	}
	ff1_init(&ff1, key, radix, n, tweak);
	ff1_encrypt(&ff1, digits);
	assert_memory_equal(digits, wanted, n);
	ff1_decrypt(&ff1, digits);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(alphabet[digits[i]], plain[i]);
}

static void test_samples(void **state)
{
	(void)state;
	check(10, "", "0123456789", "2433477484");
	check(10, "9876543210", "0123456789", "6124200773");
	check(36, "7777pqrs777", "0123456789abcdefghi", "a9tv40mll9kdu509eum");
}

/* All digits of a radix that is a power of two: halves of 60 and of 64 bits. */
static void test_wide_halves(void **state)
{
	(void)state;
	for (size_t n = 30; n <= 32; n++) {
		unsigned char digits[32], first[32];
		struct ff1 ff1;

		memset(digits, 15, n);
		ff1_init(&ff1, key, 16, n, "wide");
		ff1_encrypt(&ff1, digits);
		memcpy(first, digits, n);
		for (size_t i = 0; i < n; i++)
			assert_in_range(digits[i], 0, 15);
		ff1_decrypt(&ff1, digits);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(digits[i], 15);
		digits[n - 1] = 14;
		ff1_encrypt(&ff1, digits);
		assert_memory_not_equal(digits, first, n);
	}
}

/* A permutation: of all numbers there are, none is met twice. */
static void test_each_once(void **state)
{
	bool met[10000] = {false};
	struct ff1 ff1;

	(void)state;
	ff1_init(&ff1, key, 10, 4, "x");
	for (unsigned n = 0; n < 10000; n++) {
		unsigned char d[4] = {(unsigned char)(n / 1000), (unsigned char)(n / 100 % 10),
				      (unsigned char)(n / 10 % 10), (unsigned char)(n % 10)};
		unsigned at;

		ff1_encrypt(&ff1, d);
		at = d[0] * 1000u + d[1] * 100u + d[2] * 10u + d[3];
		assert_in_range(at, 0, 9999);
		assert_false(met[at]);
		met[at] = true;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_wide_halves),
		cmocka_unit_test(test_each_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
