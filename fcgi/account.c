#include "account.h"

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/store/store.h"
#include "purge.h"

#include <ctype.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* OWASP's argon2id figures: 19 MiB, 2 passes. One at a time, so that a flood of logins takes
 * neither the machine's memory nor all request threads: who waits longer than HASH_WAIT_S is told
 * to come back. */
enum {
	HASH_PASSES = 2,
	HASH_MEMORY = 19 << 20,
	HASH_WAIT_S = 2,
	TOKEN_HASH = 32,
	RECORD_VERSION = 1
};

struct accounts {
	struct store *store;
	pthread_mutex_t hashing;
	char nobody[crypto_pwhash_STRBYTES]; /* what an unknown name's password is checked against
					      */
	struct purge over;                   /* of sessions */
};

static enum kn_err hash_begin(struct accounts *accounts)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += HASH_WAIT_S;
	return pthread_mutex_clocklock(&accounts->hashing, CLOCK_MONOTONIC, &until) == 0
		       ? KN_OK
		       : KN_ERR_BUSY;
}

static enum kn_err hash_password(struct accounts *accounts, const char *password,
				 char out[crypto_pwhash_STRBYTES])
{
	enum kn_err err = hash_begin(accounts);

	if (err != KN_OK)
		return err;
	if (crypto_pwhash_str(out, password, strlen(password), HASH_PASSES, HASH_MEMORY) != 0)
		err = KN_ERR_NOMEM;
	pthread_mutex_unlock(&accounts->hashing);
	return err;
}

static enum kn_err check_password(struct accounts *accounts, const char *hash, const char *password)
{
	enum kn_err err = hash_begin(accounts);

	if (err != KN_OK)
		return err;
	if (crypto_pwhash_str_verify(hash, password, strlen(password)) != 0)
		err = KN_ERR_UNAUTHORIZED;
	pthread_mutex_unlock(&accounts->hashing);
	return err;
}

enum kn_err account_fold_name(const char *name, char out[ACCOUNT_NAME_SIZE])
{
	size_t n = strlen(name);

	if (n < 3 || n >= ACCOUNT_NAME_SIZE)
		return KN_ERR_INVALID;
	for (size_t i = 0; i <= n; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c != '\0' && (c > 0x7e || (!isalnum(c) && strchr("._@+-", c) == NULL)))
			return KN_ERR_INVALID;
		out[i] = (char)tolower(c);
	}
	return KN_OK;
}

/* --- records: JSON objects with a version --- */

static enum kn_err put_object(struct store_txn *txn, enum store_table table, const void *key,
			      size_t key_len, json_object *o)
{
	size_t len;
	const char *text;

	json_object_object_add(o, "v", json_object_new_int(RECORD_VERSION));
	text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, &len);
	return store_txn_put(txn, table, key, key_len, text, len);
}

static enum kn_err get_object(struct store *store, enum store_table table, const void *key,
			      size_t key_len, json_object **out)
{
	struct store_value value = {0};
	enum kn_err err = store_get(store, table, key, key_len, &value);

	*out = NULL;
	if (err == KN_OK && json_parse_strict(value.data, value.len, out) != KN_OK)
		err = KN_ERR_CORRUPT;
	free(value.data);
	return err;
}

static const char *member(json_object *o, const char *name)
{
	const char *text = json_object_get_string(json_object_object_get(o, name));

	return text != NULL ? text : "";
}

struct account_write {
	const char *name, *hash;
};

static enum kn_err insert_account(struct store_txn *txn, void *arg)
{
	const struct account_write *write = arg;
	struct store_value old = {0};
	json_object *o = NULL;
	enum kn_err err =
		store_txn_get(txn, STORE_ACCOUNTS, write->name, strlen(write->name), &old);

	free(old.data);
	if (err != KN_ERR_NOT_FOUND)
		return err == KN_OK ? KN_ERR_EXISTS : err;
	o = json_object_new_object();
	json_object_object_add(o, "password", json_object_new_string(write->hash));
	json_object_object_add(o, "created", json_object_new_int64(clock_wall_us()));
	err = put_object(txn, STORE_ACCOUNTS, write->name, strlen(write->name), o);
	json_object_put(o);
	return err;
}

enum kn_err accounts_register(struct accounts *accounts, const char *name, const char *password,
			      const char **why)
{
	char folded[ACCOUNT_NAME_SIZE], hash[crypto_pwhash_STRBYTES];
	struct account_write write = {.name = folded, .hash = hash};
	enum kn_err err;

	if (account_fold_name(name, folded) != KN_OK) {
		*why = "username must be 3 to 64 letters, digits or . _ @ + -";
		return KN_ERR_INVALID;
	}
	if (strlen(password) < ACCOUNT_PASSWORD_MIN || strlen(password) > ACCOUNT_PASSWORD_MAX) {
		*why = "password must be 8 to 256 bytes";
		return KN_ERR_INVALID;
	}
	err = hash_password(accounts, password, hash);
	return err != KN_OK ? err
			    : store_write(accounts->store, insert_account, &write, STORE_FLUSHED);
}

static void hash_token(const char *token, unsigned char out[TOKEN_HASH])
{
	crypto_generichash(out, TOKEN_HASH, (const unsigned char *)token, strlen(token), NULL, 0);
}

