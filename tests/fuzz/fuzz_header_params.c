/* Header values with parameters. Input: the parameter's name, '\n', the header. The rest is quoted
 * as a value, too, and must come back as it was. */
#include "fuzz.h"

#include "fcgi/header_params.h"
#include "lib/text.h"

/* form-data; name="VALUE", malloc'd. */
static char *quoted(const char *value)
{
	static const char before[] = "form-data; x=1; NAME=\"";
	char *out = malloc(sizeof(before) + 2 * strlen(value) + 2), *at = out;

	assert(out != NULL);
	memcpy(at, before, sizeof(before) - 1);
	at += sizeof(before) - 1;
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			*at++ = '\\';
		*at++ = *value;
	}
	memcpy(at, "\"", 2);
	return out;
}

static void check_quoted(const char *value)
{
	char out[256], *header = quoted(value);
	enum kn_err err = header_param(header, "name", out, sizeof(out));

	if (strlen(value) < sizeof(out) && text_is_utf8(value, strlen(value)))
		assert(err == KN_OK && strcmp(out, value) == 0);
	else
		assert(err == KN_ERR_INVALID);
	free(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = fuzz_take_line(&data, &size), *header = fuzz_text(data, size);
	/* Of its own, so that a write past its end is seen. */
	char *out = malloc(64);
	enum kn_err err;

	assert(out != NULL);
	if (name[0] != '\0') {
		err = header_param(header, name, out, 64);
		assert(err == KN_OK || err == KN_ERR_NOT_FOUND || err == KN_ERR_INVALID);
		if (err == KN_OK)
			assert(strlen(out) < 64 && text_is_utf8(out, strlen(out)));
	}
	header_is(header, name);
	check_quoted(header);
	free(out);
	free(name);
	free(header);
	return 0;
}
