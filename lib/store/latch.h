/*
 * Where threads wait for rounds that one thread ends, one after another. All that wait for a round
 * are woken by one system call: by one for each, the waker was put off its processor at each.
 */
#ifndef STORE_LATCH_H
#define STORE_LATCH_H

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

struct latch {
	_Atomic uint32_t ended; /* the last round that did */
};

/* So that those who wait for the next round sleep on. */
static inline uint32_t latch_bit(uint32_t round)
{
	return UINT32_C(1) << round % 32;
}

static inline void latch_wait(struct latch *latch, uint32_t round)
{
	uint32_t ended;

	while (ended = atomic_load(&latch->ended), (int32_t)(ended - round) < 0)
		syscall(SYS_futex, &latch->ended, FUTEX_WAIT_BITSET_PRIVATE, ended, NULL, NULL,
			latch_bit(round));
}

/* What the caller wrote before, those who waited see. A round for which nobody waits is ended, too,
 * without a call: one that was left out would lie in the future after 2^31 more. */
static inline void latch_end(struct latch *latch, uint32_t round, bool is_waited_for)
{
	atomic_store(&latch->ended, round);
	if (is_waited_for)
		syscall(SYS_futex, &latch->ended, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL,
			latch_bit(round));
}

#endif
