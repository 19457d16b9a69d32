#include "id.h"

#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void id_new_grok_imagine(char out[ID_SIZE])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	const uint64_t ids = 4738381338321616896U; /* 36^12 */
	uint64_t n;

	/* All digits from one number: each call for random bytes is a system call. */
	do
		randombytes_buf(&n, sizeof(n));
	while (n >= 3 * ids);
	memcpy(out, "job_", 4);
	for (int i = 4; i < 16; i++, n /= 36)
		out[i] = digits[n % 36];
	out[16] = '\0';
}

void id_new_uuid(char out[ID_SIZE])
{
	unsigned char b[16];

	randombytes_buf(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 9562: version 4 */
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80); /* and its variant */
	snprintf(out, ID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
}

void id_new_hex8(char out[ID_SIZE])
{
	unsigned char b[4];

	randombytes_buf(b, sizeof(b));
	sodium_bin2hex(out, ID_SIZE, b, sizeof(b));
}

void id_new_token(char out[TOKEN_SIZE])
{
	unsigned char b[16];

	randombytes_buf(b, sizeof(b));
	sodium_bin2hex(out, TOKEN_SIZE, b, sizeof(b));
}

/* Not isalnum(): what it says depends on the locale. */
static bool is_safe(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '-';
}

bool id_is_safe(const char *id)
{
	size_t n = 0;

	while (n < ID_SIZE && is_safe(id[n]))
		n++;
	return n > 0 && n < ID_SIZE && id[n] == '\0';
}
