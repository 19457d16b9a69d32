/* A form in multipart/form-data. Input: one byte that says how it is cut, the Content-Type, '\n',
 * the body. However the stream is cut, the same parts must come of it. */
#include "fuzz.h"

#include "fcgi/multipart.h"
#include "lib/bytes.h"
#include "lib/text.h"

struct record {
	struct bytes said;
	bool open;
	int parts;
};

static void say(struct record *record, char what, const char *text)
{
	bytes_put_u8(&record->said, (uint8_t)what);
	if (text != NULL)
		bytes_put(&record->said, text, strlen(text) + 1);
}

static enum kn_err begin(void *arg, const struct multipart_part *part)
{
	struct record *record = arg;

	assert(!record->open && ++record->parts <= MULTIPART_PARTS_MAX);
	assert(text_is_utf8(part->name, strlen(part->name)));
	assert(part->filename == NULL || text_is_utf8(part->filename, strlen(part->filename)));
	record->open = true;
	say(record, 'n', part->name);
	say(record, 'f', part->filename);
	return KN_OK;
}

static enum kn_err data(void *arg, const char *bytes, size_t len)
{
	struct record *record = arg;

	assert(record->open && len > 0);
	bytes_put(&record->said, bytes, len);
	return KN_OK;
}

static enum kn_err end(void *arg)
{
	struct record *record = arg;

	assert(record->open);
	record->open = false;
	say(record, 'e', NULL);
	return KN_OK;
}

static enum kn_err parse(const char *type, const uint8_t *body, size_t size,
			 struct fuzz_chunks chunks, struct record *record)
{
	static const struct multipart_calls calls = {begin, data, end};
	struct multipart *parser = NULL;
	enum kn_err err = multipart_new(type, &calls, record, &parser);

	while (err == KN_OK && size > 0) {
		size_t n = fuzz_next_chunk(&chunks, size);

		err = multipart_feed(parser, (const char *)body, n);
		body += n;
		size -= n;
	}
	if (err == KN_OK)
		err = multipart_end(parser);
	multipart_free(&parser);
	assert(err == KN_OK || err == KN_ERR_INVALID);
	assert(err != KN_OK || !record->open);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	const struct fuzz_chunks whole = {0, SIZE_MAX};
	struct fuzz_chunks cut = {0, 1};
	struct record one = {0}, two = {0};
	enum kn_err err;
	char *type;

	if (size < 1)
		return 0;
	cut.state = input[0];
	cut.max = 1 + input[0] % 64;
	input++;
	size--;
	type = fuzz_take_line(&input, &size);
	err = parse(type, input, size, whole, &one);
	assert(parse(type, input, size, cut, &two) == err);
	if (err == KN_OK) {
		assert(one.said.len == two.said.len);
		assert(one.said.len == 0 ||
		       memcmp(one.said.data, two.said.data, one.said.len) == 0);
	}
	free(type);
	free(one.said.data);
	free(two.said.data);
	return 0;
}
