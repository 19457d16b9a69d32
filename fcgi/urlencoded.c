#include "urlencoded.h"

#include "lib/text.h"

#include <string.h>

bool urlencoded_next(const char **at, struct urlencoded_pair *pair)
{
	const char *text = *at + strspn(*at, "&"), *equals;
	size_t len = strcspn(text, "&");

	*at = text + len;
	if (len == 0)
		return false;
	equals = memchr(text, '=', len);
	pair->name = text;
	pair->name_len = equals != NULL ? (size_t)(equals - text) : len;
	pair->value = equals != NULL ? equals + 1 : text + len;
	pair->value_len = (size_t)(text + len - pair->value);
	return true;
}

/* -1 for what is no hexadecimal digit. */
static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte at text[*i], decoded; *i moves behind it. -1 for a bad escape. */
static int decode_one(const char *text, size_t len, size_t *i)
{
	char c = text[(*i)++];
	int high, low;

	if (c == '+')
		return ' ';
	if (c != '%')
		return (unsigned char)c;
	if (len - *i < 2)
		return -1;
	high = hex(text[*i]);
	low = hex(text[*i + 1]);
	*i += 2;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool urlencoded_is(const struct urlencoded_pair *pair, const char *name)
{
	size_t i = 0;

	for (; i < pair->name_len && *name != '\0'; name++)
		if (decode_one(pair->name, pair->name_len, &i) != (unsigned char)*name)
			return false;
	return i == pair->name_len && *name == '\0';
}

enum kn_err urlencoded_decode(char *text, size_t len, size_t *decoded)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		int c = decode_one(text, len, &i);

		if (c <= 0)
			return KN_ERR_INVALID;
		text[n++] = (char)c;
	}
	text[n] = '\0';
	*decoded = n;
	return text_is_utf8(text, n) ? KN_OK : KN_ERR_INVALID;
}
