#include "store_priv.h"

#include <stdlib.h>

/* Entries as they are stored, one after another, and where each lies. */
struct gathered {
	struct bytes raw;
	struct raw_row {
		size_t tail, tail_len, data, len; /* offsets into raw, lengths */
		int64_t created;
	} * rows;
	size_t n, size;
	size_t prefix_len, wanted, of_this_api;
};

enum { ROW_BYTES_TYPICAL = 400 };

static enum kn_err gather(void *arg, const void *key, size_t key_len, const void *data, size_t len)
{
	struct gathered *g = arg;
	const unsigned char *tail = (const unsigned char *)key + g->prefix_len;
	struct raw_row *row;

	if (key_len < g->prefix_len + LIST_TAIL_MIN)
		return KN_ERR_CORRUPT;
	if (g->n == g->size) {
		size_t size = g->size > 0 ? g->size * 2 : 64;
		struct raw_row *grown = reallocarray(g->rows, size, sizeof(*grown));

		if (grown == NULL)
			return KN_ERR_NOMEM;
		g->rows = grown;
		g->size = size;
	}
	row = &g->rows[g->n++];
	*row = (struct raw_row){.tail = g->raw.len,
				.tail_len = key_len - g->prefix_len,
				.data = g->raw.len + key_len - g->prefix_len,
				.len = len,
				.created = ~key_time(tail)};
	bytes_put(&g->raw, tail, row->tail_len);
	bytes_put(&g->raw, data, len);
	if (g->raw.failed)
		return KN_ERR_NOMEM;
	return ++g->of_this_api < g->wanted ? KN_OK : SCAN_STOP;
}

/* Rows of one dialect, newest first. */
static enum kn_err gather_api(struct store *store, const struct store_query *query,
			      enum job_api api, int64_t before, struct gathered *g)
{
	struct key prefix = list_prefix(query->owner, api,
					query->state < 0 ? ANY_STATE : (unsigned)query->state);
	struct key from = prefix;

	g->prefix_len = prefix.len;
	g->of_this_api = 0;
	/* Times of creation are distinct over all dialects. */
	if (before != 0)
		key_put_time_desc(&from, before - 1);
	return store_scan(store, TABLE_LIST, &prefix, &from, g->wanted * ROW_BYTES_TYPICAL, gather,
			  g);
}

static int by_newest(const void *a, const void *b)
{
	const struct raw_row *x = a, *y = b;

	return (x->created < y->created) - (x->created > y->created);
}

static enum kn_err make_page(struct gathered *g, struct store_page *page)
{
	enum kn_err err = KN_OK;

	page->rows = calloc(g->n > 0 ? g->n : 1, sizeof(*page->rows));
	if (page->rows == NULL)
		return KN_ERR_NOMEM;
	page->text = (char *)g->raw.data; /* the page owns it now */
	g->raw.data = NULL;
	for (size_t i = 0; i < g->n && err == KN_OK; i++) {
		const struct raw_row *raw = &g->rows[i];
		const unsigned char *base = (const unsigned char *)page->text;

		err = row_decode(base + raw->tail, raw->tail_len, base + raw->data, raw->len,
				 &page->rows[i]);
		page->n++;
	}
	if (err != KN_OK)
		store_page_free(page);
	return err;
}

static enum kn_err gather_all(struct store *store, const struct store_query *query, int64_t before,
			      struct gathered *g)
{
	int first = query->api < 0 ? 0 : query->api;
	int last = query->api < 0 ? JOB_API_COUNT - 1 : query->api;
	enum kn_err err = KN_OK;

	for (int api = first; api <= last && err == KN_OK && g->wanted > 0; api++)
		err = gather_api(store, query, (enum job_api)api, before, g);
	/* Each dialect has given its newest: the newest of all are among them. */
	if (err == KN_OK && first != last && g->n > 0)
		qsort(g->rows, g->n, sizeof(*g->rows), by_newest);
	if (g->n > g->wanted)
		g->n = g->wanted;
	return err;
}

static enum kn_err look_created(const struct job *job, void *arg)
{
	int64_t *created = arg;

	*created = job->created;
	return KN_OK;
}

enum kn_err store_job_list(struct store *store, const struct store_query *query,
			   struct store_page *page)
{
	struct gathered g = {.wanted = query->limit};
	int64_t before = query->before;
	enum kn_err err = KN_OK;

	*page = (struct store_page){0};
	if (query->after != NULL)
		err = store_job_look(store, query->after, look_created, &before);
	if (err == KN_OK)
		err = store_job_count(store, query->api, query->state, query->owner, &page->total);
	if (err == KN_OK)
		err = gather_all(store, query, before, &g);
	if (err == KN_OK)
		err = make_page(&g, page);
	free(g.rows);
	free(g.raw.data);
	return err;
}

void store_page_free(struct store_page *page)
{
	free(page->rows);
	free(page->text);
	*page = (struct store_page){0};
}
