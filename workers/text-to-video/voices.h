/* Which voice reads a text. */
#ifndef VOICES_H
#define VOICES_H

#include <stdbool.h>

/* espeak-ng's name of a voice for the script that most of the text's letters are of. Static. */
const char *voice_for(const char *text);
/* Whether anything in the text can be said at all: a letter or a digit. */
bool voice_has_work(const char *text);

#endif
