/*
 * USDZ: a zip of a USD layer and its textures, nothing compressed, every file's
 * data at a multiple of 64 bytes, the layer first.
 */
#ifndef T3D_USDZ_H
#define T3D_USDZ_H

#include "model.h"

/* name: of the root prim; an identifier. */
enum kn_err usdz_write(const struct model *model, const char *name, struct blob *out);

#endif
