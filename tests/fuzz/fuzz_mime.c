/* The type of a file by its bytes. What is called an image begins like one, and a file is judged
 * like its bytes. */
#include "fuzz.h"

#include "lib/mime.h"
#include "workers/text-to-3d/model.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static bool begins(const uint8_t *data, size_t size, size_t at, const char *magic)
{
	size_t len = strlen(magic);

	return size >= at + len && memcmp(data + at, magic, len) == 0;
}

static bool looks_like_image(const uint8_t *data, size_t size)
{
	return begins(data, size, 0, "\x89PNG") || begins(data, size, 0, "\xff\xd8") ||
	       begins(data, size, 0, "GIF8") ||
	       (begins(data, size, 0, "RIFF") && begins(data, size, 8, "WEBP"));
}

static void check_blob(const uint8_t *data, size_t size)
{
	struct blob blob = {0};
	const char *type;

	blob_add(&blob, data, size);
	type = blob_image_type(&blob);
	assert(type == NULL || looks_like_image(data, size));
	blob_free(&blob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char mime[MIME_SIZE] = "", of_file[MIME_SIZE] = "", path[32];
	int fd = memfd_create("mime", MFD_CLOEXEC);

	assert(mime_of_buffer(data, size, mime) == KN_OK);
	assert(strlen(mime) > 0 && mime_extension(mime) != NULL);
	assert(!mime_is_image(mime) || looks_like_image(data, size));
	check_blob(data, size);
	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	/* It does not follow links, and this is one: whatever it says, it says without harm. */
	mime_of_file(path, of_file);
	close(fd);
	return 0;
}
