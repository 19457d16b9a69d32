/* API keys, as clients send them. Input: a byte that says how, and the text. Only the good key is
 * good: a text that differs from it anywhere is not. */
#include "http.h"

#include "fcgi/gate.h"

static const struct api_key_spec spec = {.name = "one", .hour_limit = 1, .day_limit = 1};

static const char *good_key(void)
{
	static char key[API_KEY_SIZE];
	struct api_key out;

	if (key[0] == '\0')
		assert(api_keys_create(http_server()->gate->keys, &spec, key, &out) == KN_OK);
	return key;
}

/* The good key with a few bytes replaced, as data says. */
static void check_changed(struct api_keys *keys, const uint8_t *data, size_t size)
{
	char key[API_KEY_SIZE];
	struct api_key out;
	enum kn_err err;

	memcpy(key, good_key(), sizeof(key));
	for (size_t i = 0; i + 1 < size; i += 2)
		key[data[i] % (sizeof(key) - 1)] = (char)data[i + 1];
	err = api_keys_check(keys, key, 1, &out);
	assert((err == KN_OK) == (strcmp(key, good_key()) == 0));
	assert(err == KN_OK || err == KN_ERR_UNAUTHORIZED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct api_keys *keys = http_server()->gate->keys;
	char *text = fuzz_text(data, size);
	struct api_key out;

	good_key();
	assert((api_keys_check(keys, text, 1, &out) == KN_OK) == (strcmp(text, good_key()) == 0));
	check_changed(keys, data, size);
	free(text);
	return 0;
}
