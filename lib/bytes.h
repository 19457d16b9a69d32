/*
 * Little-endian encoding into growing memory, and bounded decoding from it:
 * what stored records and answers are made with. Nothing here reads past what it was given.
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
void bytes_put_u8(struct bytes *to, uint8_t n);
void bytes_put_u32(struct bytes *to, uint32_t n);
void bytes_put_u64(struct bytes *to, uint64_t n);
/* As text. */
void bytes_put_decimal(struct bytes *to, uint64_t n);
/* Overwrites four bytes at an offset that was put before. */
void bytes_set_u32(struct bytes *to, size_t at, uint32_t n);

struct bytes_reader {
	const unsigned char *at, *end;
};

/* Return false, and change nothing, when too few bytes are left. */
bool bytes_get(struct bytes_reader *from, size_t len, const unsigned char **out);
bool bytes_get_u8(struct bytes_reader *from, uint8_t *out);
bool bytes_get_u32(struct bytes_reader *from, uint32_t *out);
bool bytes_get_u64(struct bytes_reader *from, uint64_t *out);

#endif
