#include "text.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

bool text_is_utf8(const char *text, size_t len)
{
	/* Nothing has no address that memchr() could be given. */
	return len == 0 ||
	       (memchr(text, '\0', len) == NULL && u8_check((const uint8_t *)text, len) == NULL);
}

size_t text_length(const char *text, size_t len)
{
	return u8_mbsnlen((const uint8_t *)text, len);
}

bool text_is_blank(const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	ucs4_t c;
	int n;

	for (; len > 0; p += n, len -= (size_t)n) {
		n = u8_mbtouc(&c, p, len);
		if (!uc_is_property_white_space(c))
			return false;
	}
	return true;
}

size_t text_cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}
