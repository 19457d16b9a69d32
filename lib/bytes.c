#include "bytes.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_FIRST_SIZE = 512 };

static bool reserve(struct bytes *to, size_t len)
{
	size_t size = to->size > 0 ? to->size : BYTES_FIRST_SIZE;
	unsigned char *grown;

	if (to->failed || len > SIZE_MAX / 4 - to->len)
		to->failed = true;
	if (to->failed || to->len + len <= to->size)
		return !to->failed;
	while (size < to->len + len)
		size *= 2;
	grown = realloc(to->data, size);
	to->failed = grown == NULL;
	if (grown != NULL) {
		to->data = grown;
		to->size = size;
	}
	return !to->failed;
}

void bytes_put(struct bytes *to, const void *data, size_t len)
{
	if (len == 0 || !reserve(to, len))
		return;
	memcpy(to->data + to->len, data, len);
	to->len += len;
}

void bytes_put_u64(struct bytes *to, uint64_t n)
{
	n = htole64(n);
	bytes_put(to, &n, sizeof(n));
}

void bytes_put_number(struct bytes *to, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		bytes_put_u8(to, (uint8_t)(n | 0x80));
	bytes_put_u8(to, (uint8_t)n);
}

void bytes_put_decimal(struct bytes *to, uint64_t n)
{
	char digits[20], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	bytes_put(to, at, (size_t)(digits + sizeof(digits) - at));
}

bool bytes_get(struct bytes_reader *from, size_t len, const unsigned char **out)
{
	if (len > (size_t)(from->end - from->at))
		return false;
	*out = from->at;
	from->at += len;
	return true;
}

bool bytes_get_u8(struct bytes_reader *from, uint8_t *out)
{
	const unsigned char *p;

	if (!bytes_get(from, 1, &p))
		return false;
	*out = *p;
	return true;
}

bool bytes_get_u64(struct bytes_reader *from, uint64_t *out)
{
	const unsigned char *p;

	if (!bytes_get(from, sizeof(*out), &p))
		return false;
	memcpy(out, p, sizeof(*out));
	*out = le64toh(*out);
	return true;
}

bool bytes_get_number(struct bytes_reader *from, uint64_t *out)
{
	const unsigned char *p = from->at;
	uint64_t n = 0;

	for (int shift = 0; p < from->end && shift < 64; shift += 7) {
		uint64_t bits = *p & 0x7f;

		if (bits << shift >> shift != bits)
			return false;
		n |= bits << shift;
		if (*p++ < 0x80) {
			from->at = p;
			*out = n;
			return true;
		}
	}
	return false;
}
