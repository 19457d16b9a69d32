/* Keys: their form, their lives, and what the store has of them. */
#include "fcgi/api_key.h"
#include "lib/clock.h"
#include "store_dir.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	char dir[STORE_DIR_SIZE];
	struct store *store;
	struct api_keys *keys;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	store_dir_make(f->dir);
	assert_int_not_equal(sodium_init(), -1);
	f->store = store_dir_open(f->dir);
	assert_int_equal(api_keys_open(f->store, &f->keys), KN_OK);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	api_keys_close(&f->keys);
	store_dir_remove(f->dir, &f->store);
	free(f);
	return 0;
}

static enum kn_err create(struct fixture *f, const char *name, const char *owner, int64_t expires,
			  char text[API_KEY_SIZE])
{
	const struct api_key_spec spec = {
		.name = name, .owner = owner, .hour_limit = -1, .day_limit = 7, .expires = expires};
	struct api_key key;

	return api_keys_create(f->keys, &spec, text, &key);
}

static enum kn_err check(struct fixture *f, const char *text)
{
	struct api_key key;

	return api_keys_check(f->keys, text, clock_wall_us(), &key);
}

static void test_create_and_check(void **state)
{
	struct fixture *f = *state;
	char text[API_KEY_SIZE];
	struct api_key key;

	assert_int_equal(create(f, "laptop", NULL, 0, text), KN_OK);
	assert_int_equal(strlen(text), API_KEY_SIZE - 1);
	assert_memory_equal(text, "kn_", 3);
	assert_int_equal(api_keys_check(f->keys, text, clock_wall_us(), &key), KN_OK);
	assert_string_equal(key.owner, "key:laptop");
	assert_int_equal(key.hour_limit, API_KEY_HOUR_LIMIT);
	assert_int_equal(key.day_limit, 7);
}

/* Every character counts, also where the checksum is right. */
static void test_wrong_keys(void **state)
{
	struct fixture *f = *state;
	char text[API_KEY_SIZE], wrong[API_KEY_SIZE + 1];

	assert_int_equal(create(f, "laptop", NULL, 0, text), KN_OK);
	for (size_t i = 0; i < API_KEY_SIZE - 1; i++) {
		strcpy(wrong, text);
		wrong[i] = wrong[i] == 'a' ? 'b' : 'a';
		assert_int_equal(check(f, wrong), KN_ERR_UNAUTHORIZED);
	}
	strcpy(wrong, text);
	strcat(wrong, "0");
	assert_int_equal(check(f, wrong), KN_ERR_UNAUTHORIZED);
	wrong[API_KEY_SIZE - 2] = '\0';
	assert_int_equal(check(f, wrong), KN_ERR_UNAUTHORIZED);
	assert_int_equal(check(f, ""), KN_ERR_UNAUTHORIZED);
}

static void test_names(void **state)
{
	struct fixture *f = *state;
	char text[API_KEY_SIZE], name[API_KEY_NAME_MAX + 2];

	memset(name, 'x', sizeof(name));
	name[API_KEY_NAME_MAX + 1] = '\0';
	assert_int_equal(create(f, name, NULL, 0, text), KN_ERR_INVALID);
	name[API_KEY_NAME_MAX] = '\0';
	assert_int_equal(create(f, name, NULL, 0, text), KN_OK);
	assert_int_equal(create(f, "", NULL, 0, text), KN_ERR_INVALID);
	assert_int_equal(create(f, " \t", NULL, 0, text), KN_ERR_INVALID);
	assert_int_equal(create(f, "a\nb", NULL, 0, text), KN_ERR_INVALID);
	assert_int_equal(create(f, "\xff", NULL, 0, text), KN_ERR_INVALID);
	assert_int_equal(create(f, name, NULL, 0, text), KN_ERR_EXISTS);
	assert_int_equal(create(f, name, "user:ann", 0, text), KN_OK);
}

static void test_expiry(void **state)
{
	int64_t soon = clock_wall_us() + 60 * USEC_PER_SEC;
	struct fixture *f = *state;
	char text[API_KEY_SIZE];
	struct api_key key;

	assert_int_equal(create(f, "k", NULL, soon, text), KN_OK);
	assert_int_equal(api_keys_check(f->keys, text, soon - 1, &key), KN_OK);
	assert_int_equal(api_keys_check(f->keys, text, soon, &key), KN_ERR_UNAUTHORIZED);
}

/* Also after a restart; a stranger cannot, and the name is free again. */
static void test_revoke(void **state)
{
	struct fixture *f = *state;
	char text[API_KEY_SIZE], next[API_KEY_SIZE];

	assert_int_equal(create(f, "k", "user:ann", 0, text), KN_OK);
	assert_int_equal(api_keys_revoke(f->keys, "user:bob", "k"), KN_ERR_NOT_FOUND);
	assert_int_equal(check(f, text), KN_OK);
	assert_int_equal(api_keys_revoke(f->keys, "user:ann", "k"), KN_OK);
	assert_int_equal(check(f, text), KN_ERR_UNAUTHORIZED);
	assert_int_equal(create(f, "k", "user:ann", 0, next), KN_OK);
	api_keys_close(&f->keys);
	assert_int_equal(api_keys_open(f->store, &f->keys), KN_OK);
	assert_int_equal(check(f, text), KN_ERR_UNAUTHORIZED);
	assert_int_equal(check(f, next), KN_OK);
}

