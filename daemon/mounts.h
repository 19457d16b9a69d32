/*
 * Where results lie: each of their directories, and what it was mounted in, remembered from one
 * start to the next in mounts.json of data_path. For a disk that is not mounted looks as if its
 * files were lost.
 */
#ifndef MOUNTS_H
#define MOUNTS_H

#include "lib/conf.h"

#include <stdbool.h>

/* False, and told in the log: a directory lay in a mount that is not there now. */
bool mounts_are_there(const struct conf *conf);
/* Remembers how it is now; to be called when all are there. */
enum kn_err mounts_note(const struct conf *conf);

#endif
