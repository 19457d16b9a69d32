/* Brings the files of jobs, and stores, from one place to another. */
#ifndef CTL_TRANSFER_H
#define CTL_TRANSFER_H

#include "lib/job.h"
#include "place.h"

struct transfer {
	const struct place *from, *to;
	uint64_t jobs, files, bytes;
	int64_t told_at; /* when progress was last shown */
	bool quiet;
};

/* Links a job's file, or copies it where that cannot be. Files never change once a record names
 * them, so that a link is a copy. KN_ERR_NOT_FOUND: it is not there with its recorded size; nothing
 * is at its place then. */
enum kn_err transfer_file(struct transfer *transfer, const struct job_file *file);
/* Moves a directory of plain files to a new path, also on another file system. */
enum kn_err transfer_dir(const char *from, const char *to);
/* Copies such a directory. */
enum kn_err transfer_copy_dir(const char *from, const char *to);
/* On a terminal, once a second: how far it is. */
void transfer_tell(struct transfer *transfer);
/* Ends the line that transfer_tell() began. */
void transfer_told(struct transfer *transfer);
/* "1.2 GiB" */
const char *transfer_size(uint64_t bytes, char out[32]);

#endif
