/*
 * Which voice reads a text, which font shows it and which words mean little in it: one table
 * row per language, found by the text's script, its letters and its commonest words.
 */
#ifndef LANGUAGE_H
#define LANGUAGE_H

#include <stddef.h>
#include <stdint.h>

/* How a script without spaces is cut into words that can be highlighted one by one. */
enum word_rule {
	WORDS_BY_SPACE,
	WORDS_BY_BREAK, /* wherever a line may break: Han by the character, Thai by its dictionary
			 */
	WORDS_BY_KANA,  /* Japanese phrases, or without a dictionary where hiragana ends */
};

struct language {
	const char *script; /* the Unicode name */
	const char *marks; /* letters that only this language has of those of its script, or NULL */
	const char *voice; /* espeak-ng's */
	const char *font;  /* a family; Debian: fonts-noto-core, fonts-noto-cjk */
	enum word_rule rule;
	const char *stop; /* words of little meaning, as words_find() takes them, or "" */
};

/* The language of a valid UTF-8 text; never NULL. */
const struct language *language_of(const char *text);
/* The first row of that voice's language ("de", "pt-br"), or NULL. */
const struct language *language_by_voice(const char *voice);

#endif
