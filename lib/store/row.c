/*
 * The columns of a list entry: what lists show, so that a page needs no record.
 *
 *   version, api, state, flags, progress (1 byte each)
 *   started, finished, expired (numbers, as bytes.h has them)
 *   model, prompt, owner, error (a number: their length; the text, a NUL)
 *
 * The key holds the rest: time of creation and id.
 */
#include "store_priv.h"
#include "../text.h"

enum {
	ROW_VERSION = 1,
	ROW_HAS_ASSETS = 1,
	ROW_PROMPT_MAX = 8000, /* 2,000 characters, the longest that a list shows */
	ROW_TEXT_MAX = 500,
};

static void put_text(struct bytes *to, const char *text, size_t max)
{
	size_t len = text != NULL ? text_cut(text, strlen(text), max) : 0;

	bytes_put_number(to, len);
	bytes_put(to, text, len);
	bytes_put_u8(to, '\0');
}

void row_encode(const struct job *job, struct bytes *to)
{
	bool has_assets = job->state == JOB_COMPLETED && job->assets.n > 0 && job->expired == 0;

	bytes_put_u8(to, ROW_VERSION);
	bytes_put_u8(to, (uint8_t)job->api);
	bytes_put_u8(to, (uint8_t)job->state);
	bytes_put_u8(to, has_assets ? ROW_HAS_ASSETS : 0);
	bytes_put_u8(to, (uint8_t)job->progress);
	bytes_put_number(to, (uint64_t)job->started);
	bytes_put_number(to, (uint64_t)job->finished);
	bytes_put_number(to, (uint64_t)job->expired);
	put_text(to, job->model, ROW_TEXT_MAX);
	put_text(to, job->prompt, ROW_PROMPT_MAX);
	put_text(to, job->owner, ROW_TEXT_MAX);
	put_text(to, job->error_text, ROW_TEXT_MAX);
}

static bool get_text(struct bytes_reader *from, const char **out)
{
	const unsigned char *text;
	uint64_t len;

	if (!bytes_get_number(from, &len) || len == UINT64_MAX ||
	    !bytes_get(from, len + 1, &text) || text[len] != '\0')
		return false;
	*out = (const char *)text;
	return true;
}

static bool get_time(struct bytes_reader *from, int64_t *out)
{
	uint64_t n;

	if (!bytes_get_number(from, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

static bool decode_columns(struct bytes_reader *from, struct store_row *row)
{
	const unsigned char *head;

	if (!bytes_get(from, 5, &head) || head[0] != ROW_VERSION || head[1] >= JOB_API_COUNT ||
	    head[2] >= JOB_STATE_COUNT)
		return false;
	row->api = (enum job_api)head[1];
	row->state = (enum job_state)head[2];
	row->has_assets = head[3] & ROW_HAS_ASSETS;
	row->progress = head[4];
	return get_time(from, &row->started) && get_time(from, &row->finished) &&
	       get_time(from, &row->expired) && get_text(from, &row->model) &&
	       get_text(from, &row->prompt) && get_text(from, &row->owner) &&
	       get_text(from, &row->error);
}

enum kn_err row_decode(const unsigned char *tail, size_t tail_len, const void *data, size_t len,
		       struct store_row *row)
{
	struct bytes_reader from = {data, (const unsigned char *)data + len};
	size_t id_size = tail_len - sizeof(int64_t);

	if (tail_len < LIST_TAIL_MIN || id_size > sizeof(row->id) || tail[tail_len - 1] != '\0')
		return KN_ERR_CORRUPT;
	row->created = ~key_time(tail);
	memcpy(row->id, tail + sizeof(int64_t), id_size);
	return decode_columns(&from, row) ? KN_OK : KN_ERR_CORRUPT;
}
