/*
 * Palettes, chosen from a prompt's words. palette.c holds the vocabulary.
 * Colours are 0xRRGGBB.
 */
#ifndef PALETTE_H
#define PALETTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct palette {
	const char *name;
	bool mood;          /* of the hour or the weather: it outranks a palette of things */
	const char *words;  /* that call for it, as words_find() takes them */
	uint32_t sky[3];    /* a background from top to bottom */
	uint32_t far, near; /* of things before it: hills, waves, shapes */
	uint32_t light;     /* of what shines: sun, moon, lamps, glow */
	uint32_t accent;    /* small bright things: underline, bars, highlights */
	uint32_t ink;       /* text that is readable on the background */
};

/* The palette whose words the text has first, moods before things; else one by chance from text and
 * seed. Never NULL. */
const struct palette *palette_choose(const char *text, int64_t seed);

/* All of them, for tests and for choosing another one. */
const struct palette *palette_at(size_t index); /* NULL at the end */

#endif
