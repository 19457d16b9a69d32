/* A lock on a directory, held by one process as long as it lives; the file says by whom. */
#ifndef KN_LOCK_FILE_H
#define KN_LOCK_FILE_H

#include "err.h"

#include <stddef.h>

/* In data_path: who may change what lies there. kinorad, or kinoractl for a restore or a load. */
#define LOCK_FILE_DATA "kinora.lock"
/* In run_path: whose the sockets are. kinorad's. */
#define LOCK_FILE_RUN "kinorad.lock"

/* *fd is close-on-exec; closing it ends the lock. KN_ERR_BUSY: another process has it, and kept it
 * for two seconds: a child of one that was killed may hold it until its exec. */
enum kn_err lock_file_take(const char *dir, const char *name, const char *who, int *fd);
/* "kinorad (1234)", as far as it can be known. */
void lock_file_holder(const char *dir, const char *name, char *out, size_t size);

#endif
