#include "grok_3d_examples.h"

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ID_MAX = 64, TEXT_BYTES_MAX = 16384 };

bool example_is_id(const char *id)
{
	size_t n = strlen(id);

	return n > 3 && n <= ID_MAX && strncmp(id, "ex_", 3) == 0 &&
	       strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == n;
}

static enum kn_err path_of(const struct conf *conf, const char *id, const char *file,
			   char out[PATH_MAX])
{
	int n;

	if (!example_is_id(id))
		return KN_ERR_NOT_FOUND;
	n = snprintf(out, PATH_MAX, "%s/grok-3d/%s/%s", conf->examples_path, id, file);
	return n < PATH_MAX ? KN_OK : KN_ERR_NOT_FOUND;
}

enum kn_err example_read(const struct conf *conf, const char *id, json_object **out,
			 int64_t *written)
{
	char path[PATH_MAX], text[TEXT_BYTES_MAX];
	struct stat st;
	ssize_t n;
	int fd;
	enum kn_err err = path_of(conf, id, "example.json", path);

	*out = NULL;
	if (err != KN_OK)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kn_err_from_errno(errno);
	n = fstat(fd, &st) == 0 ? read(fd, text, sizeof(text)) : -1;
	close(fd);
	err = n < 0 ? KN_ERR_IO : json_parse_strict(text, (size_t)n, out);
	if (err == KN_OK && !json_object_is_type(*out, json_type_object)) {
		json_object_put(*out);
		*out = NULL;
		err = KN_ERR_CORRUPT;
	}
	if (err != KN_OK) {
		log_warn("%s: not a JSON object of at most %d bytes", path, TEXT_BYTES_MAX);
		return KN_ERR_CORRUPT;
	}
	*written = st.st_mtim.tv_sec * USEC_PER_SEC + st.st_mtim.tv_nsec / 1000;
	return KN_OK;
}

enum kn_err example_file(const struct conf *conf, const char *id, const char *file,
			 char out[PATH_MAX])
{
	struct stat st;
	enum kn_err err = path_of(conf, id, file, out);

	if (err != KN_OK)
		return err;
	if (stat(out, &st) != 0 || !S_ISREG(st.st_mode))
		return KN_ERR_NOT_FOUND;
	snprintf(out, PATH_MAX, "/_examples/grok-3d/%s/%s", id, file);
	return KN_OK;
}

static int is_example(const struct dirent *entry)
{
	return example_is_id(entry->d_name);
}

enum kn_err example_list(const struct conf *conf, char ***ids, size_t *n)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX];
	int found;

	*n = 0;
	*ids = NULL;
	snprintf(path, sizeof(path), "%s/grok-3d", conf->examples_path);
	found = scandir(path, &entries, is_example, alphasort);
	if (found < 0)
		return errno == ENOENT ? KN_OK : kn_err_from_errno(errno);
	*ids = calloc((size_t)found + 1, sizeof(**ids));
	for (int i = 0; i < found; i++) {
		if (*ids != NULL && ((*ids)[*n] = strdup(entries[i]->d_name)) != NULL)
			(*n)++;
		free(entries[i]);
	}
	free(entries);
	return *ids != NULL ? KN_OK : KN_ERR_NOMEM;
}
