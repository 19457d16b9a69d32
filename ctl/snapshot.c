#include "snapshot.h"

#include "lib/fs.h"
#include "lib/json.h"
#include "lib/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static bool find_place(struct ctl *ctl, struct snapshot *out, int *status)
{
	const char *dir = json_get_string(ctl->options, "dir");
	char *real = dir != NULL ? realpath(dir, NULL) : NULL;
	enum kn_err err = dir != NULL && real == NULL ? kn_err_from_errno(errno) : KN_OK;

	out->is_copy = false;
	out->holder = NULL;
	if (err != KN_OK) {
		*status = ctl_fail(err, dir, err == KN_ERR_NOT_FOUND ? "no such directory" : NULL);
		return false;
	}
	err = real != NULL ? place_at(ctl->conf, real, &out->place)
			   : place_configured(ctl->conf, &out->place);
	free(real);
	if (err != KN_OK) {
		*status = ctl_fail(err, dir != NULL ? dir : "configuration", NULL);
		return false;
	}
	place_act_as_owner(out->place.data);
	return true;
}

static bool is_in_use(struct ctl *ctl)
{
	return json_get_string(ctl->options, "dir") == NULL && ctl_is_running(ctl);
}

static bool ask_for_copy(struct ctl *ctl, struct snapshot *out, int *status)
{
	json_object *result;
	const char *dir;

	if (!ctl_call(ctl, "copy", NULL, &result, status))
		return false;
	/* It is good for nothing else now; the next call opens another. */
	out->holder = ctl->client;
	ctl->client = NULL;
	dir = json_get_string(result, "dir");
	out->is_copy = dir != NULL && snprintf(out->place.store, PATH_MAX, "%s", dir) < PATH_MAX;
	json_object_put(result);
	if (!out->is_copy)
		*status = EX_PROTOCOL;
	return out->is_copy;
}

static bool make_copy(struct snapshot *out, int *status)
{
	struct store_options options = {.dir = out->place.store};
	struct store *store = NULL;
	char dir[PATH_MAX];
	enum kn_err err = place_find_store(out->place.store);

	if (err == KN_OK)
		err = store_open(&options, &store);
	if (err == KN_OK)
		err = store_copy(store, dir);
	store_close(&store);
	if (err != KN_OK) {
		*status = ctl_fail(err, out->place.store,
				   err == KN_ERR_NOT_FOUND ? "there is no store" : NULL);
		return false;
	}
	snprintf(out->place.store, PATH_MAX, "%s", dir);
	out->is_copy = true;
	return true;
}

bool snapshot_take(struct ctl *ctl, struct snapshot *out, int *status)
{
	if (!find_place(ctl, out, status))
		return false;
	return !is_in_use(ctl) || ask_for_copy(ctl, out, status);
}

bool snapshot_take_copy(struct ctl *ctl, struct snapshot *out, int *status)
{
	if (!find_place(ctl, out, status))
		return false;
	return is_in_use(ctl) ? ask_for_copy(ctl, out, status) : make_copy(out, status);
}

bool snapshot_is_lost(const struct snapshot *snapshot)
{
	return snapshot->is_copy && !store_exists(snapshot->place.store);
}

void snapshot_drop(struct snapshot *snapshot)
{
	if (snapshot->is_copy)
		fs_remove_tree(snapshot->place.store); /* the responder may be another one by now */
	control_close(&snapshot->holder);
}
