/*
 * The clock's work in the store: leases that are over, retention. The responder
 * does it; this asks, when the next deadline comes.
 */
#ifndef REAPER_H
#define REAPER_H

#include "lib/err.h"
#include "loop.h"

struct dispatcher;
struct reaper;

/* No lease is ended before `dispatcher` has extended its own. */
enum kn_err reaper_new(struct loop *loop, const struct dispatcher *dispatcher,
		       const char *control_path, struct reaper **out);
void reaper_free(struct reaper **reaper);
/* A duty. */
int64_t reaper_tick(void *reaper, int64_t now);

#endif
