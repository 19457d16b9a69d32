/* Files in run_path that name processes. */
#ifndef PIDFILE_H
#define PIDFILE_H

#include "lib/err.h"

#include <sys/types.h>

/* Written whole to a temporary name, then renamed: readers never see half a number. */
enum kn_err pidfile_write(const char *path, pid_t pid);
/* 0: no such file, or no number in it. */
pid_t pidfile_read(const char *path);

#endif
