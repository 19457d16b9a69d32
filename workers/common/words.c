#include "workers/common/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

enum { WORD_MAX = 64 };

/* What holds words together: letters, digits and the marks that combine with them. */
static bool is_word(ucs4_t c)
{
	return uc_is_general_category(c, UC_CATEGORY_L) ||
	       uc_is_general_category(c, UC_CATEGORY_N) || uc_is_general_category(c, UC_CATEGORY_M);
}

char *words_fold(const char *text)
{
	size_t len = 0, out = 0;
	uint8_t *lower = u8_tolower((const uint8_t *)text, strlen(text), NULL, NULL, NULL, &len);
	char *folded = lower ? malloc(len + 3) : NULL;
	ucs4_t c;

	if (!folded)
		goto out;
	folded[out++] = ' ';
	for (size_t i = 0; i < len;) {
		int n = u8_mbtoucr(&c, lower + i, len - i);

		if (n < 1)
			break;
		if (is_word(c)) {
			memcpy(folded + out, lower + i, (size_t)n);
			out += (size_t)n;
		} else if (folded[out - 1] != ' ') {
			folded[out++] = ' ';
		}
		i += (size_t)n;
	}
	if (folded[out - 1] != ' ')
		folded[out++] = ' ';
	folded[out] = '\0';
out:
	free(lower);
	return folded;
}

int words_find_longest(const char *folded, const char *alternatives, int *len)
{
	char word[WORD_MAX];
	int first = -1;

	for (const char *at = alternatives; *at;) {
		int size = (int)strcspn(at, "|"), any = size && at[size - 1] == '*', place;
		const char *found;

		snprintf(word, sizeof(word), " %.*s%s", size - any, at, any ? "" : " ");
		found = strstr(folded, word);
		place = found ? (int)(found - folded) : -1;
		if (found && (first < 0 || place < first || (place == first && size > *len))) {
			first = place;
			*len = size;
		}
		at += size + (at[size] == '|');
	}
	return first;
}

int words_find(const char *folded, const char *alternatives)
{
	int len = 0;

	return words_find_longest(folded, alternatives, &len);
}
