#include "job_codec.h"
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

enum { JOB_CODEC_VERSION = 1 };

enum kind {
	NUMBER, /* a host integer of `size` bytes, never negative */
	STRING, /* char *, malloc'd */
	TEXT,   /* char[size] with its NUL */
	RAW,    /* unsigned char[size] */
	FILES,  /* struct job_files */
};

struct field {
	uint8_t tag; /* stored: never reuse one */
	enum kind kind;
	size_t offset, size;
};

#define FIELD(tag, kind, type, member)                                         \
	{                                                                      \
		tag, kind, offsetof(type, member), sizeof(((type *)0)->member) \
	}

static const struct field job_fields[] = {
	FIELD(1, TEXT, struct job, id),
	FIELD(2, NUMBER, struct job, api),
	FIELD(3, NUMBER, struct job, state),
	FIELD(4, NUMBER, struct job, priority),
	FIELD(5, NUMBER, struct job, attempt),
	FIELD(6, NUMBER, struct job, max_attempts),
	FIELD(7, NUMBER, struct job, progress),
	FIELD(8, STRING, struct job, model),
	FIELD(9, STRING, struct job, owner),
	FIELD(10, STRING, struct job, stage),
	FIELD(11, STRING, struct job, message),
	FIELD(12, STRING, struct job, prompt),
	FIELD(13, STRING, struct job, params),
	FIELD(14, STRING, struct job, error_code),
	FIELD(15, STRING, struct job, error_text),
	FIELD(16, STRING, struct job, log),
	FIELD(17, FILES, struct job, inputs),
	FIELD(18, FILES, struct job, assets),
	FIELD(19, STRING, struct job, lease.worker),
	FIELD(20, TEXT, struct job, lease.token),
	FIELD(21, NUMBER, struct job, lease.until),
	FIELD(22, NUMBER, struct job, created),
	FIELD(23, NUMBER, struct job, updated),
	FIELD(24, NUMBER, struct job, run_at),
	FIELD(25, NUMBER, struct job, started),
	FIELD(26, NUMBER, struct job, began),
	FIELD(27, NUMBER, struct job, finished),
	FIELD(28, NUMBER, struct job, expired),
};

