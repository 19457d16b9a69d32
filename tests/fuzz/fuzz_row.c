/* The columns of a list entry. Input: the length of the key's tail (one byte), the tail, the
 * columns. What decodes has texts that lie within the columns and end there. */
#include "fuzz.h"

#include "lib/store/store_priv.h"

static void check_text(const char *text, const uint8_t *data, size_t size)
{
	const char *from = (const char *)data;

	assert(text >= from && text < from + size);
	assert(memchr(text, '\0', size - (size_t)(text - from)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_row row;
	unsigned char *tail;
	size_t tail_len;

	if (size < 1 || data[0] > size - 1)
		return 0;
	tail_len = data[0];
	tail = malloc(tail_len + 1);
	assert(tail != NULL);
	memcpy(tail, data + 1, tail_len);
	data += 1 + tail_len;
	size -= 1 + tail_len;
	if (row_decode(tail, tail_len, data, size, &row) == KN_OK) {
		assert(memchr(row.id, '\0', sizeof(row.id)) != NULL);
		assert(row.api < JOB_API_COUNT && row.state < JOB_STATE_COUNT);
		check_text(row.model, data, size);
		check_text(row.prompt, data, size);
		check_text(row.owner, data, size);
		check_text(row.error, data, size);
	}
	free(tail);
	return 0;
}
