#include "store_priv.h"
#include "../clock.h"

struct claim {
	const struct store_claim *asked;
	int64_t wall;
	int64_t now; /* never before a job was made: a clock that was set back stops no queue */
	struct job *out;
};

/* Where the best queued job found so far lies: its key after the class, which sorts as jobs are to
 * run. */
struct found {
	struct key rank;
};

/* (priority, run_at, created, id) */
enum { RANK_MIN = 1 + 2 * sizeof(int64_t) + 2 };

static int seek(DBC *cursor, const struct key *from, struct key *at)
{
	DBT key = store_dbt(from->data, from->len), data = {0};
	int ret;

	memcpy(at->data, from->data, from->len);
	key.data = at->data;
	key.ulen = sizeof(at->data);
	key.flags = data.flags = DB_DBT_USERMEM;
	ret = cursor->get(cursor, &key, &data, DB_SET_RANGE);
	at->len = key.size;
	return ret;
}

static bool is_better(const struct key *a, const struct key *b)
{
	size_t len = a->len < b->len ? a->len : b->len;

	return b->len == 0 || memcmp(a->data, b->data, len) < 0;
}

/* The first job of the class that may run now. Within a priority they lie by run_at: when the first
 * has to wait, all of that priority do. */
static int find_in_class(DBC *cursor, const char *class_name, int64_t now, struct found *best)
{
	const struct key prefix = ready_prefix(class_name);
	struct key from = prefix, at = {.len = 0};
	int ret = 0;

	while (!from.too_long && (ret = seek(cursor, &from, &at)) == 0) {
		const unsigned char *rank = at.data + prefix.len;

		if (!key_has_prefix(at.data, at.len, &prefix) || at.len < prefix.len + RANK_MIN)
			return DB_NOTFOUND;
		if (key_time(rank + 1) <= now) {
			struct key candidate = {.len = 0};

			key_put(&candidate, rank, at.len - prefix.len);
			if (is_better(&candidate, &best->rank))
				best->rank = candidate;
			return 0;
		}
		if (rank[0] == UINT8_MAX)
			return DB_NOTFOUND;
		from = prefix;
		key_put_u8(&from, rank[0] + 1U);
	}
	return ret;
}

/* KN_ERR_NOT_FOUND when best stays empty. */
static enum kn_err find_best(struct store_txn *txn, const struct claim *claim, struct found *best)
{
	DB *ready = txn->store->tables[TABLE_READY];
	DBC *cursor;
	int ret = ready->cursor(ready, txn->txn, &cursor, 0);

	if (ret != 0)
		return txn->broken = store_db_error(txn->store, ret, "ready");
	best->rank.len = 0;
	for (size_t i = 0; i < claim->asked->classes_n; i++) {
		ret = find_in_class(cursor, claim->asked->classes[i], claim->now, best);
		if (ret != 0 && ret != DB_NOTFOUND)
			break;
	}
	cursor->close(cursor);
	if (ret != 0 && ret != DB_NOTFOUND)
		return txn->broken = store_db_error(txn->store, ret, "ready");
	return best->rank.len > 0 ? KN_OK : KN_ERR_NOT_FOUND;
}

static enum kn_err lease_to(struct job *job, const struct claim *claim)
{
	enum kn_err err = job_transition(job, JOB_PROCESSING, JOB_BY_CLAIM, claim->now);

	if (err == KN_OK)
		err = job_set(&job->lease.worker, claim->asked->worker);
	if (err == KN_OK) {
		id_new_token(job->lease.token);
		job->lease.seconds = claim->asked->lease_us / USEC_PER_SEC;
		if (claim->asked->lease_us > 0)
			job->lease.until = claim->wall + claim->asked->lease_us;
	}
	return err;
}

static enum kn_err run_claim(struct store_txn *txn, void *arg)
{
	struct claim *claim = arg;
	struct job *old = NULL;
	struct found best;
	enum kn_err err;

	job_free(&claim->out); /* of a run that was aborted */
	claim->wall = clock_wall_us();
	claim->now =
		claim->wall > txn->store->last_created ? claim->wall : txn->store->last_created;
	err = find_best(txn, claim, &best);
	if (err == KN_OK)
		err = store_txn_job_get(txn, (char *)best.rank.data + RANK_MIN - 2, &old);
	if (err != KN_OK)
		return err == KN_ERR_NOT_FOUND && best.rank.len > 0 ? KN_ERR_CORRUPT : err;
	claim->out = job_copy(old);
	err = claim->out != NULL ? lease_to(claim->out, claim) : KN_ERR_NOMEM;
	if (err == KN_OK)
		err = put_job(txn, old, claim->out);
	job_free(&old);
	return err;
}

enum kn_err store_job_claim(struct store *store, const struct store_claim *asked, struct job **out)
{
	struct claim claim = {.asked = asked};
	enum kn_err err = store_write(store, run_claim, &claim, STORE_FLUSHED);

	if (err == KN_OK)
		*out = claim.out;
	else
		job_free(&claim.out);
	return err;
}
