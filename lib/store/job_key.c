/*
 * Under which key a job lies: its id, with the digits decrypted.
 *
 * An id is drawn as the time and a random rest, and then encrypted, digit for digit, under a key
 * that the store alone knows: so nobody can guess one, and yet jobs that were created together lie
 * together. A create appends to the table's last page instead of changing one at random, and so
 * does a claim, which takes the oldest.
 *
 * It is a permutation of the ids of a form, so ids that another store drew are as good: they lie
 * where chance has it, unless its key came along. Ids of no such form, and all those of a store
 * that was begun without a key, are keys themselves.
 */
#include "store_priv.h"
#include "../clock.h"
#include "../id.h"
#include "../log.h"

#include <sodium.h>

/* A digit is '#', one of a UUID's variants 'V'; all else stands for itself. */
static const struct form {
	const char *pattern;
	unsigned radix;
	size_t digits, time_digits; /* microseconds; enough of them for some thousand years */
	const char *tweak;
} forms[JOB_KEY_FORMS] = {
	{"job_############", 36, 12, 11, "job"},
	{"########-####-4###-V###-############", 16, 30, 15, "uuid"},
};
enum form_index { FORM_GROK_IMAGINE, FORM_UUID, FORM_NONE = JOB_KEY_FORMS };
enum { DIGITS_MAX = 30 };

static const char id_key_name[] = "id_key";
static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";

/* Not below any radix: no digit. */
static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 10 : sizeof(alphabet);
}

static bool matches(const struct form *form, char wanted, char c)
{
	switch (wanted) {
	case '#':
		return digit_of(c) < form->radix;
	case 'V':
		return digit_of(c) >= 8 && digit_of(c) <= 11;
	default:
		return c == wanted;
	}
}

/* False: the id is of another form. */
static bool read_digits(const struct form *form, const char *id, unsigned char *digits)
{
	for (const char *p = form->pattern; *p != '\0'; p++, id++) {
		if (!matches(form, *p, *id))
			return false;
		if (*p == '#')
			*digits++ = (unsigned char)digit_of(*id);
	}
	return *id == '\0';
}

static enum form_index form_of(const char *id, unsigned char *digits)
{
	int i = 0;

	while (i < FORM_NONE && !read_digits(&forms[i], id, digits))
		i++;
	return (enum form_index)i;
}

static void write_digits(const struct form *form, char *id, const unsigned char *digits)
{
	for (const char *p = form->pattern; *p != '\0'; p++, id++)
		if (*p == '#')
			*id = alphabet[*digits++];
}

typedef void cipher_fn(const struct ff1 *ff1, unsigned char *digits);

static const char *translate(const struct store *store, const char *id, char room[ID_SIZE],
			     cipher_fn *cipher)
{
	unsigned char digits[DIGITS_MAX];
	enum form_index form = store->has_id_key ? form_of(id, digits) : FORM_NONE;

	if (form == FORM_NONE)
		return id;
	cipher(&store->id_ciphers[form], digits);
	memcpy(room, id, strlen(id) + 1);
	write_digits(&forms[form], room, digits);
	return room;
}

const char *job_key(const struct store *store, const char *id, char room[ID_SIZE])
{
	return translate(store, id, room, ff1_decrypt);
}

const char *job_key_id(const struct store *store, const char *key, char room[ID_SIZE])
{
	return translate(store, key, room, ff1_encrypt);
}

bool job_key_is_of(const struct store *store, const void *key, size_t len, const char *id)
{
	char room[ID_SIZE];
	const char *wanted = job_key(store, id, room);

	return strlen(wanted) == len && memcmp(wanted, key, len) == 0;
}

/* --- drawing --- */

/* Each draw has a microsecond of its own, whatever the clock does. */
static int64_t next_draw(struct store *store)
{
	int64_t now = clock_wall_us(), last = atomic_load(&store->last_draw), next;

	do
		next = now > last ? now : last + 1;
	while (!atomic_compare_exchange_weak(&store->last_draw, &last, next));
	return next;
}

