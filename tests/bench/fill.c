/* Fills a store with Grok Imagine jobs and prints their ids, oldest first. Usage: fill DIR COUNT */
#include "lib/store/store.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 500 };

static enum kn_err create_some(struct store_txn *txn, void *arg)
{
	struct job **jobs = arg;
	enum kn_err err = KN_OK;

	for (int i = 0; i < BATCH && err == KN_OK; i++)
		err = store_txn_job_create(txn, jobs[i]);
	return err;
}

static void fill(struct store *store, uint64_t count)
{
	struct job *jobs[BATCH];

	for (uint64_t done = 0; done < count; done += BATCH) {
		for (int i = 0; i < BATCH; i++) {
			jobs[i] = job_new(JOB_GROK_IMAGINE, "grok");
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

	if (argc != 3 || sodium_init() < 0)
		return 2;
	options.dir = argv[1];
	if (store_open(&options, &store) != KN_OK)
		return 1;
	fill(store, strtoull(argv[2], NULL, 10));
	store_close(&store);
	return 0;
}
