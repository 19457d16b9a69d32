/* backup.json: what is in a backup. It is written last: a directory without it is no backup. */
#ifndef CTL_BACKUP_NOTE_H
#define CTL_BACKUP_NOTE_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

struct backup_note {
	int64_t created; /* µs, UTC */
	bool with_files;
	uint64_t jobs, files, file_bytes, store_bytes;
};

enum kn_err backup_note_write(const char *dir, const struct backup_note *note);
/* KN_ERR_NOT_FOUND: no whole backup. KN_ERR_INVALID: of a version that is not known. */
enum kn_err backup_note_read(const char *dir, struct backup_note *note);

#endif
