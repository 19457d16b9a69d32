#include "multipart.h"

#include "header_params.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	BUFFER_BYTES = 64 * 1024,
	NAME_MAX_BYTES = 1024,
	BLANKS_MAX = 70, /* behind a boundary */
};

enum state {
	PREAMBLE,  /* before the first boundary: ignored */
	DELIMITED, /* behind a boundary: "--" ends, a line end begins a part */
	HEADERS,   /* from that line end to the empty line */
	DATA,
	EPILOGUE, /* behind the closing boundary: ignored */
};

struct multipart {
	const struct multipart_calls *calls;
	void *arg;
	enum state state;
	int parts;
	char delimiter[4 + MULTIPART_BOUNDARY_MAX + 1]; /* CRLF "--" boundary */
	size_t delimiter_len;
	size_t len; /* of what is held in buffer */
	char buffer[BUFFER_BYTES];
};

/* RFC 2046: 1..70 of these, not ending in a blank. */
static bool is_boundary(const char *text)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ";
	size_t n = strlen(text);

	return n > 0 && n <= MULTIPART_BOUNDARY_MAX && strspn(text, allowed) == n &&
	       text[n - 1] != ' ';
}

enum kn_err multipart_new(const char *content_type, const struct multipart_calls *calls, void *arg,
			  struct multipart **out)
{
	char boundary[MULTIPART_BOUNDARY_MAX + 1];
	struct multipart *parser;

	if (header_param(content_type, "boundary", boundary, sizeof(boundary)) != KN_OK ||
	    !is_boundary(boundary))
		return KN_ERR_INVALID;
	parser = malloc(sizeof(*parser));
	if (parser == NULL)
		return KN_ERR_NOMEM;
	parser->calls = calls;
	parser->arg = arg;
	parser->state = PREAMBLE;
	parser->parts = 0;
	memcpy(parser->delimiter, "\r\n--", 4);
	strcpy(parser->delimiter + 4, boundary);
	parser->delimiter_len = strlen(parser->delimiter);
	/* The first boundary has no line before it, if there is no preamble. */
	memcpy(parser->buffer, "\r\n", 2);
	parser->len = 2;
	*out = parser;
	return KN_OK;
}

void multipart_free(struct multipart **parser)
{
	free(*parser);
	*parser = NULL;
}

/* The value of the header of that name, cut out of the lines; NULL when there is none, or more than
 * one. */
static char *find_header(char *lines, const char *name)
{
	size_t len = strlen(name);
	char *found = NULL;

	for (char *line = lines, *next; line != NULL; line = next) {
		next = strstr(line, "\r\n");
		if (next != NULL)
			next += 2;
		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		if (found != NULL)
			return NULL;
		found = line + len + 1;
	}
	if (found != NULL)
		found[strcspn(found, "\r\n")] = '\0';
	return found;
}

/* Reads a part's header block, NUL-terminated, and announces the part. */
static enum kn_err begin_part(struct multipart *parser, char *lines)
{
	char name[NAME_MAX_BYTES], filename[NAME_MAX_BYTES], plain[NAME_MAX_BYTES];
	const char *disposition = find_header(lines, "Content-Disposition");
	struct multipart_part part = {name, NULL};
	enum kn_err err, plain_err;

	if (disposition == NULL || !header_is(disposition, "form-data") ||
	    header_param(disposition, "name", name, sizeof(name)) != KN_OK)
		return KN_ERR_INVALID;
	err = header_param(disposition, "filename*", filename, sizeof(filename));
	plain_err = header_param(disposition, "filename", plain, sizeof(plain));
	if (err == KN_ERR_INVALID || plain_err == KN_ERR_INVALID)
		return KN_ERR_INVALID;
	if (err == KN_OK)
		part.filename = filename;
	else if (plain_err == KN_OK)
		part.filename = plain;
	return parser->calls->begin(parser->arg, &part);
}

