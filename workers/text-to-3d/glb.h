/* Binary glTF 2.0. */
#ifndef T3D_GLB_H
#define T3D_GLB_H

#include "model.h"

enum kn_err glb_write(const struct model *model, const char *name, struct blob *out);

#endif
