#include "asset.h"

#include "fs.h"
#include "mime.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 1 << 14 }; /* on the stack of small threads */

static const char *const data_roots[] = {"output/", "jobs/", "incoming/", "spool/", "work/"};
enum { DATA_ROOTS = sizeof(data_roots) / sizeof(data_roots[0]) };

static enum kn_err join(char out[PATH_MAX], const char *dir, const char *rest)
{
	return snprintf(out, PATH_MAX, "%s/%s", dir, rest) < PATH_MAX ? KN_OK : KN_ERR_INVALID;
}

enum kn_err asset_prepare(const struct conf *conf)
{
	enum kn_err err = fs_make_dirs(conf->video_storage_path, ASSET_DIR_MODE);
	char path[PATH_MAX];

	for (size_t i = 0; err == KN_OK && i < DATA_ROOTS; i++) {
		err = join(path, conf->data_path, data_roots[i]);
		if (err == KN_OK)
			err = fs_make_parent(path, ASSET_DIR_MODE);
	}
	return err;
}

enum kn_err asset_path(const struct conf *conf, const char *rel, char out[PATH_MAX])
{
	if (rel[0] == '\0' || strstr(rel, "..") != NULL || strchr(rel, '\0')[-1] == '/')
		return KN_ERR_INVALID;
	if (strncmp(rel, "videos/", 7) == 0)
		return join(out, conf->video_storage_path, rel + 7);
	for (size_t i = 0; i < DATA_ROOTS; i++)
		if (strncmp(rel, data_roots[i], strlen(data_roots[i])) == 0)
			return join(out, conf->data_path, rel);
	return KN_ERR_INVALID;
}

/* Where the id begins in a relative path, by its root; NULL: not one of these. */
static const char *find_owner(const char *rel)
{
	const char *id;

	if (strncmp(rel, "videos/job_", 11) == 0)
		return rel + strlen("videos/");
	if (strncmp(rel, "jobs/", 5) == 0)
		return rel + strlen("jobs/");
	id = strncmp(rel, "output/", 7) == 0 ? strchr(rel, '_') : NULL;
	return id != NULL ? id + 1 : NULL;
}

bool asset_owner(const char *rel, char id[ID_SIZE])
{
	const char *from = find_owner(rel);
	size_t len = from != NULL ? strcspn(from, "/.") : 0;

	if (len == 0 || len >= ID_SIZE)
		return false;
	memcpy(id, from, len);
	id[len] = '\0';
	return id_is_safe(id);
}

enum kn_err asset_rel(const struct job *job, const char *name, const char *mime, char out[PATH_MAX])
{
	const char *extension = mime_extension(mime);

	if (!id_is_safe(job->id) || !id_is_safe(name))
		return KN_ERR_INVALID;
	if (job->api == JOB_GROK_IMAGINE && strcmp(name, "video") == 0)
		snprintf(out, PATH_MAX, "videos/%s.mp4", job->id);
	else if (job->api == JOB_TEXT_TO_VIDEO)
		snprintf(out, PATH_MAX, "output/%s_%s.%s", name, job->id, extension);
	else
		snprintf(out, PATH_MAX, "jobs/%s/%s.%s", job->id, name, extension);
	return KN_OK;
}

enum kn_err asset_input_rel(const struct job *job, const char *name, const char *mime,
			    char out[PATH_MAX])
{
	if (!id_is_safe(job->id) || !id_is_safe(name))
		return KN_ERR_INVALID;
	snprintf(out, PATH_MAX, "jobs/%s/input-%s.%s", job->id, name, mime_extension(mime));
	return KN_OK;
}

/* Hashes all of `from`, and writes it to `to` unless that is -1. */
static enum kn_err digest(int from, int to, struct job_file *file)
{
	crypto_hash_sha256_state state;
	unsigned char buffer[COPY_BYTES];
	ssize_t n;

	crypto_hash_sha256_init(&state);
	file->bytes = 0;
	while ((n = read(from, buffer, sizeof(buffer))) > 0) {
		crypto_hash_sha256_update(&state, buffer, (unsigned long long)n);
		file->bytes += (uint64_t)n;
		for (ssize_t done = 0, put; to >= 0 && done < n; done += put) {
			put = write(to, buffer + done, (size_t)(n - done));
			if (put < 0)
				return kn_err_from_errno(errno);
		}
	}
	crypto_hash_sha256_final(&state, file->sha256);
	return n < 0 ? kn_err_from_errno(errno) : KN_OK;
}

/* Makes `temp`, in the final directory, a durable copy of the open file. */
static enum kn_err copy_to(int from, const char *temp, struct job_file *file)
{
	int to = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, ASSET_FILE_MODE);
	enum kn_err err;

	if (to < 0)
		return kn_err_from_errno(errno);
	err = lseek(from, 0, SEEK_SET) == 0 ? digest(from, to, file) : KN_ERR_IO;
	if (err == KN_OK && fsync(to) != 0)
		err = kn_err_from_errno(errno);
	if (close(to) != 0 && err == KN_OK)
		err = kn_err_from_errno(errno);
	if (err != KN_OK)
		unlink(temp);
	return err;
}

