/* A query string, or a form in application/x-www-form-urlencoded. What was decoded and is encoded
 * again decodes to the same; a name is recognised when, and only when, it decodes to that name. */
#include "fuzz.h"

#include "fcgi/urlencoded.h"
#include "lib/text.h"

#include <stdio.h>

/* The text with every byte as %XX; malloc'd. */
static char *encode(const char *text, size_t len)
{
	char *out = malloc(3 * len + 1);

	assert(out != NULL);
	out[0] = '\0';
	for (size_t i = 0; i < len; i++)
		snprintf(out + 3 * i, 4, "%%%02x", (unsigned char)text[i]);
	return out;
}

static void check_again(const char *text, size_t len)
{
	char *again = encode(text, len);
	size_t back;

	assert(urlencoded_decode(again, 3 * len, &back) == KN_OK);
	assert(back == len && memcmp(again, text, len) == 0);
	free(again);
}

static void check_pair(const struct urlencoded_pair *pair)
{
	char *name = fuzz_text((const uint8_t *)pair->name, pair->name_len);
	char *value = fuzz_text((const uint8_t *)pair->value, pair->value_len);
	size_t len;

	assert(memchr(pair->name, '&', pair->name_len) == NULL);
	assert(memchr(pair->value, '&', pair->value_len) == NULL);
	if (urlencoded_decode(name, pair->name_len, &len) == KN_OK) {
		assert(len <= pair->name_len && len == strlen(name) && text_is_utf8(name, len));
		assert(urlencoded_is(pair, name));
		assert(len == 0 || !urlencoded_is(pair, name + 1));
		check_again(name, len);
	}
	if (urlencoded_decode(value, pair->value_len, &len) == KN_OK) {
		assert(len <= pair->value_len && len == strlen(value) && text_is_utf8(value, len));
		check_again(value, len);
	}
	free(name);
	free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct urlencoded_pair pair;
	const char *at = text;
	size_t pairs = 0;

	while (urlencoded_next(&at, &pair)) {
		assert(++pairs <= size && at <= text + size);
		check_pair(&pair);
	}
	free(text);
	return 0;
}
