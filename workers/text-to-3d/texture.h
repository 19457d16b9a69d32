/* Painting the textures of an unfolded model from the field that it was meshed from. */
#ifndef T3D_TEXTURE_H
#define T3D_TEXTURE_H

#include "model.h"
#include "scene.h"

/* Fills base, surface and, when something glows, glow. `reach` is how far away things still shade.
 */
enum kn_err texture_paint(const struct field *field, int side, float reach, struct model *model);

#endif
