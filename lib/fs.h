/* Files and directories, durably. */
#ifndef KN_FS_H
#define KN_FS_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* mkdir -p with that mode; what exists is left as it is. */
enum kn_err fs_make_dirs(const char *path, mode_t mode);
/* The same for the directory that a file lies in. */
enum kn_err fs_make_parent(const char *path, mode_t mode);
/* rm -rf without following links or crossing file systems, also of directories that permit nothing
 * to their owner, who we are. Nothing there: KN_OK. */
enum kn_err fs_remove_tree(const char *path);
/* Makes the names in a directory durable. */
enum kn_err fs_sync_dir(const char *path);
/* The same for the directory that a file lies in. */
enum kn_err fs_sync_parent(const char *path);
/* Copies a file to a new one, with its mode; not synced. KN_ERR_EXISTS. Whatever was written stays
 * on failure. */
enum kn_err fs_copy(const char *from, const char *to);
/* Whether the file system of `path` takes so many bytes more without passing the mark (CONF_MARK;
 * 0: always). */
bool fs_has_room(const char *path, int64_t mark, uint64_t bytes);
/* Drops what memory holds of a directory's files, so that they are read from the disk again. What
 * waits to be written stays. */
void fs_forget_cached(const char *dir);
/* unlink; nothing there: KN_OK. */
enum kn_err fs_remove(const char *path);

#endif
