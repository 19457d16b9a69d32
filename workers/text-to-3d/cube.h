/*
 * How a surface crosses a cube whose corners are inside or outside. Marching
 * cubes, with its table computed instead of typed: on a face with four
 * crossings the inside corners are always kept apart, so that two cubes agree
 * about the face they share, and no triangle's edge runs across such a face.
 * That is what makes the mesh a manifold.
 */
#ifndef T3D_CUBE_H
#define T3D_CUBE_H

#include <stdint.h>

/* Corner i is at (i & 1, i >> 1 & 1, i >> 2 & 1). */
enum { CUBE_EDGES = 12, CUBE_TRIANGLES_MAX = 12 };

extern const uint8_t cube_edge[CUBE_EDGES][2]; /* its corners, the lower first */

struct cube_case {
	uint8_t n;
	uint8_t tri[CUBE_TRIANGLES_MAX][3]; /* edges */
};

/* table[m]: bit i of m is set when corner i is inside. */
void cube_table(struct cube_case table[256]);

#endif
