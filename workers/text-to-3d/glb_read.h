/* Reading the GLBs that other programs make. */
#ifndef T3D_GLB_READ_H
#define T3D_GLB_READ_H

#include "model.h"

/*
 * The triangles of the default scene, in place, with the base colour texture
 * of the first material that has one. KN_ERR_INVALID: not a GLB, or one that
 * this reader does not understand; *why is a static sentence then.
 */
enum kn_err glb_read(const struct blob *file, struct model *out, const char **why);

#endif
