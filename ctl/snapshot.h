/* A store to read at leisure: the one at rest, or a copy of the one in use. */
#ifndef CTL_SNAPSHOT_H
#define CTL_SNAPSHOT_H

#include "ctl.h"
#include "place.h"

struct snapshot {
	struct place place;            /* its store, and where the files of its jobs lie */
	bool is_copy;                  /* not recovered yet */
	struct control_client *holder; /* the copy goes with this connection */
};

/* By the command's option --dir, a data directory; without it the configured one: as it is when
 * nobody runs, else a copy that the responder makes. False: *status says why, and so has it. */
bool snapshot_take(struct ctl *ctl, struct snapshot *out, int *status);
/* The same; at rest, too, a copy is made. */
bool snapshot_take_copy(struct ctl *ctl, struct snapshot *out, int *status);
/* Whether its copy has gone: a responder that starts takes one that nobody has open for left
 * behind.
 */
bool snapshot_is_lost(const struct snapshot *snapshot);
void snapshot_drop(struct snapshot *snapshot);

#endif
