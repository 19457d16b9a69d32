#include "json_text.h"

#include <string.h>

/* A value ends with a quote, a digit, a letter or a bracket that closes: whatever else is last
 * needs no comma after it. */
static bool is_first(const struct bytes *to)
{
	return to->len == 0 || strchr("{[:", to->data[to->len - 1]) != NULL;
}

static void put_escaped(struct bytes *to, unsigned char c)
{
	static const char hex[] = "0123456789abcdef", from[] = "\"\\\b\f\n\r\t", as[] = "\"\\bfnrt";
	const char *known = c != '\0' ? strchr(from, c) : NULL;
	char code[] = "\\u0000";

	if (known != NULL) {
		bytes_put_u8(to, '\\');
		bytes_put_u8(to, (uint8_t)as[known - from]);
	} else {
		code[4] = hex[c >> 4];
		code[5] = hex[c & 15];
		bytes_put(to, code, sizeof(code) - 1);
	}
}

static void put_quoted(struct bytes *to, const char *text)
{
	const char *plain = text;

	bytes_put_u8(to, '"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		bytes_put(to, plain, (size_t)(text - plain));
		put_escaped(to, c);
		plain = text + 1;
	}
	bytes_put(to, plain, (size_t)(text - plain));
	bytes_put_u8(to, '"');
}

/* What comes before a value. */
static void begin(struct bytes *to, const char *name)
{
	if (!is_first(to))
		bytes_put_u8(to, ',');
	if (name != NULL) {
		bytes_put_u8(to, '"');
		bytes_put(to, name, strlen(name));
		bytes_put(to, "\":", 2);
	}
}

void json_text_open(struct bytes *to, const char *name, char kind)
{
	begin(to, name);
	bytes_put_u8(to, (uint8_t)kind);
}

void json_text_close(struct bytes *to, char kind)
{
	bytes_put_u8(to, (uint8_t)kind);
}

void json_text_string(struct bytes *to, const char *name, const char *text)
{
	begin(to, name);
	if (text != NULL)
		put_quoted(to, text);
	else
		bytes_put(to, "null", 4);
}

void json_text_int(struct bytes *to, const char *name, int64_t value)
{
	begin(to, name);
	if (value < 0)
		bytes_put_u8(to, '-');
	bytes_put_decimal(to, value < 0 ? -(uint64_t)value : (uint64_t)value);
}
