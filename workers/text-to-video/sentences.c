#include "workers/text-to-video/sentences.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

/* Full stops of scripts that put no space behind them. */
static bool is_wide_stop(ucs4_t c)
{
	return c == 0x3002 || c == 0xff01 || c == 0xff1f || c == 0xff61 || c == 0x0964;
}

static bool is_stop(ucs4_t c)
{
	return c == '.' || c == '!' || c == '?' || c == 0x2026 || c == 0x061f || c == 0x06d4;
}

/* Quotes and brackets that belong to what they close. */
static bool is_closing(ucs4_t c)
{
	return c == '"' || c == '\'' || c == ')' || c == 0x201d || c == 0x2019 || c == 0xbb ||
	       c == 0x300d || c == 0x300f || c == 0xff09;
}

static size_t decode(const char *text, size_t len, size_t at, ucs4_t *c)
{
	int n = u8_mbtouc(c, (const uint8_t *)text + at, len - at);

	return n > 0 ? (size_t)n : 1;
}

static size_t skip_white(const char *text, size_t len, size_t at, bool *newline)
{
	ucs4_t c;

	while (at < len) {
		size_t n = decode(text, len, at, &c);

		if (!uc_is_property_white_space(c))
			break;
		*newline = *newline || c == '\n' || c == 0x2029;
		at += n;
	}
	return at;
}

/* Where the sentence that begins at `at` ends, closing marks included. */
static size_t find_end(const char *text, size_t len, size_t at)
{
	size_t last_space = 0, count = 0;
	bool stopped = false, closed = false;
	ucs4_t c;

	while (at < len) {
		size_t n = decode(text, len, at, &c);
		bool white = uc_is_property_white_space(c);

		if ((stopped && white) || (closed && !is_closing(c)) || c == '\n')
			return at;
		if (count >= SENTENCE_MAX)
			return last_space > 0 ? last_space : at;
		if (white)
			last_space = at;
		closed = closed || is_wide_stop(c);
		stopped = is_stop(c) || (stopped && is_closing(c));
		at += n;
		count++;
	}
	return len;
}

bool sentence_next(const char *text, size_t len, struct sentence *sentence)
{
	bool newline = false;
	size_t at = skip_white(text, len, sentence->next, &newline), end;

	if (at >= len)
		return false;
	end = find_end(text, len, at);
	newline = false;
	sentence->at = at;
	sentence->next = skip_white(text, len, end, &newline);
	sentence->len = end - at;
	sentence->ends_paragraph = newline || sentence->next >= len;
	return true;
}
