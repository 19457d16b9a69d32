/* Rounds that threads wait for, over the end of the numbers. */
#include "lib/store/latch.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROUNDS = 100, WAITERS = 4 };

struct waiter {
	pthread_t thread;
	struct latch *latch;
	uint32_t first;
	_Atomic uint32_t *begun; /* the last round that did, before its end */
	bool was_early;
};

static void *wait_for_all(void *arg)
{
	struct waiter *waiter = arg;

	for (uint32_t round = waiter->first; round != waiter->first + ROUNDS; round++) {
		latch_wait(waiter->latch, round);
		if ((int32_t)(atomic_load(waiter->begun) - round) < 0)
			waiter->was_early = true;
	}
	return NULL;
}

static void test_nobody_is_early_and_all_are_woken(void **state)
{
	const uint32_t first = UINT32_MAX - ROUNDS / 2;
	struct latch latch = {first - 1};
	_Atomic uint32_t begun = first - 1;
	struct waiter waiters[WAITERS];

	(void)state;
	for (int i = 0; i < WAITERS; i++) {
		waiters[i] = (struct waiter){.latch = &latch, .first = first, .begun = &begun};
		assert_int_equal(
			pthread_create(&waiters[i].thread, NULL, wait_for_all, &waiters[i]), 0);
	}
	for (uint32_t round = first; round != first + ROUNDS; round++) {
		poll(NULL, 0, round % 4 == 0);
		atomic_store(&begun, round);
		latch_end(&latch, round, true);
	}
	for (int i = 0; i < WAITERS; i++) {
		pthread_join(waiters[i].thread, NULL);
		assert_false(waiters[i].was_early);
	}
}

/* A kind of operation may be rare: its rounds end all the same. */
static void test_rounds_that_nobody_waits_for(void **state)
{
	struct latch latch = {0};
	_Atomic uint32_t begun = 0;
	struct waiter waiter = {.latch = &latch, .begun = &begun};

	(void)state;
	for (uint32_t half = 1; half <= 2; half++)
		latch_end(&latch, half << 30, false);
	waiter.first = (UINT32_C(2) << 30) + 1;
	begun = waiter.first - 1;
	assert_int_equal(pthread_create(&waiter.thread, NULL, wait_for_all, &waiter), 0);
	poll(NULL, 0, 50);
	for (uint32_t round = waiter.first; round != waiter.first + ROUNDS; round++) {
		atomic_store(&begun, round);
		latch_end(&latch, round, true);
	}
	pthread_join(waiter.thread, NULL);
	assert_false(waiter.was_early);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_is_early_and_all_are_woken),
		cmocka_unit_test(test_rounds_that_nobody_waits_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
