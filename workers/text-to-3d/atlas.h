/*
 * Unfolding a mesh: its triangles are sorted by the axis they face, connected
 * ones become a chart, and the charts are packed side by side into a square.
 */
#ifndef T3D_ATLAS_H
#define T3D_ATLAS_H

#include "model.h"

/* A gap around each chart, in texels: bilinear filters and small mip levels stay in their chart. */
enum { ATLAS_GAP = 3 };

/* Fills positions, normals, uv and indices of the model. `side` is the texture's, in texels. */
enum kn_err atlas_unfold(const struct mesh *mesh, int side, struct model *out);

#endif
