/* Goes through the files of jobs, one a call, those that have not changed for some time. */
#ifndef FILE_WALK_H
#define FILE_WALK_H

#include "conf.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Younger files may belong to a record that is just being written. */
enum { FILE_WALK_AGE_SECONDS = 3600 };

struct file_walk {
	int64_t age; /* seconds: how long a file has not changed */
	size_t root; /* index into the list of roots */
	DIR *dir;    /* the open root, or NULL */
	DIR *sub;    /* the directory in it that is looked into, or NULL */
	char sub_name[NAME_MAX + 1];
	bool sub_is_empty; /* as far as it was looked into */
};

enum file_walked {
	FILE_WALK_NONE, /* nothing here, go on */
	FILE_WALK_ONE,
	FILE_WALK_EMPTY, /* a directory without anything, which has been so for as long */
	FILE_WALK_END,
};

void file_walk_begin(struct file_walk *walk, int64_t age);
void file_walk_end(struct file_walk *walk);
/* rel: as in lib/asset.h, "output/video_….mp4". */
enum file_walked file_walk_next(struct file_walk *walk, const struct conf *conf,
				char rel[PATH_MAX]);
/* Whether it is an upload that never became a file of a job. */
bool file_walk_is_upload(const char *rel);

#endif
