/* A store to read at leisure: the one at rest, or a copy of the one in use. */
#ifndef CTL_SNAPSHOT_H
#define CTL_SNAPSHOT_H

#include "ctl.h"

#include <limits.h>

struct snapshot {
	char dir[PATH_MAX];
	bool is_copy;                  /* not recovered yet */
	struct control_client *holder; /* the copy goes with this connection */
	struct conf conf; /* where the files of its jobs lie; shares the strings of ctl->conf */
	char data_path[PATH_MAX], video_path[PATH_MAX];
};

/* By the command's option --dir, a data directory; without it the configured one: as it is when
 * nobody runs, else a copy that the responder makes. False: *status says why, and so has it. */
bool snapshot_take(struct ctl *ctl, struct snapshot *out, int *status);
void snapshot_drop(struct snapshot *snapshot);

#endif
