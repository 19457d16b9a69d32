/*
 * kinoractl load: makes a store of what dump wrote. Strict: the first line that
 * is not as dump writes it ends it, and nothing is left. The store is made beside
 * its place, and takes it when it is whole.
 */
#include "lib/asset.h"
#include "lib/fs.h"
#include "lib/job_dump.h"
#include "lib/json.h"
#include "lib/store/store.h"
#include "place.h"
#include "store_commands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { BATCH = 500 };

/* What a line says: one of the three. */
struct row {
	int64_t line;
	struct job *job;
	int table; /* -1: none */
	void *key, *value;
	size_t key_len, value_len;
	char *counter;
	int64_t n;
};

struct load {
	struct store *store;
	struct row rows[BATCH];
	size_t rows_n;
	int64_t line;
	bool has_begun, has_ended;
	const char *why; /* what is wrong with the line */
	char fault[80];  /* what it may point to */
	const struct conf *conf;
};

static void clear_row(struct row *row)
{
	job_free(&row->job);
	free(row->key);
	free(row->value);
	free(row->counter);
	*row = (struct row){.table = -1};
}

/* --- into the store --- */

static enum kn_err put_entry(struct store_txn *txn, const struct row *row)
{
	enum store_table table = (enum store_table)row->table;
	struct store_value there = {0};
	enum kn_err err = store_txn_get(txn, table, row->key, row->key_len, &there);

	free(there.data);
	if (err == KN_OK)
		return KN_ERR_EXISTS;
	if (err != KN_ERR_NOT_FOUND)
		return err;
	return store_txn_put(txn, table, row->key, row->key_len, row->value, row->value_len);
}

static enum kn_err put_row(struct store_txn *txn, const struct row *row)
{
	int64_t now;
	enum kn_err err;

	if (row->job != NULL)
		return store_txn_job_put(txn, NULL, row->job);
	if (row->table >= 0)
		return put_entry(txn, row);
	err = store_txn_counter_add(txn, row->counter, row->n, &now);
	return err == KN_OK && now != row->n ? KN_ERR_EXISTS : err;
}

static enum kn_err put_rows(struct store_txn *txn, void *arg)
{
	struct load *load = arg;
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < load->rows_n && err == KN_OK; i++) {
		load->line = load->rows[i].line;
		err = put_row(txn, &load->rows[i]);
	}
	return err;
}

static enum kn_err flush_rows(struct load *load)
{
	int64_t line = load->line;
	enum kn_err err = store_write(load->store, put_rows, load, STORE_FLUSHED);

	if (err == KN_ERR_IN_DOUBT)
		err = KN_ERR_FULL; /* whatever was stored is thrown away */
	for (size_t i = 0; i < load->rows_n; i++)
		clear_row(&load->rows[i]);
	load->rows_n = 0;
	if (err == KN_OK)
		load->line = line;
	else if (err == KN_ERR_EXISTS)
		load->why = "this stands in the file already";
	else
		load->why = kn_err_text(err);
	return err;
}

/* --- lines --- */

static int table_from_name(const char *name)
{
	static const char *const tables[] = {
#define X(code, name) [code] = name,
		STORE_TABLES(X)
#undef X
	};

	for (int i = 0; i < STORE_TABLE_COUNT; i++)
		if (strcmp(tables[i], name) == 0)
			return i;
	return -1;
}

static enum kn_err take_entry(struct load *load, json_object *json, const char *table,
			      struct row *row)
{
	json_object *key = NULL, *value = NULL;

	load->why = "no entry of a table";
	row->table = table_from_name(table);
	json_object_object_get_ex(json, "key", &key);
	json_object_object_get_ex(json, "value", &value);
	if (row->table < 0 || json_object_object_length(json) != 3 ||
	    undump_bytes(key, &row->key, &row->key_len) != KN_OK || row->key_len == 0 ||
	    undump_bytes(value, &row->value, &row->value_len) != KN_OK)
		return KN_ERR_INVALID;
	return KN_OK;
}

static enum kn_err take_counter(struct load *load, json_object *json, json_object *name,
				struct row *row)
{
	size_t len = 0;

	load->why = "no counter";
	row->n = json_get_int(json, "value", 0);
	if (json_object_object_length(json) != 2 || row->n <= 0 ||
	    undump_bytes(name, (void **)&row->counter, &len) != KN_OK || len == 0 ||
	    strlen(row->counter) != len)
		return KN_ERR_INVALID;
	return KN_OK;
}

