/* What a file really is, by its first 64 KiB (libmagic). Any thread may call; one at a time is
 * served. */
#ifndef KN_MIME_H
#define KN_MIME_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

enum { MIME_SIZE = 64 };

/* "video/mp4", "image/png", …; for kinds that libmagic does not name, the registered type:
 * "model/gltf-binary", "model/vnd.usdz+zip", "application/x-subrip". */
enum kn_err mime_of_file(const char *path, char out[MIME_SIZE]);
enum kn_err mime_of_buffer(const void *data, size_t len, char out[MIME_SIZE]);

/* png, jpeg, webp or gif. */
bool mime_is_image(const char *mime);
/* "mp4" for "video/mp4"; "bin" for a type that is not ours. Static. */
const char *mime_extension(const char *mime);

#endif
