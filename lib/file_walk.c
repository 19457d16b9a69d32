#include "file_walk.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *name;
	bool has_dirs; /* one for each job */
} roots[] = {{"incoming", false},
	     {"spool", false},
	     {"output", false},
	     {"videos", false},
	     {"jobs", true}};

enum { ROOTS = sizeof(roots) / sizeof(roots[0]) };

void file_walk_begin(struct file_walk *walk, int64_t age)
{
	*walk = (struct file_walk){.age = age};
}

static void close_dir(DIR **dir)
{
	if (*dir != NULL)
		closedir(*dir);
	*dir = NULL;
}

void file_walk_end(struct file_walk *walk)
{
	close_dir(&walk->sub);
	close_dir(&walk->dir);
}

static DIR *open_root(const struct conf *conf, const char *name)
{
	char path[PATH_MAX];

	if (strcmp(name, "videos") == 0)
		snprintf(path, sizeof(path), "%s", conf->video_storage_path);
	else
		snprintf(path, sizeof(path), "%s/%s", conf->data_path, name);
	return opendir(path);
}

static DIR *open_sub(DIR *dir, const char *name)
{
	int fd = openat(dirfd(dir), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *sub = fd >= 0 ? fdopendir(fd) : NULL;

	if (sub == NULL && fd >= 0)
		close(fd);
	return sub;
}

static bool is_old_file(const struct file_walk *walk, DIR *dir, const char *name)
{
	struct stat st;

	return fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_mtime <= time(NULL) - walk->age;
}

static enum file_walked look_at(struct file_walk *walk, DIR *dir, const char *name,
				char rel[PATH_MAX])
{
	const char *root = roots[walk->root].name;

	if (!is_old_file(walk, dir, name))
		return FILE_WALK_NONE;
	if (dir == walk->sub)
		snprintf(rel, PATH_MAX, "%s/%s/%s", root, walk->sub_name, name);
	else
		snprintf(rel, PATH_MAX, "%s/%s", root, name);
	return FILE_WALK_ONE;
}

static bool is_old_and_empty(const struct file_walk *walk)
{
	struct stat st;

	return walk->sub_is_empty && fstat(dirfd(walk->sub), &st) == 0 &&
	       st.st_mtime <= time(NULL) - walk->age;
}

static enum file_walked next_in_sub(struct file_walk *walk, char rel[PATH_MAX])
{
	struct dirent *entry = readdir(walk->sub);
	enum file_walked walked = FILE_WALK_NONE;

	if (entry != NULL) {
		walk->sub_is_empty &=
			strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
		return look_at(walk, walk->sub, entry->d_name, rel);
	}
	if (is_old_and_empty(walk)) {
		snprintf(rel, PATH_MAX, "%s/%s", roots[walk->root].name, walk->sub_name);
		walked = FILE_WALK_EMPTY;
	}
	close_dir(&walk->sub);
	return walked;
}

enum file_walked file_walk_next(struct file_walk *walk, const struct conf *conf, char rel[PATH_MAX])
{
	struct dirent *entry;

	if (walk->sub != NULL)
		return next_in_sub(walk, rel);
	if (walk->root == ROOTS)
		return FILE_WALK_END;
	if (walk->dir == NULL)
		walk->dir = open_root(conf, roots[walk->root].name);
	entry = walk->dir != NULL ? readdir(walk->dir) : NULL;
	if (entry == NULL) {
		close_dir(&walk->dir);
		walk->root++;
		return FILE_WALK_NONE;
	}
	if (!roots[walk->root].has_dirs)
		return look_at(walk, walk->dir, entry->d_name, rel);
	if (entry->d_name[0] != '.') {
		walk->sub = open_sub(walk->dir, entry->d_name);
		walk->sub_is_empty = true;
		snprintf(walk->sub_name, sizeof(walk->sub_name), "%s", entry->d_name);
	}
	return FILE_WALK_NONE;
}

bool file_walk_is_upload(const char *rel)
{
	return strncmp(rel, "incoming/", 9) == 0 || strncmp(rel, "spool/", 6) == 0;
}