static bool lies_outside(const struct load *load, const struct job_files *files)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < files->n; i++)
		if (asset_path(load->conf, files->v[i].path, path) != KN_OK)
			return true;
	return false;
}

static enum kn_err take_job(struct load *load, json_object *json, struct job **out)
{
	const char *fault;
	enum kn_err err = job_undump(json, out, &load->why);

	if (err != KN_OK)
		return err;
	fault = job_fault(*out);
	if (fault == NULL &&
	    (lies_outside(load, &(*out)->inputs) || lies_outside(load, &(*out)->assets)))
		fault = "has a file where none of its may be";
	if (fault == NULL)
		return KN_OK;
	snprintf(load->fault, sizeof(load->fault), "the job %s", fault);
	load->why = load->fault;
	return KN_ERR_INVALID;
}

static enum kn_err take_row(struct load *load, json_object *json)
{
	struct row *row = &load->rows[load->rows_n++];
	const char *table = json_get_string(json, "table");
	json_object *value = NULL;

	*row = (struct row){.line = load->line, .table = -1};
	if (table != NULL)
		return take_entry(load, json, table, row);
	if (json_object_object_get_ex(json, "counter", &value))
		return take_counter(load, json, value, row);
	load->why = "neither job, table, counter nor end";
	if (!json_object_object_get_ex(json, "job", &value) || json_object_object_length(json) != 1)
		return KN_ERR_INVALID;
	return take_job(load, value, &row->job);
}

/* Before any job is stored: their places depend on it. */
static enum kn_err take_id_key(struct load *load, json_object *json)
{
	unsigned char key[STORE_ID_KEY_SIZE];
	json_object *value;
	const char *hex = json_get_string(json, "id_key");
	size_t len = 0;
	enum kn_err err;

	if (!json_object_object_get_ex(json, "id_key", &value))
		return KN_OK;
	load->why = "id_key is not 32 hex digits";
	if (hex == NULL || strlen(hex) != 2 * sizeof(key) ||
	    sodium_hex2bin(key, sizeof(key), hex, strlen(hex), NULL, &len, NULL) != 0 ||
	    len != sizeof(key))
		return KN_ERR_INVALID;
	err = store_set_id_key(load->store, key);
	load->why = kn_err_text(err);
	return err;
}

static enum kn_err take_header(struct load *load, json_object *json)
{
	const char *kind = json_get_string(json, "kinora");

	load->why = "this is no dump";
	if (kind == NULL || strcmp(kind, "dump") != 0)
		return KN_ERR_INVALID;
	load->why = "a version that this program does not know";
	load->has_begun = json_get_int(json, "version", 0) == DUMP_VERSION;
	return load->has_begun ? take_id_key(load, json) : KN_ERR_INVALID;
}

static enum kn_err take_end(struct load *load, json_object *end)
{
	load->why = "lines are missing before it";
	load->has_ended = json_get_int(end, "lines", -1) == load->line - 1;
	return load->has_ended ? flush_rows(load) : KN_ERR_INVALID;
}

static enum kn_err take_line(struct load *load, const char *text, size_t len)
{
	json_object *json = NULL, *end;
	enum kn_err err;

	load->line++;
	load->why = load->has_ended ? "there is more after the end" : "no JSON object";
	err = json_parse_strict(text, len, &json);
	if (err == KN_OK && (load->has_ended || !json_object_is_type(json, json_type_object)))
		err = KN_ERR_INVALID;
	if (err != KN_OK)
		goto out;
	end = json_get_object(json, "end");
	if (!load->has_begun)
		err = take_header(load, json);
	else if (end != NULL)
		err = take_end(load, end);
	else
		err = take_row(load, json);
	if (err == KN_OK && load->rows_n == BATCH)
		err = flush_rows(load);
out:
	json_object_put(json);
	return err;
}

static enum kn_err take_lines(struct load *load, FILE *from)
{
	enum kn_err err = KN_OK;
	char *text = NULL;
	size_t size = 0;
	ssize_t len;

	while (err == KN_OK && (len = getline(&text, &size, from)) >= 0)
		err = take_line(load, text, (size_t)len);
	free(text);
	if (err == KN_OK && ferror(from)) {
		load->why = "it cannot be read";
		err = KN_ERR_IO;
	}
	if (err == KN_OK && !load->has_ended) {
		load->line++;
		load->why = "the file ends before its end";
		err = KN_ERR_INVALID;
	}
	for (size_t i = 0; i < load->rows_n; i++)
		clear_row(&load->rows[i]);
	return err;
}

