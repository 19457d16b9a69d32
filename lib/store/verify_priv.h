/*
 * What the files of the verification share. Every table is read in the order of its keys, and what
 * is kept of it does not grow with it: a store may be many times larger than memory.
 */
#ifndef VERIFY_PRIV_H
#define VERIFY_PRIV_H

#include "store_priv.h"

#include <sodium.h>

struct balance;

struct check {
	struct store *store;
	const struct store_verify *verify;
	uint64_t jobs;
	struct balance *balances[TABLE_COUNT]; /* of the indices, else NULL */
	unsigned char secret[crypto_shorthash_siphashx24_KEYBYTES];
};

/* verify.c */
void __attribute__((format(printf, 4, 5)))
verify_fault(struct check *check, const char *kind, const char *id, const char *format, ...);
enum kn_err verify_scan(struct check *check, int table, store_each_fn *each, void *arg);

/* verify_index.c. Before the records; for each of them; after them. */
enum kn_err verify_index_begin(struct check *check);
enum kn_err verify_index_add(struct check *check, const struct job *job);
enum kn_err verify_index_end(struct check *check);
/* After the end: whether the index has all the entries that it should have, and no others. */
bool verify_index_is_sound(const struct check *check, int table);
void verify_index_free(struct check *check);

/* verify_counters.c: of indices that are sound, and of what owners used. */
enum kn_err verify_counters(struct check *check);

/* verify_keys.c: Idempotency-Keys, and windows of limits. */
enum kn_err verify_keys(struct check *check);

#endif
