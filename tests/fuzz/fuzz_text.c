/* UTF-8, against a decoder that is written here from RFC 3629. Input: where to cut (one byte), the
 * text. */
#include "fuzz.h"

#include "lib/text.h"

/* Bytes of the character at p, 0 for none. */
static size_t character(const uint8_t *p, size_t left)
{
	static const struct {
		uint8_t from, to;
		size_t len;
		uint32_t least;
	} leads[] = {{0x01, 0x7f, 1, 1},
		     {0xc2, 0xdf, 2, 0x80},
		     {0xe0, 0xef, 3, 0x800},
		     {0xf0, 0xf4, 4, 0x10000}};

	for (size_t i = 0; i < 4; i++) {
		uint32_t c = p[0] & (0xffu >> (leads[i].len + (leads[i].len > 1)));

		if (p[0] < leads[i].from || p[0] > leads[i].to)
			continue;
		for (size_t k = 1; k < leads[i].len; k++) {
			if (k >= left || (p[k] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (p[k] & 0x3fu);
		}
		return c < leads[i].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)
			       ? 0
			       : leads[i].len;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 0, characters = 0, max, cut, n;
	const char *text;

	if (size < 1)
		return 0;
	max = data[0];
	text = (const char *)++data;
	size--;
	while (at < size && (n = character(data + at, size - at)) > 0) {
		at += n;
		characters++;
	}
	assert(text_is_utf8(text, size) == (at == size));
	if (at < size)
		return 0;
	assert(text_length(text, size) == characters);
	cut = text_cut(text, size, max);
	assert(cut <= size && cut <= max && text_is_utf8(text, cut));
	assert(cut == size || max - cut < 4);
	text_is_blank(text, size);
	return 0;
}
