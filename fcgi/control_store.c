/* What kinoractl does to the whole store. `copy`: a copy of it, to look through or to keep, that
 * lives as long as the connection that asked for it; `compact`: one table. */
#include "control_priv.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/store/store.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Until the peer goes; or we stop: then it may still look through the copy, and removes it itself.
 */
static void keep(struct control_call *call)
{
	struct pollfd end = {.fd = call->socket, .events = POLLIN | POLLRDHUP};

	while (!*call->stopping && poll(&end, 1, -1) <= 0)
		;
	if (!*call->stopping)
		fs_remove_tree(call->state);
	free(call->state);
}

enum kn_err control_op_copy(struct control_call *call)
{
	char dir[PATH_MAX];
	enum kn_err err = store_copy(call->server->store, dir);

	if (err == KN_ERR_BUSY)
		call->text = strdup("another copy of the store is being made");
	if (err == KN_ERR_FULL)
		call->text = strdup("there is no space for a copy of the store beside it");
	if (err != KN_OK)
		return err;
	call->state = strdup(dir);
	if (call->state == NULL) {
		fs_remove_tree(dir);
		return KN_ERR_NOMEM;
	}
	call->then = keep;
	call->result = json_object_new_object();
	json_add_string(call->result, "dir", dir);
	return KN_OK;
}

enum kn_err control_op_compact(struct control_call *call)
{
	struct store_compacted done;
	int table = (int)json_get_int(call->body, "table", -1);
	enum kn_err err = store_compact(call->server->store, table, &done);

	if (err != KN_OK)
		return err;
	call->result = json_object_new_object();
	json_add_string(call->result, "file", done.file);
	json_add_int(call->result, "before", (int64_t)done.before);
	json_add_int(call->result, "after", (int64_t)done.after);
	return KN_OK;
}
