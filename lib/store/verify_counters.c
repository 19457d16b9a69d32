/*
 * Counters, against a recount of the entries that they count. Entries that are counted together
 * follow one another in their index, and the counters lie in the same order.
 *
 * An owner's jobs of a day are counted and never discounted: of jobs that were deleted nothing else
 * is left. So there may be fewer jobs than the days say in all, but not more. A single day proves
 * nothing: a job of midnight, or of a clock that was set back, may be counted on another.
 */
#include "verify_priv.h"

#include "../clock.h"
#include "../usage.h"

#include <stdio.h>
#include <stdlib.h>

/* Entries under one prefix so far. */
struct run {
	struct check *check;
	int table;
	struct key prefix;
	int64_t n;
	/* Of an owner's jobs that count for days: the day looked at last, and what the days say. */
	bool counts_days;
	int64_t day, by_days;
};

/* "list.db ann/vivid_flow/queued", as far as it can be read. */
static void describe(int table, const struct key *prefix, char *out, size_t size)
{
	const char *text = (const char *)prefix->data;
	size_t text_len = strnlen(text, prefix->len);
	const unsigned char *parts = prefix->data + text_len + 1;

	if (table != TABLE_LIST || prefix->len != text_len + 3)
		snprintf(out, size, "%s %.*s", store_files[table], (int)text_len, text);
	else
		snprintf(out, size, "%s %s/%s/%s", store_files[table], text,
			 job_api_name((enum job_api)parts[0]),
			 parts[1] == ANY_STATE ? "any" : job_state_name((enum job_state)parts[1]));
}

static void wrong_count(struct check *check, int table, const struct key *prefix, int64_t says,
			int64_t are)
{
	char name[KEY_MAX + 64];

	describe(table, prefix, name, sizeof(name));
	verify_fault(check, "counter", NULL,
		     "the counter of %s says %" PRId64 ", there are %" PRId64, name, says, are);
}

/* --- days --- */

/* The runs of an owner's jobs of the dialect that counts them, in any state. */
static bool counts_days(int table, const struct key *prefix)
{
	size_t owner_len = strnlen((const char *)prefix->data, prefix->len);

	return table == TABLE_LIST && owner_len > 0 &&
	       prefix->data[owner_len + 1] == JOB_VIVID_FLOW &&
	       prefix->data[owner_len + 2] == ANY_STATE;
}

static enum kn_err count_day(struct run *run, int64_t created)
{
	char name[KEY_MAX + 32];
	int64_t n = 0;
	enum kn_err err;

	if (run->by_days > 0 && created / USEC_PER_DAY == run->day)
		return KN_OK;
	run->day = created / USEC_PER_DAY;
	usage_day_counter(name, sizeof(name), (const char *)run->prefix.data, created);
	err = store_counter_get(run->check->store, name, &n);
	run->by_days += n;
	return err == KN_ERR_CORRUPT || err == KN_ERR_INVALID ? KN_OK : err;
}

struct all_days {
	const char *owner;
	int64_t n;
};

static enum kn_err add_if_of_owner(void *arg, const char *name, size_t name_len, int64_t n)
{
	struct all_days *days = arg;
	const char *owner;
	size_t len;
	int64_t day;

	if (usage_day_counter_read(name, name_len, &day, &owner, &len) &&
	    len == strlen(days->owner) && memcmp(owner, days->owner, len) == 0)
		days->n += n;
	return KN_OK;
}

/* The days on which jobs were created are enough, as a rule. */
static enum kn_err end_days(struct run *run)
{
	struct all_days days = {.owner = (const char *)run->prefix.data};
	enum kn_err err;

	if (run->by_days >= run->n)
		return KN_OK;
	err = store_each_counter(run->check->store, add_if_of_owner, &days);
	if (err == KN_OK && days.n < run->n)
		verify_fault(run->check, "usage", NULL,
			     "the days of %s count %" PRId64 " jobs in all, there are %" PRId64,
			     days.owner, days.n, run->n);
	return err == KN_ERR_CORRUPT ? KN_OK : err;
}

