/*
 * What the store and the directories of results are mounted in, remembered from one start to the
 * next. For a disk that is not mounted looks as if its files, or all jobs, were lost.
 *
 * data_path and the store's directory each have a mounts.json of what lies in another file system
 * than they: so whichever of them is there knows of the other. Of a single file system there is
 * nothing to remember.
 */
#ifndef MOUNTS_H
#define MOUNTS_H

#include "lib/conf.h"

#include <stdbool.h>

/* False, and told in the log: one of them lay in a mount that is not there now. */
bool mounts_are_there(const struct conf *conf);
/* Remembers how it is now; to be called when all are there. */
enum kn_err mounts_note(const struct conf *conf);

#endif
