/*
 * What a key looks like:
 *
 *   kn_ + 64 hex digits (the secret) + 8 hex digits (BLAKE2b of what precedes)
 *
 * The checksum tells a mistyped key, and lets a secret scanner know one, without a look-up.
 */
#ifndef API_KEY_TEXT_H
#define API_KEY_TEXT_H

#include "api_key.h"

#define API_KEY_PREFIX "kn_"

enum { API_KEY_HASH_SIZE = 32 };

void api_key_text_draw(char text[API_KEY_SIZE]);
bool api_key_text_is_well_formed(const char *text);
/* By which the key is kept and found: BLAKE2b of the text. */
void api_key_text_hash(const char *text, unsigned char hash[API_KEY_HASH_SIZE]);

#endif
