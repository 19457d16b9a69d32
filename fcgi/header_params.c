#include "header_params.h"

#include "lib/text.h"
#include "urlencoded.h"

#include <string.h>
#include <strings.h>

static const char blanks[] = " \t";

bool header_is(const char *header, const char *value)
{
	size_t n;

	header += strspn(header, blanks);
	n = strcspn(header, "; \t");
	return n == strlen(value) && strncasecmp(header, value, n) == 0;
}

/* Where a value is collected; what does not fit sets `full`. */
struct sink {
	char *at, *end;
	bool full;
};

static void sink_put(struct sink *sink, char c)
{
	if (sink->at < sink->end)
		*sink->at++ = c;
	else
		sink->full = true;
}

/* Reads behind the opening quote, up to behind the closing one. Only \" and \\ are escapes:
 * browsers send backslashes of paths as they are. NULL when the quote is not closed. */
static const char *read_quoted(const char *at, struct sink *sink)
{
	for (; *at != '"'; at++) {
		if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
			at++;
		if (*at == '\0')
			return NULL;
		sink_put(sink, *at);
	}
	return at + 1;
}

static const char *read_value(const char *at, struct sink *sink)
{
	if (*at == '"')
		return read_quoted(at + 1, sink);
	for (size_t n = strcspn(at, "; \t"); n > 0; n--)
		sink_put(sink, *at++);
	return at;
}

/* UTF-8''percent%20encoded, in place. */
static enum kn_err decode_extended(char *text)
{
	static const char charset[] = "UTF-8'";
	size_t len;
	char *value;

	if (strncasecmp(text, charset, sizeof(charset) - 1) != 0)
		return KN_ERR_INVALID;
	value = strchr(text + sizeof(charset) - 1, '\'');
	/* RFC 8187 knows no "+", and it must not become a blank. */
	if (value == NULL || strchr(value, '+') != NULL)
		return KN_ERR_INVALID;
	len = strlen(value + 1);
	memmove(text, value + 1, len + 1);
	return urlencoded_decode(text, len, &len);
}

/* Reads "; name=value" and moves *at behind it. The value of the parameter `want` goes to the sink,
 * and *found says that it was that one. */
static enum kn_err next_param(const char **at, const char *want, struct sink *sink, bool *found)
{
	struct sink nowhere = {0};
	const char *name;
	size_t len;

	*found = false;
	if (**at != ';')
		return KN_ERR_INVALID;
	name = *at + 1 + strspn(*at + 1, blanks);
	len = strcspn(name, "=; \t\"");
	*at = name + len;
	if (len > 0) { /* "; ;" and a ";" at the end are harmless */
		if (**at != '=')
			return KN_ERR_INVALID;
		*found = len == strlen(want) && strncasecmp(name, want, len) == 0;
		*at = read_value(*at + 1, *found ? sink : &nowhere);
		if (*at == NULL)
			return KN_ERR_INVALID;
	}
	*at += strspn(*at, blanks);
	return KN_OK;
}

enum kn_err header_param(const char *header, const char *name, char *out, size_t size)
{
	struct sink sink = {out, out + size - 1, false};
	const char *at = header + strspn(header, blanks);
	bool found = false, this;

	at += strcspn(at, "; \t");
	at += strspn(at, blanks);
	while (*at != '\0') {
		enum kn_err err = next_param(&at, name, &sink, &this);

		if (err != KN_OK || (found && this) || sink.full)
			return KN_ERR_INVALID;
		found = found || this;
	}
	*sink.at = '\0';
	if (!found)
		return KN_ERR_NOT_FOUND;
	if (name[strlen(name) - 1] == '*')
		return decode_extended(out);
	return text_is_utf8(out, strlen(out)) ? KN_OK : KN_ERR_INVALID;
}