static const struct field file_fields[] = {
	FIELD(1, STRING, struct job_file, name), FIELD(2, STRING, struct job_file, mime),
	FIELD(3, STRING, struct job_file, path), FIELD(4, NUMBER, struct job_file, bytes),
	FIELD(5, RAW, struct job_file, sha256),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void encode_fields(struct bytes *to, const struct field *fields, size_t n, const void *from);
static enum kn_err decode_fields(struct bytes_reader *from, const struct field *fields, size_t n,
				 void *to);

/* Host integers of 1, 2, 4 or 8 bytes, by way of memcpy: the fields have several types. */
static uint64_t load_number(const void *at, size_t size)
{
	uint8_t n1;
	uint16_t n2;
	uint32_t n4;
	uint64_t n8;

	switch (size) {
	case 1:
		return memcpy(&n1, at, size), n1;
	case 2:
		return memcpy(&n2, at, size), n2;
	case 4:
		return memcpy(&n4, at, size), n4;
	default:
		return memcpy(&n8, at, sizeof(n8)), n8;
	}
}

static void store_number(void *at, size_t size, uint64_t n)
{
	uint8_t n1 = (uint8_t)n;
	uint16_t n2 = (uint16_t)n;
	uint32_t n4 = (uint32_t)n;

	switch (size) {
	case 1:
		memcpy(at, &n1, size);
		break;
	case 2:
		memcpy(at, &n2, size);
		break;
	case 4:
		memcpy(at, &n4, size);
		break;
	default:
		memcpy(at, &n, sizeof(n));
	}
}

static void put_field(struct bytes *to, uint8_t tag, const void *data, size_t len)
{
	bytes_put_u8(to, tag);
	bytes_put_u32(to, (uint32_t)len);
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

static void put_files(struct bytes *to, uint8_t tag, const struct job_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		size_t at;

		put_field(to, tag, NULL, 0);
		at = to->len;
		encode_fields(to, file_fields, COUNT(file_fields), &files->v[i]);
		bytes_set_u32(to, at - 4, (uint32_t)(to->len - at));
	}
}

static void encode_fields(struct bytes *to, const struct field *fields, size_t n, const void *from)
{
	for (size_t i = 0; i < n; i++) {
		const struct field *f = &fields[i];
		const char *at = (const char *)from + f->offset;
		const char *text = at;

		switch (f->kind) {
		case NUMBER:
			put_number(to, f->tag, load_number(at, f->size));
			break;
		case STRING:
			memcpy(&text, at, sizeof(text));
			if (text != NULL)
				put_field(to, f->tag, text, strlen(text));
			break;
		case TEXT:
			if (text[0] != '\0')
				put_field(to, f->tag, text, strlen(text));
			break;
		case RAW:
			put_field(to, f->tag, at, f->size);
			break;
		case FILES:
			put_files(to, f->tag, (const struct job_files *)(const void *)at);
			break;
		}
	}
}

/* What the rest of the program relies on. */
static bool is_sound(const struct job *job)
{
	return id_is_safe(job->id) && (unsigned)job->api < JOB_API_COUNT &&
	       (unsigned)job->state < JOB_STATE_COUNT && job->progress >= 0 &&
	       job->progress <= 100 && job->model != NULL;
}

enum kn_err job_encode(const struct job *job, unsigned char **out, size_t *len)
{
	struct bytes to = {0};

	if (!is_sound(job))
		return KN_ERR_INTERNAL; /* what could not be read again must not be written */
	bytes_put_u8(&to, JOB_CODEC_VERSION);
	encode_fields(&to, job_fields, COUNT(job_fields), job);
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
	store_number(to, size, n);
	return KN_OK;
}

static enum kn_err decode_string(const unsigned char *data, size_t len, char **to)
{
	char *text = malloc(len + 1);

	if (text == NULL)
		return KN_ERR_NOMEM;
	memcpy(text, data, len);
	text[len] = '\0';
	free(*to); /* a tag that comes twice */
	*to = text;
	return KN_OK;
}

static enum kn_err decode_file(const unsigned char *data, size_t len, struct job_files *to)
{
	struct bytes_reader from = {data, data + len};
	struct job_file file = {0};
	enum kn_err err = decode_fields(&from, file_fields, COUNT(file_fields), &file);

	if (err == KN_OK && (file.name == NULL || file.path == NULL))
		err = KN_ERR_CORRUPT;
	if (err == KN_OK)
		err = job_files_put(to, &file);
	free(file.name);
	free(file.mime);
	free(file.path);
	return err;
}

static enum kn_err decode_field(const struct field *f, const unsigned char *data, size_t len,
				void *base)
{
	char *to = (char *)base + f->offset;

	switch (f->kind) {
	case NUMBER:
		return decode_number(data, len, to, f->size);
	case STRING:
		if (memchr(data, '\0', len) != NULL)
			return KN_ERR_CORRUPT;
		return decode_string(data, len, (char **)(void *)to);
	case TEXT:
		if (len >= f->size || memchr(data, '\0', len) != NULL)
			return KN_ERR_CORRUPT;
		memcpy(to, data, len);
		to[len] = '\0';
		return KN_OK;
	case RAW:
		if (len != f->size)
			return KN_ERR_CORRUPT;
		memcpy(to, data, len);
		return KN_OK;
	case FILES:
		return decode_file(data, len, (struct job_files *)(void *)to);
	}
	return KN_ERR_CORRUPT;
}

static const struct field *find_field(const struct field *fields, size_t n, uint8_t tag)
{
	/* Tags are dense and start at 1: the table is its own index. */
	return tag >= 1 && tag <= n ? &fields[tag - 1] : NULL;
}

static enum kn_err decode_fields(struct bytes_reader *from, const struct field *fields, size_t n,
				 void *to)
{
	enum kn_err err = KN_OK;

	while (err == KN_OK && from->at < from->end) {
		const struct field *f;
		const unsigned char *data;
		uint32_t len;
		uint8_t tag;

		if (!bytes_get_u8(from, &tag) || !bytes_get_u32(from, &len) ||
		    !bytes_get(from, len, &data))
			return KN_ERR_CORRUPT;
		f = find_field(fields, n, tag);
		if (f != NULL)
			err = decode_field(f, data, len, to);
	}
	return err;
}

enum kn_err job_decode(const void *data, size_t len, struct job **out)
{
	struct bytes_reader from = {data, (const unsigned char *)data + len};
	struct job *job;
	enum kn_err err;
	uint8_t version;

	if (!bytes_get_u8(&from, &version) || version != JOB_CODEC_VERSION)
		return KN_ERR_CORRUPT;
	job = calloc(1, sizeof(*job));
	if (job == NULL)
		return KN_ERR_NOMEM;
	err = decode_fields(&from, job_fields, COUNT(job_fields), job);
	if (err == KN_OK && !is_sound(job))
		err = KN_ERR_CORRUPT;
	if (err != KN_OK) {
		job_free(&job);
		return err;
	}
	*out = job;
	return KN_OK;
}
