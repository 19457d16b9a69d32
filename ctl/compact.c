/* kinoractl compact: the disk gets back what deleted jobs took in the store. */
#include "lib/json.h"
#include "lib/store/store.h"
#include "place.h"
#include "store_commands.h"
#include "transfer.h"

#include <stdio.h>
#include <sysexits.h>

struct compact {
	struct ctl *ctl;
	struct store *store; /* NULL: the responder has it */
	json_object *tables;
	int64_t returned;
};

/* Consumes the table. */
static void tell_table(struct compact *compact, json_object *table)
{
	int64_t before = json_get_int(table, "before", 0), after = json_get_int(table, "after", 0);
	char old[32], new[32];

	compact->returned += before - after;
	if (!compact->ctl->json && before != after)
		printf("%-16s %10s → %s\n", json_get_string(table, "file"),
		       transfer_size((uint64_t)before, old), transfer_size((uint64_t)after, new));
	json_object_array_add(compact->tables, table);
}

static enum kn_err compact_here(struct compact *compact, int i, json_object **table)
{
	struct store_compacted done;
	enum kn_err err = store_compact(compact->store, i, &done);

	if (err != KN_OK)
		return err;
	*table = json_object_new_object();
	json_add_string(*table, "file", done.file);
	json_add_int(*table, "before", (int64_t)done.before);
	json_add_int(*table, "after", (int64_t)done.after);
	return KN_OK;
}

static enum kn_err compact_there(struct compact *compact, int i, json_object **table)
{
	json_object *body = json_object_new_object();

	json_add_int(body, "table", i);
	return ctl_ask(compact->ctl, "compact", body, table);
}

static enum kn_err compact_all(struct compact *compact)
{
	enum kn_err err = KN_OK;

	for (int i = 0; err == KN_OK; i++) {
		json_object *table = NULL;

		err = compact->store != NULL ? compact_here(compact, i, &table)
					     : compact_there(compact, i, &table);
		if (err == KN_OK && table != NULL)
			tell_table(compact, table);
	}
	return err == KN_ERR_NOT_FOUND ? KN_OK : err; /* there are no more */
}

static void tell_all(const struct compact *compact)
{
	uint64_t returned = compact->returned > 0 ? (uint64_t)compact->returned : 0;
	json_object *root;
	char size[32];

	if (!compact->ctl->json) {
		printf("%s returned\n", transfer_size(returned, size));
		return;
	}
	root = json_object_new_object();
	json_add_int(root, "returned", compact->returned);
	json_object_object_add(root, "tables", json_object_get(compact->tables));
	ctl_print_json(root);
	json_object_put(root);
}

int command_compact(struct ctl *ctl)
{
	struct store_options options = {.dir = ctl->conf->db_path,
					.cache_bytes = (uint64_t)ctl->conf->cache_size};
	struct compact compact = {.ctl = ctl};
	enum kn_err err = KN_OK;

	if (!ctl_is_running(ctl)) {
		place_act_as_owner(ctl->conf->data_path);
		err = place_find_store(options.dir);
		if (err == KN_ERR_NOT_FOUND)
			return ctl_fail(err, options.dir, "there is no store");
		if (err == KN_OK)
			err = store_open(&options, &compact.store);
	}
	compact.tables = json_object_new_array();
	if (err == KN_OK)
		err = compact_all(&compact);
	store_close(&compact.store);
	if (err == KN_OK)
		tell_all(&compact);
	json_object_put(compact.tables);
	return err == KN_OK ? EX_OK : ctl_fail(err, options.dir, NULL);
}
