#include "workers/text-to-video/voices.h"

#include <stddef.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

/* Script (Unicode's name) and voice. Kana tells Japanese from Chinese, however few there are of it.
 */
static const struct {
	const char *script, *voice;
	int weight;
} voices[] = {
	{"Latin", "en-us", 1}, {"Cyrillic", "ru", 1},   {"Greek", "el", 1},    {"Arabic", "ar", 1},
	{"Hebrew", "he", 1},   {"Devanagari", "hi", 1}, {"Bengali", "bn", 1},  {"Tamil", "ta", 1},
	{"Telugu", "te", 1},   {"Georgian", "ka", 1},   {"Armenian", "hy", 1}, {"Hangul", "ko", 1},
	{"Hiragana", "ja", 8}, {"Katakana", "ja", 8},   {"Han", "cmn", 2},     {"Thai", "th", 1},
	{"Ethiopic", "am", 1}, {"Gurmukhi", "pa", 1},
};
enum { VOICES = sizeof(voices) / sizeof(voices[0]) };

const char *voice_for(const char *text)
{
	size_t counts[VOICES] = {0}, best = 0, len = strlen(text);
	ucs4_t c;

	for (size_t at = 0; at < len;) {
		int n = u8_mbtouc(&c, (const uint8_t *)text + at, len - at);
		const uc_script_t *script = uc_script(c);

		for (size_t i = 0; script != NULL && i < VOICES; i++)
			if (strcmp(script->name, voices[i].script) == 0)
				counts[i] += (size_t)voices[i].weight;
		at += n > 0 ? (size_t)n : 1;
	}
	for (size_t i = 1; i < VOICES; i++)
		if (counts[i] > counts[best])
			best = i;
	return voices[best].voice;
}

bool voice_has_work(const char *text)
{
	size_t len = strlen(text);
	ucs4_t c;

	for (size_t at = 0; at < len;) {
		int n = u8_mbtouc(&c, (const uint8_t *)text + at, len - at);

		if (uc_is_alnum(c))
			return true;
		at += n > 0 ? (size_t)n : 1;
	}
	return false;
}
