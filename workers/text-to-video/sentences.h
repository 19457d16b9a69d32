/* A text in sentences, in any script; a sentence that never ends is cut. */
#ifndef SENTENCES_H
#define SENTENCES_H

#include <stdbool.h>
#include <stddef.h>

enum { SENTENCE_MAX = 320 }; /* code points */

struct sentence {
	size_t at, len; /* bytes in the text, without the white space around */
	bool ends_paragraph;
	size_t next; /* where to go on; zero the structure to begin */
};

/* The next sentence of valid UTF-8; false at the end. */
bool sentence_next(const char *text, size_t len, struct sentence *sentence);

#endif
