/*
 * Where the files of jobs lie, and how they get there durably.
 *
 * A job's record names a file by a relative path whose first component says
 * the root:
 *   videos/ID.mp4                    in video_storage_path (nginx serves it openly)
 *   output/video_ID.mp4, audio_ID.wav, captions_ID.srt     Text-to-Video, in data_path
 *   jobs/ID/NAME.EXT                 all else, inputs too ("input-image.png"), in data_path
 * data_path also has incoming/ (uploads on their way in), spool/ (those that nginx
 * still takes) and work/ (directories of running workers): all may be emptied when
 * nothing runs.
 */
#ifndef KN_ASSET_H
#define KN_ASSET_H

#include "conf.h"
#include "job.h"

#include <limits.h>

enum { ASSET_DIR_MODE = 0750, ASSET_FILE_MODE = 0640 };

/* Makes the directories that are named above. */
enum kn_err asset_prepare(const struct conf *conf);

/* The absolute path of a relative one. KN_ERR_INVALID: it is no path of ours ("..", an unknown
 * root, too long). */
enum kn_err asset_path(const struct conf *conf, const char *rel, char out[PATH_MAX]);
/* The id of the job that a file belongs to by its name. False: the name is none of those above. */
bool asset_owner(const char *rel, char id[ID_SIZE]);
/* Where a job's result of that name and type belongs. */
enum kn_err asset_rel(const struct job *job, const char *name, const char *mime,
		      char out[PATH_MAX]);
/* Where a job's input belongs. */
enum kn_err asset_input_rel(const struct job *job, const char *name, const char *mime,
			    char out[PATH_MAX]);

/*
 * Moves the finished file at `path` to `rel`, replacing what is there: hashed,
 * fsynced, renamed, its directory fsynced; copied when it comes from another
 * file system. On success *out describes it (free with asset_file_clear()) and
 * `path` is gone; on failure `path` is left alone and nothing new is at `rel`.
 */
enum kn_err asset_adopt(const struct conf *conf, const char *path, const char *rel,
			const char *name, const char *mime, struct job_file *out);
void asset_file_clear(struct job_file *file);

/* Removes a job's assets from disk, and with `inputs_too` its directory. What is gone already is
 * fine. */
enum kn_err asset_remove_all(const struct conf *conf, const struct job *job, bool inputs_too);
/* Whether the file can be sent. KN_ERR_NOT_FOUND: it is not there. KN_ERR_IO: it cannot be opened,
 * or has not its recorded size; why says so in the system's words. */
enum kn_err asset_probe(const struct conf *conf, const struct job_file *file, char *why,
			size_t why_size);
/* Whether the file is there with its recorded size. */
bool asset_is_whole(const struct conf *conf, const struct job_file *file);

/* A new file in incoming/, opened for writing; *path is malloc'd. */
enum kn_err asset_spool(const struct conf *conf, int *fd, char **path);

#endif
