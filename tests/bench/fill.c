/*
 * Fills a store with Grok Imagine jobs and prints their ids. Usage: fill DIR COUNT [shuffled]
 *
 * The ids are spread over all there are, in order: so a large store is written from end to end, and
 * not page by page at random. Shuffled: as in life, the order of ids is not that of creation.
 */
#include "lib/store/store.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 500, DIGITS = 12 };

/* 36 to the power of DIGITS; a prime larger than any count, to be stepped by around it */
static const uint64_t all_ids = 4738381338321616896, step = 2654435761;

static void draw_id(char id[ID_SIZE], uint64_t i, uint64_t count)
{
	uint64_t n = all_ids / count * i;

	memcpy(id, "job_", 5);
	for (int at = DIGITS - 1; at >= 0; at--, n /= 36)
		id[4 + at] = "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36];
	id[4 + DIGITS] = '\0';
}

static enum kn_err create_some(struct store_txn *txn, void *arg)
{
	struct job **jobs = arg;
	enum kn_err err = KN_OK;

	for (int i = 0; i < BATCH && err == KN_OK; i++)
		err = store_txn_job_create(txn, jobs[i]);
	return err;
}

static void fill(struct store *store, uint64_t count, bool shuffled)
{
	uint64_t ids = count + BATCH;
	struct job *jobs[BATCH];

	for (uint64_t done = 0; done < count; done += BATCH) {
		for (int i = 0; i < BATCH; i++) {
			uint64_t n = done + (uint64_t)i;

			jobs[i] = job_new(JOB_GROK_IMAGINE, "grok");
			draw_id(jobs[i]->id, shuffled ? n * step % ids : n, ids);
			if (job_set(&jobs[i]->prompt, "A cat playing piano in a cozy room") !=
				    KN_OK ||
			    job_set(&jobs[i]->params, "{\"model\":\"grok\"}") != KN_OK)
				exit(1);
		}
		if (store_write(store, create_some, jobs, STORE_LAZY) != KN_OK)
			exit(1);
		for (int i = 0; i < BATCH; i++) {
			puts(jobs[i]->id);
			job_free(&jobs[i]);
		}
	}
}

int main(int argc, char **argv)
{
	struct store_options options = {.cache_bytes = 512 << 20};
	struct store *store = NULL;

	if (argc < 3 || argc > 4 || sodium_init() < 0)
		return 2;
	options.dir = argv[1];
	if (store_open(&options, &store) != KN_OK)
		return 1;
	fill(store, strtoull(argv[2], NULL, 10), argc == 4);
	store_close(&store);
	return 0;
}
