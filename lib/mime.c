#include "mime.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <magic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a type is known by: others wait meanwhile. (magic_file() would read 7 MiB into memory.) */
enum { HEAD_BYTES = 65536 };

static const struct {
	const char *mime, *extension;
} kinds[] = {
	{"image/png", "png"},
	{"image/jpeg", "jpg"},
	{"image/webp", "webp"},
	{"image/gif", "gif"},
	{"video/mp4", "mp4"},
	{"audio/x-wav", "wav"},
	{"model/gltf-binary", "glb"},
	{"model/vnd.usdz+zip", "usdz"},
	{"application/x-subrip", "srt"},
	{"text/plain", "txt"},
};

/* One for all threads, loaded when the first asks: each would have 8 MiB of tables. */
static struct {
	pthread_mutex_t lock;
	magic_t cookie;
} magic = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Call with the lock held. */
static enum kn_err load_magic(void)
{
	magic_t cookie = magic.cookie == NULL ? magic_open(MAGIC_MIME_TYPE) : NULL;

	if (magic.cookie != NULL)
		return KN_OK;
	if (cookie == NULL)
		return KN_ERR_NOMEM;
	if (magic_load(cookie, NULL) != 0) {
		log_error("libmagic: %s", magic_error(cookie));
		magic_close(cookie);
		return KN_ERR_INTERNAL;
	}
	magic.cookie = cookie;
	return KN_OK;
}

/* A USDZ is a ZIP whose first entry, stored, is a USD layer (USDZ specification). */
static bool is_usdz(const unsigned char *head, size_t len)
{
	size_t name_len;
	const char *name;

	if (len < 30 || memcmp(head, "PK\003\004", 4) != 0 || head[8] != 0 || head[9] != 0)
		return false;
	name_len = (size_t)(head[26] | head[27] << 8);
	if (name_len < 5 || 30 + name_len > len)
		return false;
	name = (const char *)head + 30 + name_len - 4;
	return memcmp(name, "usda", 4) == 0 || memcmp(name, "usdc", 4) == 0 ||
	       memcmp(name, ".usd", 4) == 0;
}

static bool is_gltf(const unsigned char *head, size_t len)
{
	return len >= 12 && memcmp(head, "glTF\002\000\000\000", 8) == 0;
}

/* "1\n00:00:00,000 --> " after an optional byte order mark. */
static bool is_subrip(const unsigned char *head, size_t len)
{
	char text[64];
	int hours;

	len = len < sizeof(text) - 1 ? len : sizeof(text) - 1;
	memcpy(text, head, len);
	text[len] = '\0';
	return sscanf(text, "1 %d:%*2d:%*2d,%*3d -->", &hours) == 1 && strstr(text, "-->") != NULL;
}

/* The kinds that libmagic of Debian 12 does not know. */
static const char *own_kind(const unsigned char *head, size_t len)
{
	if (is_gltf(head, len))
		return "model/gltf-binary";
	if (is_usdz(head, len))
		return "model/vnd.usdz+zip";
	if (is_subrip(head, len))
		return "application/x-subrip";
	return NULL;
}

static void put(char out[MIME_SIZE], const char *mime)
{
	snprintf(out, MIME_SIZE, "%s", mime);
}

/* For some bytes, behind the mark of UTF-32 for one, libmagic has neither a type nor an error. */
static enum kn_err ask_magic(const unsigned char *data, size_t len, char out[MIME_SIZE])
{
	enum kn_err err;
	const char *mime;

	pthread_mutex_lock(&magic.lock);
	err = load_magic();
	if (err == KN_OK) {
		mime = magic_buffer(magic.cookie, data, len);
		if (mime == NULL && magic_error(magic.cookie) != NULL)
			err = KN_ERR_INTERNAL;
		else
			put(out, mime != NULL ? mime : "application/octet-stream");
	}
	pthread_mutex_unlock(&magic.lock);
	return err;
}

/* libmagic takes what has a boot sector's mark for one before it looks any further. It looks for it
 * behind 510 bytes, and at the end of a sector as long as bytes 11 and 12 say: so many an image and
 * a film in 65,536 has it, by chance. The mark is hidden from it. */
static size_t find_mark(const unsigned char *data, size_t len)
{
	const size_t ends[] = {512, len > 12 ? (size_t)(data[11] | data[12] << 8) : 0};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i] >= 2 && ends[i] <= len && data[ends[i] - 2] == 0x55 &&
		    data[ends[i] - 1] == 0xaa)
			return ends[i] - 2;
	return len;
}

static enum kn_err ask_unmarked(const unsigned char *data, size_t len, char out[MIME_SIZE])
{
	size_t mark = find_mark(data, len);
	unsigned char *head;
	enum kn_err err;

	if (mark == len)
		return ask_magic(data, len, out);
	head = malloc(len);
	if (head == NULL)
		return KN_ERR_NOMEM;
	memcpy(head, data, len);
	while ((mark = find_mark(head, len)) != len)
		head[mark] = 0;
	err = ask_magic(head, len, out);
	free(head);
	return err;
}

enum kn_err mime_of_buffer(const void *data, size_t len, char out[MIME_SIZE])
{
	const char *own = own_kind(data, len);

	if (own == NULL)
		return ask_unmarked(data, len < HEAD_BYTES ? len : HEAD_BYTES, out);
	put(out, own);
	return KN_OK;
}

enum kn_err mime_of_file(const char *path, char out[MIME_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	unsigned char *head;
	enum kn_err err;
	ssize_t n;

	if (fd < 0)
		return kn_err_from_errno(errno);
	head = malloc(HEAD_BYTES); /* too much for the stack of a small thread */
	if (head == NULL) {
		close(fd);
		return KN_ERR_NOMEM;
	}
	n = pread(fd, head, HEAD_BYTES, 0);
	close(fd);
	err = n >= 0 ? mime_of_buffer(head, (size_t)n, out) : KN_ERR_IO;
	free(head);
	return err;
}

bool mime_is_image(const char *mime)
{
	return strncmp(mime, "image/", 6) == 0 && strcmp(mime_extension(mime), "bin") != 0;
}

const char *mime_extension(const char *mime)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].mime, mime) == 0)
			return kinds[i].extension;
	return "bin";
}