struct session_write {
	unsigned char key[TOKEN_HASH];
	const char *name; /* NULL: delete */
};

static enum kn_err write_session(struct store_txn *txn, void *arg)
{
	const struct session_write *write = arg;
	json_object *o;
	enum kn_err err;

	if (write->name == NULL) {
		err = store_txn_delete(txn, STORE_SESSIONS, write->key, TOKEN_HASH);
		return err == KN_ERR_NOT_FOUND ? KN_OK : err;
	}
	o = json_object_new_object();
	json_object_object_add(o, "name", json_object_new_string(write->name));
	json_object_object_add(
		o, "expires",
		json_object_new_int64(clock_wall_us() + SESSION_SECONDS * USEC_PER_SEC));
	err = put_object(txn, STORE_SESSIONS, write->key, TOKEN_HASH, o);
	json_object_put(o);
	return err;
}

enum kn_err accounts_login(struct accounts *accounts, const char *name, const char *password,
			   char token[SESSION_TOKEN_SIZE])
{
	struct session_write write;
	char folded[ACCOUNT_NAME_SIZE] = "";
	unsigned char random[(SESSION_TOKEN_SIZE - 1) / 2];
	json_object *account = NULL;
	enum kn_err found = account_fold_name(name, folded), err;

	if (found == KN_OK)
		found = get_object(accounts->store, STORE_ACCOUNTS, folded, strlen(folded),
				   &account);
	/* The same work whether or not there is such an account. */
	err = check_password(accounts,
			     found == KN_OK ? member(account, "password") : accounts->nobody,
			     strlen(password) <= ACCOUNT_PASSWORD_MAX ? password : "");
	json_object_put(account);
	if (err != KN_OK)
		return err;
	if (found != KN_OK)
		return found == KN_ERR_NOT_FOUND || found == KN_ERR_INVALID ? KN_ERR_UNAUTHORIZED
									    : found;
	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(token, SESSION_TOKEN_SIZE, random, sizeof(random));
	hash_token(token, write.key);
	write.name = folded;
	return store_write(accounts->store, write_session, &write, STORE_FLUSHED);
}

/* Bound to the session without being stored: a keyed hash of its token. */
static void derive_csrf(const char *token, char out[SESSION_TOKEN_SIZE])
{
	static const unsigned char purpose[] = "kinora csrf";
	unsigned char hash[(SESSION_TOKEN_SIZE - 1) / 2];

	crypto_generichash(hash, sizeof(hash), purpose, sizeof(purpose),
			   (const unsigned char *)token, SESSION_TOKEN_SIZE - 1);
	sodium_bin2hex(out, SESSION_TOKEN_SIZE, hash, sizeof(hash));
}

static int64_t expires(json_object *session)
{
	return json_object_get_int64(json_object_object_get(session, "expires"));
}

enum kn_err accounts_session(struct accounts *accounts, const char *token, int64_t now,
			     struct session *out)
{
	unsigned char key[TOKEN_HASH];
	json_object *o = NULL;
	enum kn_err err;

	if (strlen(token) != SESSION_TOKEN_SIZE - 1)
		return KN_ERR_UNAUTHORIZED;
	hash_token(token, key);
	err = get_object(accounts->store, STORE_SESSIONS, key, sizeof(key), &o);
	if (err == KN_ERR_NOT_FOUND)
		return KN_ERR_UNAUTHORIZED;
	if (err == KN_OK && expires(o) <= now)
		err = KN_ERR_UNAUTHORIZED;
	if (err == KN_OK) {
		snprintf(out->name, sizeof(out->name), "%s", member(o, "name"));
		derive_csrf(token, out->csrf);
	}
	json_object_put(o);
	return err;
}

enum kn_err accounts_logout(struct accounts *accounts, const char *token)
{
	struct session_write write = {.name = NULL};

	hash_token(token, write.key);
	return store_write(accounts->store, write_session, &write, STORE_FLUSHED);
}

static bool session_is_over(const void *data, size_t len, int64_t now)
{
	json_object *o = NULL;
	bool over = json_parse_strict(data, len, &o) != KN_OK || expires(o) <= now;

	json_object_put(o);
	return over;
}

enum kn_err accounts_forget(struct accounts *accounts, int64_t now)
{
	return purge_some(&accounts->over, accounts->store, now);
}

/* --- its life --- */

enum kn_err accounts_open(struct store *store, struct accounts **out)
{
	struct accounts *accounts = calloc(1, sizeof(*accounts));
	char unguessable[TOKEN_SIZE];
	enum kn_err err;

	*out = accounts;
	if (accounts == NULL)
		return KN_ERR_NOMEM;
	accounts->store = store;
	accounts->over = (struct purge){.lock = PTHREAD_MUTEX_INITIALIZER,
					.table = STORE_SESSIONS,
					.prefix = "",
					.is_over = session_is_over};
	pthread_mutex_init(&accounts->hashing, NULL);
	id_new_token(unguessable);
	err = hash_password(accounts, unguessable, accounts->nobody);
	if (err != KN_OK)
		accounts_close(out);
	return err;
}

void accounts_close(struct accounts **accounts)
{
	if (*accounts == NULL)
		return;
	pthread_mutex_destroy(&(*accounts)->hashing);
	free(*accounts);
	*accounts = NULL;
}
