/*
 * Growing memory that stored records and answers are written to, and bounded
 * decoding. Nothing here reads past what it was given.
 *
 * A number is written seven bits a byte, the lowest first; the high bit says
 * that more follow.
 */
#ifndef KN_BYTES_H
#define KN_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero it to begin. After a failed allocation `failed` is set, and further puts do nothing. */
struct bytes {
	unsigned char *data; /* malloc'd; free it when done */
	size_t len, size;
	bool failed;
};

void bytes_put(struct bytes *to, const void *data, size_t len);
static inline void bytes_put_u8(struct bytes *to, uint8_t n)
{
	if (to->len < to->size && !to->failed)
		to->data[to->len++] = n;
	else
		bytes_put(to, &n, sizeof(n));
}

void bytes_put_u64(struct bytes *to, uint64_t n); /* eight bytes, little-endian */
void bytes_put_number(struct bytes *to, uint64_t n);
/* As text. */
void bytes_put_decimal(struct bytes *to, uint64_t n);

struct bytes_reader {
	const unsigned char *at, *end;
};

/* Return false, and change nothing, when too few bytes are left. */
bool bytes_get(struct bytes_reader *from, size_t len, const unsigned char **out);
bool bytes_get_u8(struct bytes_reader *from, uint8_t *out);
bool bytes_get_u64(struct bytes_reader *from, uint64_t *out);
bool bytes_get_number(struct bytes_reader *from, uint64_t *out);

#endif
