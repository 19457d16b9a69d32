/*
 * How Japanese is read: what a dictionary (MeCab's) says of the sound of each part of a
 * text, and where phrases begin. espeak-ng knows kana alone. Without MeCab at build or
 * its dictionary at run time nothing is known.
 */
#ifndef READING_H
#define READING_H

#include <stdbool.h>
#include <stddef.h>

struct reader;

/* A part of the text, in order, without gaps except for white space. */
struct reading {
	size_t at, len;    /* bytes */
	bool opens_phrase; /* a caption may show it as a word with what follows */
	char *kana;        /* as it sounds; NULL: as it is written */
};

/* NULL: nothing is known. */
struct reader *reader_open(void);
void reader_close(struct reader **reader);

/* The parts of `len` bytes of UTF-8, *count of them (reading_free); NULL when count is 0. */
struct reading *reading_new(struct reader *reader, const char *text, size_t len, size_t *count);
void reading_free(struct reading **parts, size_t count);

#endif
