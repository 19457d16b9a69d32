/* JSON from outside: json_parse_strict() accepts what RFC 8259 and the limits of json.h allow and
 * nothing else, by a second reader that is written here from the RFC; and what it accepts is
 * written as JSON. */
#include "fuzz.h"

#include "lib/json.h"
#include "lib/text.h"

struct reader {
	const char *at, *end;
	int depth, deepest;
	bool has_nul;
};

static bool value(struct reader *r);

static void white(struct reader *r)
{
	while (r->at < r->end && memchr(" \t\r\n", *r->at, 4) != NULL)
		r->at++;
}

static bool take(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool word(struct reader *r, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(r->end - r->at) < n || memcmp(r->at, text, n) != 0)
		return false;
	r->at += n;
	return true;
}

static bool digits(struct reader *r)
{
	const char *from = r->at;

	while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
		r->at++;
	return r->at > from;
}

static bool number(struct reader *r)
{
	take(r, '-');
	if (!take(r, '0') && !digits(r))
		return false;
	if (take(r, '.') && !digits(r))
		return false;
	if (take(r, 'e') || take(r, 'E')) {
		if (!take(r, '+'))
			take(r, '-');
		return digits(r);
	}
	return true;
}

static bool escape(struct reader *r)
{
	if (r->at == r->end)
		return false;
	if (*r->at != 'u')
		return memchr("\"\\/bfnrt", *r->at++, 8) != NULL;
	r->at++;
	if (r->end - r->at < 4)
		return false;
	if (memcmp(r->at, "0000", 4) == 0)
		r->has_nul = true;
	for (int i = 0; i < 4; i++, r->at++)
		if (memchr("0123456789abcdefABCDEF", *r->at, 22) == NULL)
			return false;
	return true;
}

static bool string(struct reader *r)
{
	if (!take(r, '"'))
		return false;
	while (r->at < r->end) {
		char c = *r->at++;

		if (c == '"')
			return true;
		if ((unsigned char)c < 0x20 || (c == '\\' && !escape(r)))
			return false;
	}
	return false;
}

static bool member(struct reader *r)
{
	white(r);
	if (!string(r))
		return false;
	white(r);
	return take(r, ':') && value(r);
}

static bool list(struct reader *r, char close, bool (*item)(struct reader *))
{
	bool ok = true;

	if (++r->depth > r->deepest)
		r->deepest = r->depth;
	white(r);
	if (!take(r, close)) {
		while ((ok = item(r)) && take(r, ','))
			;
		ok = ok && take(r, close);
	}
	r->depth--;
	return ok;
}

/* A value and the white space around it. */
static bool value(struct reader *r)
{
	bool ok;

	white(r);
	if (r->at == r->end || r->depth > 2 * JSON_DEPTH_MAX)
		return false;
	if (take(r, '{'))
		ok = list(r, '}', member);
	else if (take(r, '['))
		ok = list(r, ']', value);
	else if (*r->at == '"')
		ok = string(r);
	else
		ok = word(r, "null") || word(r, "true") || word(r, "false") || number(r);
	white(r);
	return ok;
}

static bool is_json(const char *text, size_t len, int *depth)
{
	struct reader r = {.at = text, .end = text + len};
	bool ok = text_is_utf8(text, len) && value(&r) && r.at == r.end && !r.has_nul;

	*depth = r.deepest;
	return ok;
}

static void check_written(json_object *parsed)
{
	size_t len;
	const char *text = json_object_to_json_string_length(parsed, JSON_C_TO_STRING_PLAIN, &len);
	json_object *again;
	int depth;

	assert(is_json(text, len, &depth));
	assert(json_parse_strict(text, len, &again) == KN_OK);
	json_object_put(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_object *parsed = NULL;
	int depth;
	bool good = is_json((const char *)data, size, &depth);
	enum kn_err err = json_parse_strict((const char *)data, size, &parsed);

	assert(err == KN_OK || (err == KN_ERR_INVALID && parsed == NULL));
	assert(depth <= JSON_DEPTH_MAX || err != KN_OK);
	/* An empty list at the limit is a matter of counting. */
	assert(depth >= JSON_DEPTH_MAX || good == (err == KN_OK));
	if (err == KN_OK)
		check_written(parsed);
	json_object_put(parsed);
	return 0;
}
