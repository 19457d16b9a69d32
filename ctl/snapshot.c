#include "snapshot.h"

#include "lib/fs.h"
#include "lib/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* Another data directory has everything at its usual place. */
static bool take_dir(struct snapshot *out, const char *dir, int *status)
{
	if (realpath(dir, out->data_path) == NULL) {
		*status = ctl_fail(KN_ERR_NOT_FOUND, dir, "no such directory");
		return false;
	}
	if (snprintf(out->dir, PATH_MAX, "%s/store", out->data_path) >= PATH_MAX ||
	    snprintf(out->video_path, PATH_MAX, "%s/videos", out->data_path) >= PATH_MAX) {
		*status = ctl_fail(KN_ERR_INVALID, dir, "the path is too long");
		return false;
	}
	out->conf.data_path = out->data_path;
	out->conf.video_storage_path = out->video_path;
	return true;
}

static bool take_copy(struct ctl *ctl, struct snapshot *out, int *status)
{
	json_object *result;
	const char *dir;
	bool taken;

	if (!ctl_call(ctl, "copy", NULL, &result, status))
		return false;
	/* It is good for nothing else now; the next call opens another. */
	out->holder = ctl->client;
	ctl->client = NULL;
	dir = json_get_string(result, "dir");
	taken = dir != NULL && snprintf(out->dir, PATH_MAX, "%s", dir) < PATH_MAX;
	json_object_put(result);
	out->is_copy = taken;
	if (!taken)
		*status = EX_PROTOCOL;
	return taken;
}

bool snapshot_take(struct ctl *ctl, struct snapshot *out, int *status)
{
	const char *dir = json_get_string(ctl->options, "dir");

	out->conf = *ctl->conf;
	out->is_copy = false;
	out->holder = NULL;
	if (dir != NULL)
		return take_dir(out, dir, status);
	if (ctl_is_running(ctl))
		return take_copy(ctl, out, status);
	snprintf(out->dir, PATH_MAX, "%s", ctl->conf->db_path);
	return true;
}

void snapshot_drop(struct snapshot *snapshot)
{
	if (snapshot->is_copy)
		fs_remove_tree(snapshot->dir); /* the responder may be another one by now */
	control_close(&snapshot->holder);
}
