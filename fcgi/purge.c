#include "purge.h"

#include <stdlib.h>
#include <string.h>

struct turn {
	struct purge *purge;
	int64_t now;
	size_t looked;
	struct dead {
		unsigned char key[PURGE_KEY_MAX];
		size_t len;
	} v[PURGE_BATCH];
	size_t n;
};

static enum kn_err look(void *arg, const void *key, size_t key_len, const void *data, size_t len)
{
	struct turn *turn = arg;
	struct purge *purge = turn->purge;
	struct dead *dead = &turn->v[turn->n];

	if (turn->looked == PURGE_BATCH)
		return KN_ERR_NOT_FOUND; /* ends the walk */
	turn->looked++;
	if (key_len > PURGE_KEY_MAX)
		return KN_OK;
	/* The smallest key after this one. */
	memcpy(purge->at, key, key_len);
	purge->at[key_len] = 0;
	purge->at_len = key_len + 1;
	if (purge->is_over(data, len, turn->now)) {
		memcpy(dead->key, key, key_len);
		dead->len = key_len;
		turn->n++;
	}
	return KN_OK;
}

/* It may have begun anew since it was looked at. */
static enum kn_err remove_one(struct store_txn *txn, const struct turn *turn,
			      const struct dead *dead)
{
	const struct purge *purge = turn->purge;
	struct store_value value = {0};
	enum kn_err err = store_txn_get(txn, purge->table, dead->key, dead->len, &value);

	if (err == KN_OK && purge->is_over(value.data, value.len, turn->now))
		err = store_txn_delete(txn, purge->table, dead->key, dead->len);
	free(value.data);
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

static enum kn_err remove_dead(struct store_txn *txn, void *arg)
{
	const struct turn *turn = arg;
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < turn->n && err == KN_OK; i++)
		err = remove_one(txn, turn, &turn->v[i]);
	return err;
}

static enum kn_err take_turn(struct turn *turn, struct store *store)
{
	struct purge *purge = turn->purge;
	size_t prefix_len = strlen(purge->prefix);
	enum kn_err err;

	if (purge->at_len == 0) {
		memcpy(purge->at, purge->prefix, prefix_len);
		purge->at_len = prefix_len;
	}
	err = store_each_from(store, purge->table, purge->prefix, prefix_len, purge->at,
			      purge->at_len, look, turn);
	if (err == KN_OK)
		purge->at_len = 0; /* that was the end */
	if (err == KN_ERR_NOT_FOUND)
		err = KN_OK;
	if (err == KN_OK && turn->n > 0)
		err = store_write(store, remove_dead, turn, STORE_LAZY);
	return err;
}

enum kn_err purge_some(struct purge *purge, struct store *store, int64_t now)
{
	struct turn *turn = calloc(1, sizeof(*turn));
	enum kn_err err;

	if (turn == NULL)
		return KN_ERR_NOMEM;
	turn->purge = purge;
	turn->now = now;
	pthread_mutex_lock(&purge->lock);
	err = take_turn(turn, store);
	pthread_mutex_unlock(&purge->lock);
	free(turn);
	return err;
}
