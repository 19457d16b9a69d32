#include "subject.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct subject_family *const families[] = {&creatures, &people, &buildings,
							&vehicles,  &nature, &things};

/* Whether the words are one of the alternatives, whole. */
static bool is_called(const struct subject *subject, const char *words, size_t len)
{
	for (const char *at = subject->words; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (strncmp(at, words, len) == 0 && (at[len] == '|' || at[len] == '\0'))
			return true;
	}
	return false;
}

static const struct subject *find(const char *words)
{
	size_t len = strlen(words);
	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++)
		for (size_t i = 0; i < families[f]->n; i++)
			if (is_called(&families[f]->subjects[i], words, len))
				return &families[f]->subjects[i];
	return NULL;
}

const struct subject *subject_find(const char *words)
{
	/* What plurals end in, and what stands there in the singular. */
	static const char *const endings[][2] = {{"ies", "y"}, {"ves", "f"}, {"es", ""}, {"s", ""}};
	const struct subject *subject = find(words);
	char singular[96];
	size_t len = strlen(words);
	if (len + 2 > sizeof(singular))
		return NULL;
	for (size_t i = 0; !subject && i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t cut = strlen(endings[i][0]);
		if (len <= cut + 1 || strcmp(words + len - cut, endings[i][0]) != 0)
			continue;
		snprintf(singular, sizeof(singular), "%.*s%s", (int)(len - cut), words,
			 endings[i][1]);
		subject = find(singular);
	}
	return subject;
}
