/*
 * Makes files and records agree, at the start and then hourly: files that no
 * record names are removed, completed jobs whose files are gone are marked. And
 * files of the request log go that are older than max_log_age_days.
 *
 * It works in small steps, a few a second, and asks the responder for each batch:
 * a million files are no load for anybody. While a mount is missing (mounts.h) it rests.
 */
#ifndef JANITOR_H
#define JANITOR_H

#include "lib/conf.h"
#include "loop.h"

struct janitor;

/* conf and control_path outlive it. */
enum kn_err janitor_new(struct loop *loop, const struct conf *conf, const char *control_path,
			struct janitor **out);
void janitor_free(struct janitor **janitor);
/* A duty. */
int64_t janitor_tick(void *janitor, int64_t now);

#endif