/* A name that two owners use must not end the wrong one's key. */
static void test_an_ambiguous_name(void **state)
{
	struct fixture *f = *state;
	char ann[API_KEY_SIZE], bob[API_KEY_SIZE], *ids;
	struct api_key key;

	assert_int_equal(create(f, "k", "user:ann", 0, ann), KN_OK);
	assert_int_equal(create(f, "k", "user:bob", 0, bob), KN_OK);
	assert_int_equal(api_keys_check(f->keys, bob, clock_wall_us(), &key), KN_OK);
	assert_int_equal(api_keys_revoke(f->keys, NULL, "k"), KN_ERR_CONFLICT);
	assert_int_equal(api_keys_set_limits(f->keys, "k", 1, 1), KN_ERR_CONFLICT);
	assert_int_equal(check(f, ann), KN_OK);
	assert_int_equal(check(f, bob), KN_OK);
	ids = api_keys_named(f->keys, "k");
	assert_non_null(strstr(ids, key.id));
	assert_non_null(strstr(ids, "user:ann"));
	free(ids);
	/* A key that is called like another's id does not hide it. */
	assert_int_equal(create(f, key.id, "user:ann", 0, ann), KN_OK);
	assert_int_equal(api_keys_revoke(f->keys, NULL, key.id), KN_OK);
	assert_int_equal(check(f, bob), KN_ERR_UNAUTHORIZED);
	assert_int_equal(api_keys_revoke(f->keys, NULL, "k"), KN_OK);
}

static size_t count_keys(struct fixture *f, const char *owner)
{
	json_object *list = NULL;
	size_t n;

	assert_int_equal(api_keys_list(f->keys, owner, &list), KN_OK);
	n = json_object_array_length(list);
	json_object_put(list);
	return n;
}

/* Of an owner's; the administrator's own keys, each with an owner of its name, have no bound. */
static void test_how_many(void **state)
{
	struct fixture *f = *state;
	char text[API_KEY_SIZE], first[API_KEY_SIZE], newer[API_KEY_SIZE], name[16];

	assert_int_equal(create(f, "first", "user:ann", 0, first), KN_OK);
	for (int i = 1; i < API_KEYS_PER_OWNER; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		assert_int_equal(create(f, name, "user:ann", 0, text), KN_OK);
	}
	assert_int_equal(create(f, "one too many", "user:ann", 0, text), KN_ERR_CONFLICT);
	assert_int_equal(create(f, "k1", "user:bob", 0, text), KN_OK);
	assert_int_equal(create(f, "k1", NULL, 0, text), KN_OK);
	/* The dead make room, the oldest first, in memory and in the store. */
	assert_int_equal(api_keys_revoke(f->keys, "user:ann", "k5"), KN_OK);
	assert_int_equal(api_keys_revoke(f->keys, "user:ann", "first"), KN_OK);
	assert_int_equal(create(f, "new", "user:ann", 0, text), KN_OK);
	assert_int_equal(count_keys(f, "user:ann"), API_KEYS_PER_OWNER);
	assert_int_equal(create(f, "newer", "user:ann", 0, newer), KN_OK);
	assert_int_equal(create(f, "newest", "user:ann", 0, text), KN_ERR_CONFLICT);
	api_keys_close(&f->keys);
	assert_int_equal(api_keys_open(f->store, &f->keys), KN_OK);
	assert_int_equal(count_keys(f, "user:ann"), API_KEYS_PER_OWNER);
	assert_int_equal(count_keys(f, "user:bob"), 1);
	assert_int_equal(check(f, newer), KN_OK);
	assert_int_equal(check(f, first), KN_ERR_UNAUTHORIZED);
}

static void test_limits_are_changed_and_kept(void **state)
{
	struct fixture *f = *state;
	char text[API_KEY_SIZE];
	struct api_key key;

	assert_int_equal(create(f, "k", NULL, 0, text), KN_OK);
	assert_int_equal(api_keys_set_limits(f->keys, "k", 9, -1), KN_OK);
	assert_int_equal(api_keys_set_limits(f->keys, "none", 9, -1), KN_ERR_NOT_FOUND);
	api_keys_close(&f->keys);
	assert_int_equal(api_keys_open(f->store, &f->keys), KN_OK);
	assert_int_equal(api_keys_check(f->keys, text, clock_wall_us(), &key), KN_OK);
	assert_int_equal(key.hour_limit, 9);
	assert_int_equal(key.day_limit, 7);
}

struct search {
	const char *secret;
	int records, found;
};

static enum kn_err look_for_secret(void *arg, const void *key, size_t key_len, const void *data,
				   size_t len)
{
	struct search *search = arg;

	search->records++;
	if (memmem(key, key_len, search->secret, 16) != NULL ||
	    memmem(data, len, search->secret, 16) != NULL)
		search->found++;
	return KN_OK;
}

static void test_no_secret_is_stored_or_listed(void **state)
{
	struct fixture *f = *state;
	char text[API_KEY_SIZE];
	struct search search = {.secret = text + 3};
	json_object *list;

	assert_int_equal(create(f, "k", NULL, 0, text), KN_OK);
	assert_int_equal(store_each(f->store, STORE_KEYS, "", 0, look_for_secret, &search), KN_OK);
	assert_int_equal(search.records, 1);
	assert_int_equal(search.found, 0);
	assert_int_equal(api_keys_list(f->keys, NULL, &list), KN_OK);
	text[3 + 16] = '\0';
	assert_null(strstr(json_object_to_json_string(list), text + 3));
	json_object_put(list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create_and_check),
		TEST(test_wrong_keys),
		TEST(test_names),
		TEST(test_expiry),
		TEST(test_revoke),
		TEST(test_an_ambiguous_name),
		TEST(test_how_many),
		TEST(test_limits_are_changed_and_kept),
		TEST(test_no_secret_is_stored_or_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