/* Brings the open file at `path` to `final` under its name. */
static enum kn_err place(int fd, const char *path, const char *final, struct job_file *file)
{
	char temp[PATH_MAX + TOKEN_SIZE], token[TOKEN_SIZE];
	enum kn_err err;

	if (fsync(fd) != 0)
		return kn_err_from_errno(errno);
	if (rename(path, final) == 0) {
		err = fs_sync_parent(final);
		if (err != KN_OK && rename(final, path) != 0)
			unlink(final);
		return err;
	}
	if (errno != EXDEV)
		return kn_err_from_errno(errno);
	id_new_token(token);
	snprintf(temp, sizeof(temp), "%s.%s", final, token);
	err = copy_to(fd, temp, file);
	if (err != KN_OK)
		return err;
	if (rename(temp, final) != 0) {
		err = kn_err_from_errno(errno);
		unlink(temp);
		return err;
	}
	err = fs_sync_parent(final);
	unlink(err == KN_OK ? path : final);
	return err;
}

static enum kn_err describe(const char *rel, const char *name, const char *mime,
			    struct job_file *file)
{
	file->name = strdup(name);
	file->mime = strdup(mime);
	file->path = strdup(rel);
	return file->name != NULL && file->mime != NULL && file->path != NULL ? KN_OK
									      : KN_ERR_NOMEM;
}

enum kn_err asset_adopt(const struct conf *conf, const char *path, const char *rel,
			const char *name, const char *mime, struct job_file *out)
{
	char final[PATH_MAX];
	enum kn_err err;
	struct stat st;
	int fd = -1;

	memset(out, 0, sizeof(*out));
	err = asset_path(conf, rel, final);
	if (err == KN_OK)
		err = describe(rel, name, mime, out);
	if (err == KN_OK)
		err = fs_make_parent(final, ASSET_DIR_MODE);
	if (err != KN_OK)
		goto out;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		err = fd < 0 ? kn_err_from_errno(errno) : KN_ERR_INVALID;
		goto out;
	}
	fchmod(fd, ASSET_FILE_MODE); /* best effort: a worker's umask is its own */
	err = digest(fd, -1, out);
	if (err == KN_OK)
		err = place(fd, path, final, out);
out:
	if (fd >= 0)
		close(fd);
	if (err != KN_OK)
		asset_file_clear(out);
	return err;
}

void asset_file_clear(struct job_file *file)
{
	free(file->name);
	free(file->mime);
	free(file->path);
	memset(file, 0, sizeof(*file));
}

enum kn_err asset_remove_all(const struct conf *conf, const struct job *job, bool inputs_too)
{
	enum kn_err err = KN_OK, one;
	char path[PATH_MAX], rel[PATH_MAX];

	for (size_t i = 0; i < job->assets.n; i++) {
		one = asset_path(conf, job->assets.v[i].path, path);
		if (one == KN_OK)
			one = fs_remove(path);
		err = err == KN_OK ? one : err;
	}
	if (!inputs_too || !id_is_safe(job->id))
		return err;
	snprintf(rel, sizeof(rel), "jobs/%s", job->id);
	one = asset_path(conf, rel, path);
	if (one == KN_OK)
		one = fs_remove_tree(path);
	return err == KN_OK ? one : err;
}

enum kn_err asset_probe(const struct conf *conf, const struct job_file *file, char *why,
			size_t why_size)
{
	char path[PATH_MAX];
	enum kn_err err = asset_path(conf, file->path, path);
	int fd, errnum = 0;

	if (err != KN_OK)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		errnum = errno;
	else
		close(fd);
	if (errnum == ENOENT)
		return KN_ERR_NOT_FOUND;
	if (errnum == 0 && asset_is_whole(conf, file))
		return KN_OK;
	snprintf(why, why_size, "%s",
		 errnum != 0 ? strerrordesc_np(errnum) : "it is not the file that was stored");
	return KN_ERR_IO;
}

bool asset_is_whole(const struct conf *conf, const struct job_file *file)
{
	char path[PATH_MAX];
	struct stat st;

	return asset_path(conf, file->path, path) == KN_OK && lstat(path, &st) == 0 &&
	       S_ISREG(st.st_mode) && (uint64_t)st.st_size == file->bytes;
}

enum kn_err asset_spool(const struct conf *conf, int *fd, char **path)
{
	char token[TOKEN_SIZE];

	*fd = -1;
	id_new_token(token);
	if (asprintf(path, "%s/incoming/%s", conf->data_path, token) < 0) {
		*path = NULL;
		return KN_ERR_NOMEM;
	}
	*fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, ASSET_FILE_MODE);
	if (*fd >= 0)
		return KN_OK;
	free(*path);
	*path = NULL;
	return kn_err_from_errno(errno);
}
