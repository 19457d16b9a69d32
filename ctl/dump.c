/*
 * kinoractl dump: everything that the store knows, as JSON lines.
 *
 *   {"kinora":"dump","version":1,"id_key":"…"}     32 hex digits; a store may have none
 *   {"job":{…}}                                  lib/job_dump.h
 *   {"table":"keys","key":…,"value":…}           keys, accounts, …; text, or {"base64":"…"}
 *   {"counter":"jobs/20500/ann","value":3}
 *   {"end":{"lines":N}}                          how many stand before it
 */
#include "lib/fs.h"
#include "lib/job_dump.h"
#include "lib/json.h"
#include "lib/store/store.h"
#include "snapshot.h"
#include "store_commands.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/stat.h>
#include <unistd.h>

struct dump {
	FILE *to;
	int64_t lines;
	const char *table; /* that is being dumped */
};

/* Consumes the object. */
static enum kn_err write_line(struct dump *dump, json_object *line)
{
	const char *text = json_object_to_json_string_ext(
		line, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	bool written = text != NULL && fputs(text, dump->to) >= 0 && fputc('\n', dump->to) != EOF;

	json_object_put(line);
	dump->lines++;
	return written ? KN_OK : kn_err_from_errno(errno);
}

static enum kn_err write_job(void *arg, const struct job *job)
{
	json_object *line = json_object_new_object();

	json_object_object_add(line, "job", job_dump(job));
	return write_line(arg, line);
}

static enum kn_err write_entry(void *arg, const void *key, size_t key_len, const void *data,
			       size_t len)
{
	struct dump *dump = arg;
	json_object *line = json_object_new_object();

	json_add_string(line, "table", dump->table);
	json_object_object_add(line, "key", dump_bytes(key, key_len));
	json_object_object_add(line, "value", dump_bytes(data, len));
	return write_line(dump, line);
}

static enum kn_err write_counter(void *arg, const char *name, size_t name_len, int64_t n)
{
	json_object *line = json_object_new_object();

	json_object_object_add(line, "counter", dump_bytes(name, name_len));
	json_add_int(line, "value", n);
	return write_line(arg, line);
}

static enum kn_err write_header(struct store *store, struct dump *dump)
{
	json_object *line;
	unsigned char key[STORE_ID_KEY_SIZE];
	char hex[2 * STORE_ID_KEY_SIZE + 1];
	enum kn_err err = store_get_id_key(store, key);

	if (err != KN_OK && err != KN_ERR_NOT_FOUND)
		return err;
	line = json_object_new_object();
	json_add_string(line, "kinora", "dump");
	json_add_int(line, "version", DUMP_VERSION);
	if (err == KN_OK)
		json_add_string(line, "id_key", sodium_bin2hex(hex, sizeof(hex), key, sizeof(key)));
	return write_line(dump, line);
}

static enum kn_err write_end(struct dump *dump)
{
	json_object *line = json_object_new_object(), *end = json_object_new_object();

	json_add_int(end, "lines", dump->lines);
	json_object_object_add(line, "end", end);
	return write_line(dump, line);
}

static enum kn_err write_all(struct store *store, struct dump *dump)
{
	static const char *const tables[] = {
#define X(code, name) [code] = name,
		STORE_TABLES(X)
#undef X
	};
	enum kn_err err = write_header(store, dump);

	if (err == KN_OK)
		err = store_each_job(store, write_job, dump);
	for (int i = 0; i < STORE_TABLE_COUNT && err == KN_OK; i++) {
		dump->table = tables[i];
		err = store_each(store, (enum store_table)i, "", 0, write_entry, dump);
	}
	if (err == KN_OK)
		err = store_each_counter(store, write_counter, dump);
	return err == KN_OK ? write_end(dump) : err;
}

/* --- the command --- */

static enum kn_err dump_store(const struct snapshot *snapshot, struct dump *dump)
{
	struct store_options options = {.dir = snapshot->place.store};
	struct store *store = NULL;
	enum kn_err err = KN_OK;

	if (snapshot->is_copy)
		err = store_recover(options.dir);
	if (err == KN_OK)
		err = store_open(&options, &store);
	if (err == KN_OK)
		err = write_all(store, dump);
	store_close(&store);
	return err;
}

/* Under another name until it is whole. */
static enum kn_err dump_to_file(const struct snapshot *snapshot, const char *path,
				struct dump *dump)
{
	char *part = NULL;
	enum kn_err err;

	if (asprintf(&part, "%s.part", path) < 0)
		return KN_ERR_NOMEM;
	dump->to = fopen(part, "we");
	err = dump->to != NULL ? dump_store(snapshot, dump) : kn_err_from_errno(errno);
	if (err == KN_OK && (fflush(dump->to) != 0 || fsync(fileno(dump->to)) != 0))
		err = kn_err_from_errno(errno);
	if (dump->to != NULL && fclose(dump->to) != 0 && err == KN_OK)
		err = kn_err_from_errno(errno);
	if (err == KN_OK && rename(part, path) != 0)
		err = kn_err_from_errno(errno);
	if (err == KN_OK)
		err = fs_sync_parent(path);
	else
		fs_remove(part);
	free(part);
	return err;
}

static int fail(const struct snapshot *snapshot, enum kn_err err, const char *what, const char *why)
{
	if (snapshot_is_lost(snapshot))
		return ctl_fail(KN_ERR_SHUTDOWN, "kinorad", "it ended meanwhile: dump again");
	return ctl_fail(err, what, why);
}

static int dump_snapshot(const struct snapshot *snapshot, const char *path, struct dump *dump)
{
	const char *store = snapshot->place.store;
	enum kn_err err = place_find_store(store);

	if (err != KN_OK)
		return fail(snapshot, err, store,
			    err == KN_ERR_NOT_FOUND ? "there is no store" : NULL);
	err = path != NULL ? dump_to_file(snapshot, path, dump) : dump_store(snapshot, dump);
	if (err != KN_OK)
		return fail(snapshot, err, dump->to != NULL ? "dump" : path, NULL);
	return EX_OK;
}

int command_dump(struct ctl *ctl)
{
	const char *path = ctl->args[0];
	struct snapshot snapshot;
	struct dump dump = {.to = stdout};
	int status;

	umask(0077);
	if (!snapshot_take(ctl, &snapshot, &status))
		return status;
	status = dump_snapshot(&snapshot, path, &dump);
	snapshot_drop(&snapshot);
	if (status != EX_OK)
		return status;
	if (path != NULL)
		ctl_tell_lines(ctl, path, dump.lines);
	return EX_OK;
}
