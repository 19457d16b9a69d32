/*
 * The story as words: what is spoken, shown and highlighted one by one. A word here is
 * what stands between spaces with its punctuation; scripts without spaces are cut as
 * their language says, and anything longer than WORD_COLUMNS is cut too, so that it can
 * be spoken and fits a line.
 */
#ifndef TEXT_H
#define TEXT_H

#include "lib/err.h"
#include "workers/text-to-video/language.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORD_COLUMNS = 24, WORD_CHARS = 60 };

struct word {
	const char *at;   /* in the text's bytes, not terminated */
	uint32_t len;     /* bytes */
	uint16_t columns; /* as terminals count: Han is two wide */
	bool space_after;
	bool ends_clause, ends_sentence, ends_paragraph;
	char *spoken;       /* how it sounds, for the voice; NULL: as it is written */
	int64_t begin, end; /* ms from the film's start; set by the narration */
};

struct text {
	char *bytes;
	const struct language *language;
	struct word *words;
	size_t count;
};

/* language NULL: found from the text, which is valid UTF-8. KN_ERR_INVALID: nothing in it can be
 * spoken. */
enum kn_err text_new(struct text **out, const char *raw, const struct language *language);
void text_free(struct text **text);

/* Columns of words [from, to) in a row, with the spaces between. */
size_t text_columns(const struct text *text, size_t from, size_t to);
/* Index after the last word of the sentence that word `from` is in. */
size_t text_sentence_end(const struct text *text, size_t from);
/* Words [from, to) as a string, malloc'd. */
char *text_span(const struct text *text, size_t from, size_t to);

#endif
