#include "workdir.h"

#include "lib/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WORK_MODE = 0700 };

void workdir_clear(const char *data_path)
{
	char *path;

	if (asprintf(&path, "%s/work", data_path) < 0)
		return;
	fs_remove_tree(path);
	fs_make_dirs(path, WORK_MODE);
	free(path);
}

enum kn_err workdir_make(const char *data_path, const char *job_id, int attempt, char **out)
{
	enum kn_err err = KN_OK;
	char *path;

	if (asprintf(&path, "%s/work/%s.%d", data_path, job_id, attempt) < 0)
		return KN_ERR_NOMEM;
	fs_remove_tree(path);
	if (mkdir(path, WORK_MODE) < 0) {
		err = kn_err_from_errno(errno);
		free(path);
		path = NULL;
	}
	*out = path;
	return err;
}

static int open_beneath(int dir, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
}

enum kn_err workdir_file(const char *dir, const char *name, char **out)
{
	int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	enum kn_err err = KN_ERR_INVALID;
	struct stat st;

	*out = NULL;
	if (dir_fd >= 0)
		fd = open_beneath(dir_fd, name);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		err = asprintf(out, "%s/%s", dir, name) < 0 ? KN_ERR_NOMEM : KN_OK;
	if (fd >= 0)
		close(fd);
	if (dir_fd >= 0)
		close(dir_fd);
	return err;
}
