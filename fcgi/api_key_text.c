#include "api_key_text.h"

#include <sodium.h>
#include <string.h>

enum {
	PREFIX_LEN = sizeof(API_KEY_PREFIX) - 1,
	SECRET_BYTES = 32,
	CHECK_BYTES = 4,
	CHECKED_LEN = PREFIX_LEN + 2 * SECRET_BYTES,
};

void api_key_text_hash(const char *text, unsigned char hash[API_KEY_HASH_SIZE])
{
	crypto_generichash(hash, API_KEY_HASH_SIZE, (const unsigned char *)text, strlen(text), NULL,
			   0);
}

static void checksum(const char *text, char out[2 * CHECK_BYTES + 1])
{
	unsigned char sum[crypto_generichash_BYTES_MIN];

	crypto_generichash(sum, sizeof(sum), (const unsigned char *)text, CHECKED_LEN, NULL, 0);
	sodium_bin2hex(out, 2 * CHECK_BYTES + 1, sum, CHECK_BYTES);
}

bool api_key_text_is_well_formed(const char *text)
{
	char sum[2 * CHECK_BYTES + 1];

	if (strlen(text) != API_KEY_SIZE - 1 || strncmp(text, API_KEY_PREFIX, PREFIX_LEN) != 0)
		return false;
	checksum(text, sum);
	return sodium_memcmp(text + CHECKED_LEN, sum, sizeof(sum) - 1) == 0;
}

void api_key_text_draw(char text[API_KEY_SIZE])
{
	unsigned char secret[SECRET_BYTES];

	randombytes_buf(secret, sizeof(secret));
	memcpy(text, API_KEY_PREFIX, PREFIX_LEN);
	sodium_bin2hex(text + PREFIX_LEN, 2 * SECRET_BYTES + 1, secret, sizeof(secret));
	checksum(text, text + CHECKED_LEN);
	sodium_memzero(secret, sizeof(secret));
}