/* --- prefixes --- */

static enum kn_err end_run(struct run *run)
{
	struct key key = count_key(run->table, &run->prefix);
	int64_t says = 0;
	enum kn_err err;

	if (run->n == 0)
		return KN_OK;
	err = counter_read(run->check->store, NULL, &key, &says);
	if (err == KN_OK && says != run->n)
		wrong_count(run->check, run->table, &run->prefix, says, run->n);
	if (err == KN_ERR_CORRUPT) /* which is told of when the counters are looked at */
		err = KN_OK;
	return err == KN_OK && run->counts_days ? end_days(run) : err;
}

static void begin_run(struct run *run, const void *prefix, size_t len)
{
	run->prefix.len = 0;
	key_put(&run->prefix, prefix, len);
	run->n = run->day = run->by_days = 0;
	run->counts_days = counts_days(run->table, &run->prefix);
}

static enum kn_err count_entry(void *arg, const void *key, size_t key_len, const void *data,
			       size_t len)
{
	struct run *run = arg;
	size_t counted = index_entry_counted(run->table, key, key_len);
	enum kn_err err = KN_OK;

	(void)data;
	(void)len;
	if (run->n == 0 || run->prefix.len != counted ||
	    memcmp(run->prefix.data, key, counted) != 0) {
		err = end_run(run);
		begin_run(run, key, counted);
	}
	run->n++;
	if (err == KN_OK && run->counts_days)
		err = count_day(run, ~key_time((const unsigned char *)key + counted));
	return err;
}

static enum kn_err recount(struct check *check, int table)
{
	struct run run = {.check = check, .table = table};
	enum kn_err err = verify_scan(check, table, count_entry, &run);

	return err == KN_OK ? end_run(&run) : err;
}

/* --- the counters themselves --- */

static enum kn_err found_one(void *arg, const void *key, size_t key_len, const void *data,
			     size_t len)
{
	(void)key;
	(void)key_len;
	(void)data;
	(void)len;
	*(bool *)arg = true;
	return SCAN_STOP;
}

static enum kn_err check_prefix(struct check *check, int table, const struct key *prefix,
				int64_t says)
{
	bool found = false;
	enum kn_err err;

	if ((table != TABLE_LIST && table != TABLE_READY) || prefix->too_long) {
		verify_fault(check, "counter", NULL, "a counter counts nothing");
		return KN_OK;
	}
	if (!verify_index_is_sound(check, table))
		return KN_OK;
	err = store_scan(check->store, table, prefix, NULL, SCAN_CHUNK_MIN, found_one, &found);
	if (err == KN_OK && !found)
		wrong_count(check, table, prefix, says, 0);
	return err;
}

static void check_named(struct check *check, const char *name, size_t len, int64_t says)
{
	if (says <= 0) /* one that returns to zero leaves no entry */
		verify_fault(check, "usage", NULL, "the counter %.*s says %" PRId64, (int)len, name,
			     says);
}

static enum kn_err check_counter(void *arg, const void *key, size_t key_len, const void *data,
				 size_t len)
{
	const unsigned char *at = key;
	struct key prefix = {.len = 0};
	uint64_t n;

	if (key_len < 2 || len != sizeof(n)) {
		verify_fault(arg, "counter", NULL, "a counter is no number");
		return KN_OK;
	}
	memcpy(&n, data, sizeof(n));
	if (at[0] == COUNTER_NAMED) {
		check_named(arg, (const char *)at + 1, key_len - 1, (int64_t)le64toh(n));
		return KN_OK;
	}
	key_put(&prefix, at + 1, key_len - 1);
	return check_prefix(arg, at[0], &prefix, (int64_t)le64toh(n));
}

enum kn_err verify_counters(struct check *check)
{
	static const int counted[] = {TABLE_LIST, TABLE_READY};
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]) && err == KN_OK; i++)
		if (verify_index_is_sound(check, counted[i]))
			err = recount(check, counted[i]);
	return err == KN_OK ? verify_scan(check, TABLE_COUNTERS, check_counter, check) : err;
}
