/* What control.c (connections) and control_ops.c (the table of operations) share. */
#ifndef CONTROL_PRIV_H
#define CONTROL_PRIV_H

#include "control.h"
#include "lib/control.h"

#include <stdatomic.h>
#include <stdbool.h>

/* One request on its way. */
struct control_call {
	struct server *server;
	json_object *body;   /* what was asked; may be NULL */
	json_object *result; /* the operation's to make; sent and put by control.c */
	char *text;          /* malloc'd words for an error, or NULL */
	int socket;          /* of the connection */
	int listen_fd;       /* the control socket itself */
	const atomic_bool *stopping;
	int fds[CONTROL_FDS_MAX]; /* sent along with the answer */
	size_t fds_n;
	void (*then)(struct control_call
			     *call); /* takes the connection over after the answer, or NULL */
	void *state;                 /* of then(), which frees it */
};

struct control_op {
	const char *name;
	enum kn_err (*run)(struct control_call *call);
};

/* NULL: no such operation. */
const struct control_op *control_op_find(const char *name);

/* Whether a list of so many bytes still fits into an answer with this row. Adds the row's bytes. */
bool control_fits(json_object *row, size_t *bytes);

/* Operations that have files of their own. */
enum kn_err control_op_compact(struct control_call *call);
enum kn_err control_op_copy(struct control_call *call);
enum kn_err control_op_events(struct control_call *call);
enum kn_err control_op_key_create(struct control_call *call);
enum kn_err control_op_key_list(struct control_call *call);
enum kn_err control_op_key_revoke(struct control_call *call);
enum kn_err control_op_key_limit(struct control_call *call);
enum kn_err control_op_list(struct control_call *call);
enum kn_err control_op_stats(struct control_call *call);
enum kn_err control_op_orphans(struct control_call *call);
enum kn_err control_op_audit(struct control_call *call);

#endif
