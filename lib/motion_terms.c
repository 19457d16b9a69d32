#include "lib/motion_terms.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum { TERM_SIZE = 32 };

struct term {
	int value;
	const char *name;
};

#define TERM(value, name) {value, name},
#define NAME(value, name) ", " name

static const struct term cameras[] = {CAMERA_TABLE(TERM)};
static const struct term environments[] = {ENVIRONMENT_TABLE(TERM)};
static const struct term subjects[] = {SUBJECT_TABLE(TERM)};

/* Lower-case words with single spaces between; false if that is too long to be a term. */
static bool fold(const char *text, char out[TERM_SIZE])
{
	size_t len = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool gap = c < 0x80 && !isalnum(c);

		if (gap && (!len || out[len - 1] == ' '))
			continue;
		if (len + 1 == TERM_SIZE)
			return false;
		out[len++] = gap ? ' ' : (char)tolower(c);
	}
	if (len && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
	return true;
}

static bool parse(const char *text, const struct term *terms, size_t count, int *out)
{
	char folded[TERM_SIZE], name[TERM_SIZE];

	if (!fold(*text ? text : "none", folded))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (fold(terms[i].name, name) && !strcmp(name, folded)) {
			*out = terms[i].value;
			return true;
		}
	}
	return false;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool camera_parse(const char *text, enum camera *out)
{
	int value;
	bool known = parse(text, cameras, COUNT(cameras), &value);

	if (known)
		*out = (enum camera)value;
	return known;
}

bool environment_parse(const char *text, enum environment *out)
{
	int value;
	bool known = parse(text, environments, COUNT(environments), &value);

	if (known)
		*out = (enum environment)value;
	return known;
}

bool subject_parse(const char *text, enum subject *out)
{
	int value;
	bool known = parse(text, subjects, COUNT(subjects), &value);

	if (known)
		*out = (enum subject)value;
	return known;
}

/* Each list begins with a separator that is skipped. */
const char *camera_names(void)
{
	return &CAMERA_TABLE(NAME)[2];
}

const char *environment_names(void)
{
	return &ENVIRONMENT_TABLE(NAME)[2];
}

const char *subject_names(void)
{
	return &SUBJECT_TABLE(NAME)[2];
}
