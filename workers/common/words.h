/*
 * Looking for words in a prompt. A text is first folded (case, punctuation and
 * white space gone), then asked for lists of alternatives.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>

/* The text as lower-case words with one space before, between and after; the caller frees. NULL: no
 * memory. The text must be valid UTF-8. */
char *words_fold(const char *text);

/*
 * Where in a folded text one of the alternatives stands first, as an offset, or -1. Alternatives
 * are separated by '|'; each is one or more folded words, and a '*' at the end stands for any
 * ending: "snow*|first frost".
 */
int words_find(const char *folded, const char *alternatives);
/* The same; *len is the length of the longest alternative that stands there. */
int words_find_longest(const char *folded, const char *alternatives, int *len);

static inline bool words_have(const char *folded, const char *alternatives)
{
	return words_find(folded, alternatives) >= 0;
}

#endif
