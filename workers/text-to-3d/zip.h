/* A zip archive in memory whose files are stored and aligned, as USDZ wants it. */
#ifndef T3D_ZIP_H
#define T3D_ZIP_H

#include "model.h"

enum { ZIP_ALIGNMENT = 64 };

struct zip {
	struct blob file, directory;
	unsigned count;
};

/* Data must be under 4 GiB in all. The dates are fixed: the same content gives the same bytes. */
void zip_add(struct zip *zip, const char *name, const struct blob *data);
/* Appends the directory and hands the file over; the zip is empty again. */
enum kn_err zip_finish(struct zip *zip, struct blob *out);

#endif
