/* What a take from a key's hour and day costs: processor µs, the writer's included.
 * Usage: take DIR THREADS KEYS TAKES HOUR_LIMIT; each thread takes TAKES times, from one key
 * after the other. */
#include "fcgi/limits.h"
#include "lib/clock.h"
#include "lib/store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

struct load {
	struct limits *limits;
	long keys, takes, hour;
};

static void *take_many(void *arg)
{
	const struct load *load = arg;
	long refused = 0;

	for (long i = 0; i < load->takes; i++) {
		char hour[LIMIT_NAME_MAX], day[LIMIT_NAME_MAX];
		const struct limit_rule rules[] = {
			{.name = hour, .limit = load->hour, .window_s = 3600},
			{.name = day,
			 .limit = 4 * load->hour,
			 .window_s = 86400,
			 .utc_aligned = true},
		};

		snprintf(hour, sizeof(hour), "key/%ld/hour", i % load->keys);
		snprintf(day, sizeof(day), "key/%ld/day", i % load->keys);
		refused += limits_take(load->limits, rules, 2, clock_wall_us(), NULL) != KN_OK;
	}
	if (refused > 0)
		fprintf(stderr, "%ld were refused\n", refused);
	return NULL;
}

static double cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
	struct store_options options = {0};
	struct store *store = NULL;
	struct load load = {0};
	pthread_t threads[64];
	double before;
	long n;

	if (argc != 6)
		return 2;
	options.dir = argv[1];
	n = atol(argv[2]);
	load.keys = atol(argv[3]);
	load.takes = atol(argv[4]);
	load.hour = atol(argv[5]);
	if (n < 1 || n > 64 || load.keys < 1 || store_open(&options, &store) != KN_OK ||
	    limits_new(store, &load.limits) != KN_OK)
		return 1;
	before = cpu_us();
	for (long i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, take_many, &load);
	for (long i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	printf("%.3f\n", (cpu_us() - before) / (double)(n * load.takes));
	limits_free(&load.limits);
	store_close(&store);
	return 0;
}
