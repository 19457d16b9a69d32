#include "transfer.h"

#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/fs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- one file --- */

/* A link would keep the owner: it is made of one's own files only. */
static enum kn_err link_or_copy(const char *from, const char *to)
{
	struct stat st;

	if (stat(from, &st) != 0)
		return kn_err_from_errno(errno);
	if (st.st_uid != geteuid())
		return fs_copy(from, to);
	if (link(from, to) == 0)
		return KN_OK;
	switch (errno) {
	case EXDEV: /* another file system */
	case EPERM: /* no links there */
	case EMLINK:
	case EOPNOTSUPP:
		return fs_copy(from, to);
	default:
		return kn_err_from_errno(errno);
	}
}

enum kn_err transfer_file(struct transfer *transfer, const struct job_file *file)
{
	char from[PATH_MAX], to[PATH_MAX];
	enum kn_err err = asset_path(&transfer->from->conf, file->path, from);

	if (err == KN_OK)
		err = asset_path(&transfer->to->conf, file->path, to);
	if (err == KN_OK)
		err = fs_make_parent(to, ASSET_DIR_MODE);
	if (err == KN_OK)
		err = link_or_copy(from, to);
	if (err != KN_OK)
		return err == KN_ERR_INVALID ? KN_ERR_NOT_FOUND : err;
	if (!asset_is_whole(&transfer->to->conf, file)) {
		fs_remove(to);
		return KN_ERR_NOT_FOUND;
	}
	transfer->files++;
	transfer->bytes += file->bytes;
	return KN_OK;
}

/* --- a directory --- */

static enum kn_err copy_files(DIR *dir, const char *from, const char *to)
{
	char source[PATH_MAX], target[PATH_MAX];
	enum kn_err err = KN_OK;
	struct dirent *entry;
	struct stat st;

	while (err == KN_OK && (entry = readdir(dir)) != NULL) {
		if (snprintf(source, PATH_MAX, "%s/%s", from, entry->d_name) >= PATH_MAX ||
		    snprintf(target, PATH_MAX, "%s/%s", to, entry->d_name) >= PATH_MAX)
			err = KN_ERR_INVALID;
		else if (lstat(source, &st) == 0 && S_ISREG(st.st_mode))
			err = fs_copy(source, target);
	}
	return err;
}

enum kn_err transfer_copy_dir(const char *from, const char *to)
{
	DIR *dir = opendir(from);
	enum kn_err err;

	if (dir == NULL)
		return kn_err_from_errno(errno);
	err = mkdir(to, 0700) == 0 ? copy_files(dir, from, to) : kn_err_from_errno(errno);
	closedir(dir);
	return err;
}

enum kn_err transfer_dir(const char *from, const char *to)
{
	enum kn_err err;

	if (rename(from, to) == 0)
		return KN_OK;
	if (errno != EXDEV)
		return kn_err_from_errno(errno);
	err = transfer_copy_dir(from, to);
	return err == KN_OK ? fs_remove_tree(from) : err;
}

/* --- telling --- */

const char *transfer_size(uint64_t bytes, char out[32])
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	double size = (double)bytes;
	int unit = 0;

	for (; size >= 1024 && unit < 4; unit++)
		size /= 1024;
	snprintf(out, 32, unit > 0 ? "%.1f %s" : "%.0f %s", size, units[unit]);
	return out;
}

void transfer_tell(struct transfer *transfer)
{
	int64_t now = clock_mono_us();
	char size[32];

	if (transfer->quiet || now - transfer->told_at < USEC_PER_SEC || !isatty(STDERR_FILENO))
		return;
	transfer->told_at = now;
	fprintf(stderr, "\r%llu jobs, %llu files, %s\033[K", (unsigned long long)transfer->jobs,
		(unsigned long long)transfer->files, transfer_size(transfer->bytes, size));
}

void transfer_told(struct transfer *transfer)
{
	if (transfer->told_at > 0)
		fputs("\r\033[K", stderr);
}