void store_draw_id(struct store *store, enum job_api api, char id[ID_SIZE])
{
	static const struct {
		void (*draw)(char[ID_SIZE]);
		enum form_index form;
	} kinds[JOB_API_COUNT] = {
		[JOB_GROK_IMAGINE] = {id_new_grok_imagine, FORM_GROK_IMAGINE},
		[JOB_TEXT_TO_VIDEO] = {id_new_uuid, FORM_UUID},
		[JOB_GROK_3D] = {id_new_hex8, FORM_NONE}, /* too few digits for a time */
		[JOB_VIVID_FLOW] = {id_new_uuid, FORM_UUID},
	};
	const enum form_index index = kinds[api].form;
	const struct form *form = &forms[index];
	unsigned char digits[DIGITS_MAX];
	int64_t time;

	kinds[api].draw(id);
	if (index == FORM_NONE || !store->has_id_key || !read_digits(form, id, digits))
		return;
	time = next_draw(store);
	for (size_t i = form->time_digits; i-- > 0; time /= form->radix)
		digits[i] = (unsigned char)(time % form->radix);
	ff1_encrypt(&store->id_ciphers[index], digits);
	write_digits(form, id, digits);
}

/* --- the key of the store --- */

enum kn_err store_get_id_key(struct store *store, unsigned char key[STORE_ID_KEY_SIZE])
{
	struct store_read read;
	enum kn_err err =
		store_read(store, NULL, TABLE_PRIVATE, id_key_name, strlen(id_key_name), &read);

	if (err == KN_OK && read.len == STORE_ID_KEY_SIZE)
		memcpy(key, read.data, STORE_ID_KEY_SIZE);
	else if (err == KN_OK)
		err = KN_ERR_CORRUPT;
	store_read_free(&read);
	return err;
}

enum kn_err job_key_load(struct store *store)
{
	unsigned char key[STORE_ID_KEY_SIZE];
	enum kn_err err = store_get_id_key(store, key);

	store->has_id_key = err == KN_OK;
	for (size_t i = 0; store->has_id_key && i < JOB_KEY_FORMS; i++)
		ff1_init(&store->id_ciphers[i], key, forms[i].radix, forms[i].digits,
			 forms[i].tweak);
	if (err == KN_ERR_CORRUPT)
		log_error("store: the key of the ids cannot be read");
	return err == KN_ERR_NOT_FOUND ? KN_OK : err;
}

bool job_key_decides(const char *id)
{
	unsigned char digits[DIGITS_MAX];

	return form_of(id, digits) != FORM_NONE;
}

static enum kn_err find_any(void *arg, const void *key, size_t key_len, const void *data,
			    size_t len)
{
	bool *any = arg;

	(void)key;
	(void)key_len;
	(void)data;
	(void)len;
	*any = true;
	return SCAN_STOP;
}

enum kn_err store_set_id_key(struct store *store, const unsigned char key[STORE_ID_KEY_SIZE])
{
	const struct key all = {.len = 0};
	DB *table = store->tables[TABLE_PRIVATE];
	DBT name = store_dbt(id_key_name, strlen(id_key_name));
	DBT data = store_dbt(key, STORE_ID_KEY_SIZE);
	bool any = false;
	enum kn_err err = store_scan(store, TABLE_JOBS, &all, NULL, SCAN_CHUNK_MIN, find_any, &any);

	if (err == KN_OK && any)
		err = KN_ERR_EXISTS;
	if (err == KN_OK)
		err = store_db_error(store, table->put(table, NULL, &name, &data, 0),
				     "the key of the ids");
	return err == KN_OK ? job_key_load(store) : err;
}

enum kn_err job_key_begin(struct store *store)
{
	unsigned char key[STORE_ID_KEY_SIZE];
	enum kn_err err;

	if (store->has_id_key)
		return KN_OK;
	randombytes_buf(key, sizeof(key));
	err = store_set_id_key(store, key);
	return err == KN_ERR_EXISTS ? KN_OK : err; /* jobs from before there were keys */
}
