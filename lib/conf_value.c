#include "conf_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <unistr.h>

struct suffix {
	char letter;
	int64_t factor;
};

/* Largest last: printing takes the last that divides. */
static const struct suffix byte_suffixes[] = {
	{'B', 1},
	{'K', INT64_C(1) << 10},
	{'M', INT64_C(1) << 20},
	{'G', INT64_C(1) << 30},
	{'T', INT64_C(1) << 40},
	{0, 0},
};
static const struct suffix second_suffixes[] = {
	{'S', 1}, {'M', 60}, {'H', 3600}, {'D', 86400}, {0, 0}};
static const struct suffix no_suffixes[] = {{0, 0}};

static const struct suffix *suffixes_of(enum conf_type type)
{
	if (type == CONF_BYTES || type == CONF_MARK)
		return byte_suffixes;
	return type == CONF_SECONDS ? second_suffixes : no_suffixes;
}

static enum kn_err parse_number(const struct conf_option *option, const char *text, int64_t *to)
{
	int64_t n, factor = 1;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return KN_ERR_INVALID;
	errno = 0;
	n = strtoll(text, &end, 10);
	for (const struct suffix *s = suffixes_of(option->type); *end != '\0' && s->letter != 0;
	     s++)
		if ((*end & ~0x20) == s->letter) {
			factor = s->factor;
			end++;
			break;
		}
	if (errno != 0 || *end != '\0' || n > INT64_MAX / factor)
		return KN_ERR_INVALID;
	n *= factor;
	if (n < option->min || n > option->max)
		return KN_ERR_INVALID;
	*to = n;
	return KN_OK;
}

/* "95%" is 95; bytes are far above 100. */
static enum kn_err parse_mark(const struct conf_option *option, const char *text, int64_t *to)
{
	size_t digits = strspn(text, "0123456789");
	int64_t percent;

	if (strcmp(text, "0") == 0) {
		*to = 0;
		return KN_OK;
	}
	if (strcmp(text + digits, "%") != 0)
		return parse_number(option, text, to);
	percent = digits > 0 && digits <= 3 ? atoi(text) : 0;
	if (percent < 1 || percent > CONF_MARK_PERCENT_MAX)
		return KN_ERR_INVALID;
	*to = percent;
	return KN_OK;
}

static enum kn_err parse_bool(const char *text, int64_t *to)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

	for (int i = 0; i < 8; i++)
		if (strcasecmp(words[i], text) == 0) {
			*to = i % 2;
			return KN_OK;
		}
	return KN_ERR_INVALID;
}

static enum kn_err replace(char **to, char *text)
{
	if (text == NULL)
		return KN_ERR_NOMEM;
	free(*to);
	*to = text;
	return KN_OK;
}

static enum kn_err parse_path(const char *text, char **to)
{
	char *cwd, *path = NULL;

	if (text[0] == '/' || text[0] == '\0')
		return replace(to, strdup(text));
	cwd = getcwd(NULL, 0);
	if (cwd == NULL || asprintf(&path, "%s/%s", cwd, text) < 0)
		path = NULL;
	free(cwd);
	return replace(to, path);
}

static bool is_choice(const char *choices, const char *text)
{
	size_t len = strlen(text);

	for (const char *at = choices; len > 0; at++) {
		size_t n = strcspn(at, "|");

		if (n == len && memcmp(at, text, n) == 0)
			return true;
		at += n;
		if (*at == '\0')
			break;
	}
	return false;
}

static bool is_plain_text(const char *text)
{
	if (u8_check((const uint8_t *)text, strlen(text)) != NULL)
		return false;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

enum kn_err conf_value_parse(const struct conf_option *option, const char *text, void *field)
{
	if (!is_plain_text(text))
		return KN_ERR_INVALID;
	switch (option->type) {
	case CONF_STRING:
	case CONF_SECRET:
		return replace(field, strdup(text));
	case CONF_PATH:
		return parse_path(text, field);
	case CONF_CHOICE:
		return is_choice(option->choices, text) ? replace(field, strdup(text))
							: KN_ERR_INVALID;
	case CONF_BOOL:
		return parse_bool(text, field);
	case CONF_MARK:
		return parse_mark(option, text, field);
	case CONF_INT:
	case CONF_BYTES:
	case CONF_SECONDS:
		return parse_number(option, text, field);
	}
	return KN_ERR_INTERNAL;
}

char *conf_value_allowed(const struct conf_option *option)
{
	char *text = NULL;
	int n = -1;

	switch (option->type) {
	case CONF_STRING:
	case CONF_SECRET:
		n = asprintf(&text, "text without control characters");
		break;
	case CONF_PATH:
		n = asprintf(&text, "a path without control characters");
		break;
	case CONF_CHOICE:
		n = asprintf(&text, "%s", option->choices);
		break;
	case CONF_BOOL:
		n = asprintf(&text, "yes or no");
		break;
	case CONF_INT:
		n = asprintf(&text, "a number from %" PRId64 " to %" PRId64, option->min,
			     option->max);
		break;
	case CONF_BYTES:
		n = asprintf(&text, "bytes from %" PRId64 " to %" PRId64 ", such as 64M or 2G",
			     option->min, option->max);
		break;
	case CONF_MARK:
		n = asprintf(&text, "a percentage in use such as 95%%, bytes left free such as "
				    "2G, or 0 for none");
		break;
	case CONF_SECONDS:
		n = asprintf(&text,
			     "a time from %" PRId64 " to %" PRId64
			     " seconds, such as 300, 5m, 2h or 7d",
			     option->min, option->max);
		break;
	}
	return n >= 0 ? text : NULL;
}

static char *print_number(const struct suffix *suffixes, int64_t n)
{
	char suffix[2] = "", *text;

	for (const struct suffix *s = suffixes; s->letter != 0 && n != 0 && n % s->factor == 0; s++)
		suffix[0] = s->letter;
	for (const struct suffix *s = suffixes; s->letter != 0; s++)
		if (s->letter == suffix[0])
			n /= s->factor;
	if (suffixes == second_suffixes && suffix[0] != '\0')
		suffix[0] |= 0x20;
	return asprintf(&text, "%" PRId64 "%s", n, suffix) >= 0 ? text : NULL;
}

static char *print_mark(int64_t mark)
{
	char *text;

	if (mark == 0 || mark > CONF_MARK_PERCENT_MAX)
		return print_number(byte_suffixes, mark);
	return asprintf(&text, "%" PRId64 "%%", mark) >= 0 ? text : NULL;
}

char *conf_value_print(const struct conf_option *option, const void *field)
{
	const char *const *string = field;
	const int64_t *number = field;

	switch (option->type) {
	case CONF_SECRET:
		return strdup((*string)[0] != '\0' ? "(set)" : "");
	case CONF_STRING:
	case CONF_PATH:
	case CONF_CHOICE:
		return strdup(*string);
	case CONF_BOOL:
		return strdup(*number ? "yes" : "no");
	case CONF_MARK:
		return print_mark(*number);
	case CONF_INT:
	case CONF_BYTES:
	case CONF_SECONDS:
		return print_number(suffixes_of(option->type), *number);
	}
	return NULL;
}
