#include "job_codec.h"
#include "bytes.h"
#include "job_fields.h"

#include <stdlib.h>
#include <string.h>

enum { JOB_CODEC_VERSION = 1 };

static void encode_fields(struct bytes *to, const struct job_field *fields, size_t n,
			  const void *from);
/* What decoded strings and files become: the job's own copies, or for a look at the record only. */
enum ownership { OWNED, BORROWED };
static enum kn_err decode_fields(struct bytes_reader *from, const struct job_field *fields,
				 size_t n, void *to, enum ownership ownership);

static void put_field(struct bytes *to, uint8_t tag, const void *data, size_t len)
{
	bytes_put_u8(to, tag);
	bytes_put_number(to, len);
	bytes_put(to, data, len);
}

static void put_number(struct bytes *to, uint8_t tag, uint64_t n)
{
	unsigned char digits[8];
	size_t len = 0;

	for (; n > 0; n >>= 8)
		digits[len++] = (unsigned char)n;
	if (len > 0)
		put_field(to, tag, digits, len);
}

static void put_string(struct bytes *to, uint8_t tag, const char *text)
{
	put_field(to, tag, text, strlen(text) + 1);
}

static void put_files(struct bytes *to, uint8_t tag, const struct job_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		struct bytes one = {0};

		encode_fields(&one, job_file_fields, JOB_FILE_FIELDS, &files->v[i]);
		put_field(to, tag, one.data, one.len);
		to->failed |= one.failed;
		free(one.data);
	}
}

static void encode_fields(struct bytes *to, const struct job_field *fields, size_t n,
			  const void *from)
{
	for (size_t i = 0; i < n; i++) {
		const struct job_field *f = &fields[i];
		const char *at = (const char *)from + f->offset;
		const char *text = at;

		switch (f->kind) {
		case FIELD_NUMBER:
		case FIELD_API:
		case FIELD_STATE:
			put_number(to, f->tag, job_field_load(at, f->size));
			break;
		case FIELD_STRING:
			memcpy(&text, at, sizeof(text));
			if (text != NULL)
				put_string(to, f->tag, text);
			break;
		case FIELD_TEXT:
			if (text[0] != '\0')
				put_string(to, f->tag, text);
			break;
		case FIELD_RAW:
			put_field(to, f->tag, at, f->size);
			break;
		case FIELD_FILES:
			put_files(to, f->tag, (const struct job_files *)(const void *)at);
			break;
		}
	}
}

enum kn_err job_encode(const struct job *job, unsigned char **out, size_t *len)
{
	struct bytes to = {0};

	if (!job_is_sound(job))
		return KN_ERR_INTERNAL; /* what could not be read again must not be written */
	bytes_put_u8(&to, JOB_CODEC_VERSION);
	encode_fields(&to, job_fields, JOB_FIELDS, job);
	if (to.failed || to.len > UINT32_MAX) {
		free(to.data);
		return KN_ERR_NOMEM;
	}
	*out = to.data;
	*len = to.len;
	return KN_OK;
}

static enum kn_err decode_number(const unsigned char *data, size_t len, void *to, size_t size)
{
	uint64_t n = 0;

	if (len > size)
		return KN_ERR_CORRUPT;
	for (size_t i = len; i-- > 0;)
		n = n << 8 | data[i];
	/* int and int64_t are never negative; enums are checked by the caller. */
	if ((size == 4 && n > INT32_MAX) || n > INT64_MAX)
		return KN_ERR_CORRUPT;
	job_field_store(to, size, n);
	return KN_OK;
}

static enum kn_err decode_string(const unsigned char *data, char **to, enum ownership ownership)
{
	char *text;

	if (ownership == BORROWED) {
		*to = (char *)(uintptr_t)data; /* a view is const */
		return KN_OK;
	}
	text = strdup((const char *)data);
	if (text == NULL)
		return KN_ERR_NOMEM;
	free(*to); /* a tag that comes twice */
	*to = text;
	return KN_OK;
}

static enum kn_err decode_file(const unsigned char *data, size_t len, struct job_files *to)
{
	struct bytes_reader from = {data, data + len};
	struct job_file file = {0};
	enum kn_err err = decode_fields(&from, job_file_fields, JOB_FILE_FIELDS, &file, OWNED);

	if (err == KN_OK && (file.name == NULL || file.path == NULL))
		err = KN_ERR_CORRUPT;
	if (err == KN_OK)
		err = job_files_put(to, &file);
	job_file_clear(&file);
	return err;
}

static bool is_text(const unsigned char *data, size_t len)
{
	return len > 0 && memchr(data, '\0', len) == data + len - 1;
}

static enum kn_err decode_field(const struct job_field *f, const unsigned char *data, size_t len,
				void *base, enum ownership ownership)
{
	char *to = (char *)base + f->offset;

	switch (f->kind) {
	case FIELD_NUMBER:
	case FIELD_API:
	case FIELD_STATE:
		return decode_number(data, len, to, f->size);
	case FIELD_STRING:
		if (!is_text(data, len))
			return KN_ERR_CORRUPT;
		return decode_string(data, (char **)(void *)to, ownership);
	case FIELD_TEXT:
		if (len > f->size || !is_text(data, len))
			return KN_ERR_CORRUPT;
		memcpy(to, data, len);
		return KN_OK;
	case FIELD_RAW:
		if (len != f->size)
			return KN_ERR_CORRUPT;
		memcpy(to, data, len);
		return KN_OK;
	case FIELD_FILES:
		return ownership == OWNED ? decode_file(data, len, (struct job_files *)(void *)to)
					  : KN_OK;
	}
	return KN_ERR_CORRUPT;
}

static const struct job_field *find_field(const struct job_field *fields, size_t n, uint8_t tag)
{
	/* Tags are dense and start at 1: the table is its own index. */
	return tag >= 1 && tag <= n ? &fields[tag - 1] : NULL;
}

static enum kn_err decode_fields(struct bytes_reader *from, const struct job_field *fields,
				 size_t n, void *to, enum ownership ownership)
{
	enum kn_err err = KN_OK;

	while (err == KN_OK && from->at < from->end) {
		const struct job_field *f;
		const unsigned char *data;
		uint64_t len;
		uint8_t tag;

		if (!bytes_get_u8(from, &tag) || !bytes_get_number(from, &len) ||
		    !bytes_get(from, len, &data))
			return KN_ERR_CORRUPT;
		f = find_field(fields, n, tag);
		if (f != NULL)
			err = decode_field(f, data, len, to, ownership);
	}
	return err;
}

static enum kn_err decode_job(const void *data, size_t len, struct job *job,
			      enum ownership ownership)
{
	struct bytes_reader from = {data, (const unsigned char *)data + len};
	enum kn_err err;
	uint8_t version;

	if (!bytes_get_u8(&from, &version) || version != JOB_CODEC_VERSION)
		return KN_ERR_CORRUPT;
	err = decode_fields(&from, job_fields, JOB_FIELDS, job, ownership);
	return err == KN_OK && !job_is_sound(job) ? KN_ERR_CORRUPT : err;
}

enum kn_err job_decode(const void *data, size_t len, struct job **out)
{
	struct job *job = calloc(1, sizeof(*job));
	enum kn_err err;

	if (job == NULL)
		return KN_ERR_NOMEM;
	err = decode_job(data, len, job, OWNED);
	if (err == KN_OK)
		*out = job;
	else
		job_free(&job);
	return err;
}

enum kn_err job_view(const void *data, size_t len, struct job *out)
{
	memset(out, 0, sizeof(*out));
	return decode_job(data, len, out, BORROWED);
}