static void consume(struct multipart *parser, size_t n)
{
	parser->len -= n;
	memmove(parser->buffer, parser->buffer + n, parser->len);
}

/* Each step returns KN_OK and sets *more when it got further, and unsets it when it needs more
 * bytes. */

/* Hands out what cannot be part of a delimiter, up to the next delimiter. */
static enum kn_err step_data(struct multipart *parser, bool *more)
{
	const char *found =
		memmem(parser->buffer, parser->len, parser->delimiter, parser->delimiter_len);
	size_t n = found != NULL ? (size_t)(found - parser->buffer) : parser->len;
	enum kn_err err = KN_OK;

	if (found == NULL)
		n -= n < parser->delimiter_len ? n : parser->delimiter_len - 1;
	if (parser->state == DATA && n > 0)
		err = parser->calls->data(parser->arg, parser->buffer, n);
	if (parser->state == DATA && found != NULL && err == KN_OK)
		err = parser->calls->end(parser->arg);
	if (found != NULL)
		parser->state = DELIMITED;
	consume(parser, found != NULL ? n + parser->delimiter_len : n);
	*more = found != NULL;
	return err;
}

static enum kn_err step_delimited(struct multipart *parser, bool *more)
{
	size_t blank = 0;

	*more = false;
	if (parser->len < 2)
		return KN_OK;
	if (memcmp(parser->buffer, "--", 2) == 0) {
		parser->state = EPILOGUE;
		*more = true;
		return KN_OK;
	}
	while (blank < parser->len && strchr(" \t", parser->buffer[blank]) != NULL &&
	       parser->buffer[blank] != '\0')
		blank++;
	if (blank > BLANKS_MAX)
		return KN_ERR_INVALID;
	if (parser->len - blank < 2)
		return KN_OK;
	if (memcmp(parser->buffer + blank, "\r\n", 2) != 0 || ++parser->parts > MULTIPART_PARTS_MAX)
		return KN_ERR_INVALID;
	consume(parser,
		blank); /* the line end stays: with it, an empty block ends like any other */
	parser->state = HEADERS;
	*more = true;
	return KN_OK;
}

static enum kn_err step_headers(struct multipart *parser, bool *more)
{
	char *end = memmem(parser->buffer, parser->len, "\r\n\r\n", 4);
	enum kn_err err;

	*more = end != NULL;
	if (end == NULL)
		return parser->len < MULTIPART_HEADERS_MAX + 4 ? KN_OK : KN_ERR_INVALID;
	if (end - parser->buffer > MULTIPART_HEADERS_MAX ||
	    memchr(parser->buffer, '\0', (size_t)(end - parser->buffer)) != NULL)
		return KN_ERR_INVALID;
	*end = '\0';
	err = begin_part(parser, parser->buffer);
	consume(parser, (size_t)(end + 4 - parser->buffer));
	parser->state = DATA;
	return err;
}

static enum kn_err step(struct multipart *parser, bool *more)
{
	switch (parser->state) {
	case PREAMBLE:
	case DATA:
		return step_data(parser, more);
	case DELIMITED:
		return step_delimited(parser, more);
	case HEADERS:
		return step_headers(parser, more);
	case EPILOGUE:
		parser->len = 0;
		*more = false;
		return KN_OK;
	}
	return KN_ERR_INTERNAL;
}

enum kn_err multipart_feed(struct multipart *parser, const char *data, size_t len)
{
	enum kn_err err = KN_OK;

	while (len > 0 && err == KN_OK) {
		size_t n = BUFFER_BYTES - parser->len;
		bool more = true;

		if (n > len)
			n = len;
		memcpy(parser->buffer + parser->len, data, n);
		parser->len += n;
		data += n;
		len -= n;
		while (more && err == KN_OK)
			err = step(parser, &more);
	}
	return err;
}

enum kn_err multipart_end(const struct multipart *parser)
{
	return parser->state == EPILOGUE ? KN_OK : KN_ERR_INVALID;
}
