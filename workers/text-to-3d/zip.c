#include "zip.h"

#include <endian.h>
#include <string.h>
#include <zlib.h>

enum { DOS_DATE = 0x0021, LOCAL_HEADER = 30, EXTRA_ID = 0x1986 }; /* 1980-01-01 */

static void put16(struct blob *b, unsigned v)
{
	uint16_t le = htole16((uint16_t)v);
	blob_add(b, &le, sizeof(le));
}

static void put32(struct blob *b, size_t v)
{
	uint32_t le = htole32((uint32_t)v);
	blob_add(b, &le, sizeof(le));
}

/* What the local and the central header have in common, from "version needed" on. */
static void put_common(struct blob *b, const char *name, const struct blob *data, unsigned extra)
{
	put16(b, 10); /* version needed */
	put16(b, 0);  /* flags */
	put16(b, 0);  /* stored */
	put16(b, 0);  /* time */
	put16(b, DOS_DATE);
	put32(b, crc32(0, data->data, (uInt)data->size));
	put32(b, data->size);
	put32(b, data->size);
	put16(b, (unsigned)strlen(name));
	put16(b, extra);
}

void zip_add(struct zip *zip, const char *name, const struct blob *data)
{
	static const char zero[ZIP_ALIGNMENT * 2];
	if (blob_failed(data) || blob_failed(&zip->file)) {
		zip->file.size = SIZE_MAX;
		return;
	}
	size_t offset = zip->file.size, name_size = strlen(name);
	/* An extra field of at least its own header pads the data to the alignment. */
	size_t start = offset + LOCAL_HEADER + name_size + 4;
	unsigned pad = (unsigned)((ZIP_ALIGNMENT - start % ZIP_ALIGNMENT) % ZIP_ALIGNMENT);
	put32(&zip->file, 0x04034b50);
	put_common(&zip->file, name, data, pad + 4);
	blob_add(&zip->file, name, name_size);
	put16(&zip->file, EXTRA_ID);
	put16(&zip->file, pad);
	blob_add(&zip->file, zero, pad);
	blob_add(&zip->file, data->data, data->size);

	struct blob *dir = &zip->directory;
	put32(dir, 0x02014b50);
	put16(dir, 10); /* made by */
	put_common(dir, name, data, 0);
	put16(dir, 0); /* comment */
	put16(dir, 0); /* disk */
	put16(dir, 0); /* attributes */
	put32(dir, 0);
	put32(dir, offset);
	blob_add(dir, name, name_size);
	zip->count++;
}

enum kn_err zip_finish(struct zip *zip, struct blob *out)
{
	size_t offset = zip->file.size, size = zip->directory.size;
	bool ok = !blob_failed(&zip->file) && !blob_failed(&zip->directory);
	if (ok) {
		blob_add(&zip->file, zip->directory.data, size);
		put32(&zip->file, 0x06054b50);
		put32(&zip->file, 0); /* disks */
		put16(&zip->file, zip->count);
		put16(&zip->file, zip->count);
		put32(&zip->file, size);
		put32(&zip->file, offset);
		put16(&zip->file, 0); /* comment */
	}
	blob_free(&zip->directory);
	*out = zip->file;
	memset(zip, 0, sizeof(*zip));
	return ok && !blob_failed(out) ? KN_OK : KN_ERR_NOMEM;
}
