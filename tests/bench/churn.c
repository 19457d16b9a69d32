/*
 * Random updates until it is killed: what a recovery has to deal with.
 *
 *   tests/bench/churn DIR IDS [THREADS]
 *
 * Opens the store and prints how many milliseconds that took; then changes jobs drawn from the file
 * IDS (as fill prints them), durably. Without THREADS it closes the store again.
 */
#include "lib/clock.h"
#include "lib/store/store.h"

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS_MAX = 256 };

static struct store *store;
static const char *ids;
static size_t line, jobs; /* all ids are of one length */

static enum kn_err change(struct job *job, void *arg)
{
	return job_set(&job->message, arg);
}

static void *churn(void *arg)
{
	for (;;) {
		char id[ID_SIZE] = "", text[64];

		memcpy(id, ids + randombytes_uniform((uint32_t)jobs) * line, line - 1);
		snprintf(text, sizeof(text), "changed %lld", (long long)clock_wall_us());
		if (store_job_change(store, id, change, text, STORE_FLUSHED, NULL) != KN_OK)
			errx(1, "%s cannot be changed", id);
	}
	return arg;
}

static void map_ids(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		err(1, "%s", path);
	ids = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (ids == MAP_FAILED)
		err(1, "%s", path);
	line = (size_t)(strchr(ids, '\n') + 1 - ids);
	jobs = (size_t)st.st_size / line;
	close(fd);
}

int main(int argc, char **argv)
{
	struct store_options options = {.dir = argv[1]};
	int threads = argc > 3 ? atoi(argv[3]) : 0;
	int64_t began;
	pthread_t one;

	if (argc < 3 || threads < 0 || threads > THREADS_MAX || sodium_init() < 0)
		errx(1, "usage: churn DIR IDS [THREADS]");
	map_ids(argv[2]);
	began = clock_mono_us();
	if (store_open(&options, &store) != KN_OK)
		errx(1, "%s cannot be opened", argv[1]);
	printf("%.0f\n", (double)(clock_mono_us() - began) / 1000);
	fflush(stdout);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&one, NULL, churn, NULL) != 0)
			errx(1, "a thread cannot be started");
	if (threads > 0)
		pause();
	store_close(&store);
	return 0;
}