/* --- the command --- */

static enum kn_err find_one(void *arg, const struct job *job)
{
	(void)arg;
	(void)job;
	return KN_ERR_EXISTS;
}

static enum kn_err find_entry(void *arg, const void *key, size_t key_len, const void *data,
			      size_t len)
{
	(void)arg;
	(void)key;
	(void)key_len;
	(void)data;
	(void)len;
	return KN_ERR_EXISTS;
}

/* A store that a service made, and nobody used. KN_ERR_EXISTS: it has something. */
static enum kn_err check_empty(const char *dir)
{
	struct store_options options = {.dir = dir};
	struct store *store = NULL;
	enum kn_err err = place_find_store(dir);

	if (err == KN_ERR_NOT_FOUND)
		return KN_OK;
	if (err == KN_OK)
		err = store_open(&options, &store);
	if (err == KN_OK)
		err = store_each_job(store, find_one, NULL);
	for (int i = 0; i < STORE_TABLE_COUNT && err == KN_OK; i++)
		err = store_each(store, (enum store_table)i, "", 0, find_entry, NULL);
	store_close(&store);
	return err;
}

static enum kn_err put_in_place(const char *staging, const char *dir)
{
	enum kn_err err = KN_OK;

	if (renameat2(AT_FDCWD, staging, AT_FDCWD, dir, RENAME_NOREPLACE) == 0)
		return fs_sync_parent(dir);
	/* The empty one goes. */
	if (errno != EEXIST || renameat2(AT_FDCWD, staging, AT_FDCWD, dir, RENAME_EXCHANGE) != 0)
		err = kn_err_from_errno(errno);
	if (err == KN_OK)
		err = fs_sync_parent(dir);
	return err == KN_OK ? fs_remove_tree(staging) : err;
}

static int run(struct load *load, const char *dir, FILE *from, const char *name)
{
	struct store_options options = {.cache_bytes = 256 << 20};
	char staging[PATH_MAX];
	enum kn_err err;
	int status = EX_OK;

	if (snprintf(staging, sizeof(staging), "%s.loading", dir) >= PATH_MAX)
		return ctl_fail(KN_ERR_INVALID, dir, "the path is too long");
	fs_remove_tree(staging);
	options.dir = staging;
	err = store_open(&options, &load->store);
	if (err != KN_OK)
		return ctl_fail(err, staging, NULL);
	err = take_lines(load, from);
	store_close(&load->store);
	if (err != KN_OK) {
		fprintf(stderr, "kinoractl: %s:%lld: %s; nothing was loaded\n", name,
			(long long)load->line, load->why);
		status = err == KN_ERR_FULL ? EX_TEMPFAIL : EX_DATAERR;
	} else {
		err = put_in_place(staging, dir);
		if (err != KN_OK)
			status = ctl_fail(err, dir, NULL);
	}
	fs_remove_tree(staging);
	return status;
}

static int load_from(struct ctl *ctl, FILE *from, const char *name)
{
	const char *dir = ctl->conf->db_path;
	struct load *load = calloc(1, sizeof(*load));
	enum kn_err err = load != NULL ? check_empty(dir) : KN_ERR_NOMEM;
	int status;

	if (load != NULL)
		load->conf = ctl->conf;
	if (err == KN_OK)
		status = run(load, dir, from, name);
	else
		status = ctl_fail(err, dir, err == KN_ERR_EXISTS ? "the store is not empty" : NULL);
	if (status == EX_OK)
		ctl_tell_lines(ctl, dir, load->line);
	free(load);
	return status;
}

int command_load(struct ctl *ctl)
{
	const char *path = ctl->args[0], *data = ctl->conf->data_path;
	enum kn_err err;
	FILE *from;
	int status;

	from = path != NULL ? fopen(path, "re") : stdin;
	if (from == NULL)
		return ctl_fail(kn_err_from_errno(errno), path, NULL);
	err = fs_make_dirs(data, 0750);
	place_act_as_owner(data);
	if (err != KN_OK)
		status = ctl_fail(err, data, NULL);
	else if (ctl_take_data(ctl, &status))
		status = load_from(ctl, from, path != NULL ? path : "standard input");
	if (path != NULL)
		fclose(from);
	return status;
}
