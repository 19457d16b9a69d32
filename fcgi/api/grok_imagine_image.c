/* The image of image-to-video, between base64 and its file. */
#include "fcgi/work.h"
#include "grok_imagine.h"
#include "lib/asset.h"
#include "lib/conf.h"
#include "lib/mime.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define WHITE_SPACE " \t\r\n"

bool image_is_data_url(const char *text)
{
	return strncasecmp(text + strspn(text, WHITE_SPACE), "data:", 5) == 0;
}

/* Where the base64 begins, or NULL if the text is a data URL of another encoding. */
static const char *base64_of(const char *text)
{
	const char *comma;

	text += strspn(text, WHITE_SPACE);
	if (!image_is_data_url(text))
		return text;
	comma = strchr(text, ',');
	if (comma == NULL || comma - text < 7 || strncasecmp(comma - 7, ";base64", 7) != 0)
		return NULL;
	return comma + 1;
}

/* With its padding or without; line breaks do not matter. */
static bool decode(const char *base64, unsigned char *out, size_t size, size_t *len)
{
	size_t n = strlen(base64);

	return sodium_base642bin(out, size, base64, n, WHITE_SPACE, len, NULL,
				 sodium_base64_VARIANT_ORIGINAL) == 0 ||
	       sodium_base642bin(out, size, base64, n, WHITE_SPACE, len, NULL,
				 sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0;
}

static enum kn_err spool(const struct conf *conf, const unsigned char *data, size_t len,
			 char **path)
{
	int fd;
	enum kn_err err = asset_spool(conf, &fd, path);
	ssize_t n;

	if (err != KN_OK)
		return err;
	for (size_t done = 0; done < len && err == KN_OK; done += (size_t)n) {
		n = write(fd, data + done, len - done);
		if (n < 0)
			err = kn_err_from_errno(errno);
	}
	if (close(fd) != 0 && err == KN_OK)
		err = kn_err_from_errno(errno);
	if (err != KN_OK)
		unlink(*path);
	return err;
}

enum kn_err image_keep(struct server *server, struct job *job, const char *text, const char **why)
{
	size_t max = (size_t)server->conf->max_image_size, size, len = 0;
	const char *base64 = base64_of(text);
	unsigned char *data = NULL;
	char mime[MIME_SIZE], *path = NULL;
	enum kn_err err = KN_ERR_INVALID;

	*why = "Image must be base64 or a base64 data URL";
	if (base64 == NULL)
		return err;
	size = strlen(base64) / 4 * 3 + 3;
	data = malloc(size);
	if (data == NULL)
		return KN_ERR_NOMEM;
	if (!decode(base64, data, size, &len))
		goto out;
	*why = "Image is too large";
	if (len > max)
		goto out;
	err = mime_of_buffer(data, len, mime);
	if (err != KN_OK)
		goto out;
	*why = "Image must be PNG, JPEG, WebP or GIF";
	err = KN_ERR_INVALID;
	if (!mime_is_image(mime))
		goto out;
	*why = NULL;
	err = spool(server->conf, data, len, &path);
	if (err == KN_OK)
		err = work_add_input(server, job, "image", path, mime);
out:
	free(path);
	free(data);
	return err;
}

/* Reads all of the file, whose size is known. */
static enum kn_err read_file(const char *path, unsigned char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t done = 0;
	ssize_t n = 0;

	if (fd < 0)
		return kn_err_from_errno(errno);
	while (done < size && (n = read(fd, to + done, size - done)) > 0)
		done += (size_t)n;
	close(fd);
	return done == size ? KN_OK : KN_ERR_IO;
}

enum kn_err image_text(struct server *server, const struct job *job, bool data_url,
		       json_object **out)
{
	const struct job_file *file = job_files_find(&job->inputs, "image");
	size_t room, prefix = 0;
	unsigned char *data = NULL;
	char *text = NULL, path[PATH_MAX];
	enum kn_err err;

	*out = NULL;
	if (file == NULL)
		return KN_OK;
	room = sodium_base64_ENCODED_LEN(file->bytes, sodium_base64_VARIANT_ORIGINAL);
	data = malloc(file->bytes + 1);
	text = malloc(MIME_SIZE + 16 + room);
	err = data != NULL && text != NULL ? asset_path(server->conf, file->path, path)
					   : KN_ERR_NOMEM;
	if (err == KN_OK)
		err = read_file(path, data, file->bytes);
	if (err != KN_OK)
		goto out;
	if (data_url)
		prefix = (size_t)snprintf(text, MIME_SIZE + 16, "data:%s;base64,", file->mime);
	sodium_bin2base64(text + prefix, room, data, file->bytes, sodium_base64_VARIANT_ORIGINAL);
	*out = json_object_new_string(text);
out:
	free(text);
	free(data);
	return err;
}
