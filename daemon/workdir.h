/* The directory that a worker runs in: data_path/work/ID.ATTEMPT, its own, gone after it. */
#ifndef WORKDIR_H
#define WORKDIR_H

#include "lib/err.h"

/* Makes it fresh and empty, mode 0700; fs_remove_tree() removes it. *path is malloc'd. */
enum kn_err workdir_make(const char *data_path, const char *job_id, int attempt, char **path);
/* Makes data_path/work empty: before the first worker runs. */
void workdir_clear(const char *data_path);
/* The absolute path (malloc'd) of a regular file that lies in the directory. KN_ERR_INVALID:
 * absolute, out of it by "..", by a symbolic link, or no regular file. */
enum kn_err workdir_file(const char *dir, const char *name, char **path);

#endif
