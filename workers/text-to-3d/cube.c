#include "cube.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const uint8_t cube_edge[CUBE_EDGES][2] = {{0, 1}, {2, 3}, {4, 5}, {6, 7}, {0, 2}, {1, 3},
					  {4, 6}, {5, 7}, {0, 4}, {1, 5}, {2, 6}, {3, 7}};

/* Corners of each face, counter-clockwise seen from outside. */
static const uint8_t faces[6][4] = {{0, 4, 6, 2}, {1, 3, 7, 5}, {0, 1, 5, 4},
				    {2, 6, 7, 3}, {0, 2, 3, 1}, {4, 5, 7, 6}};

static uint8_t edge_between(uint8_t a, uint8_t b)
{
	uint8_t e = 0;
	while (!((cube_edge[e][0] == a && cube_edge[e][1] == b) ||
		 (cube_edge[e][0] == b && cube_edge[e][1] == a)))
		e++;
	return e;
}

static bool edge_on_face(uint8_t e, int face)
{
	int hits = 0;
	for (int i = 0; i < 4; i++)
		hits += faces[face][i] == cube_edge[e][0] || faces[face][i] == cube_edge[e][1];
	return hits == 2;
}

static bool share_face(uint8_t a, uint8_t b)
{
	for (int f = 0; f < 6; f++)
		if (edge_on_face(a, f) && edge_on_face(b, f))
			return true;
	return false;
}

/* Around each run of inside corners of a face goes one directed segment: next[from] = to. */
static void face_segments(unsigned mask, const uint8_t *face, uint8_t next[CUBE_EDGES])
{
	for (int i = 0; i < 4; i++) {
		bool here = mask >> face[i] & 1, before = mask >> face[(i + 3) & 3] & 1;
		if (!here || before)
			continue;
		int last = i;
		while (mask >> face[(last + 1) & 3] & 1)
			last++;
		uint8_t in = edge_between(face[(i + 3) & 3], face[i]);
		uint8_t out = edge_between(face[last & 3], face[(last + 1) & 3]);
		next[in] = out;
	}
}

/* Splits off the triangle on the side (first, last) that leaves both rests splittable; false if
 * none does. */
static bool triangulate(const uint8_t *loop, int first, int last, struct cube_case *c)
{
	if (last - first < 2)
		return true;
	for (int apex = first + 1; apex < last; apex++) {
		uint8_t kept = c->n;
		if ((apex > first + 1 && share_face(loop[first], loop[apex])) ||
		    (apex < last - 1 && share_face(loop[apex], loop[last])))
			continue;
		memcpy(c->tri[c->n++], (uint8_t[]){loop[first], loop[apex], loop[last]}, 3);
		if (triangulate(loop, first, apex, c) && triangulate(loop, apex, last, c))
			return true;
		c->n = kept;
	}
	return false;
}

void cube_table(struct cube_case table[256])
{
	for (unsigned mask = 0; mask < 256; mask++) {
		uint8_t next[CUBE_EDGES];
		memset(next, 0xff, sizeof(next));
		for (int f = 0; f < 6; f++)
			face_segments(mask, faces[f], next);
		table[mask].n = 0;
		for (uint8_t e = 0; e < CUBE_EDGES; e++) {
			uint8_t loop[CUBE_EDGES];
			int n = 0;
			for (uint8_t at = e; next[at] != 0xff;) {
				uint8_t to = next[at];
				loop[n++] = at;
				next[at] = 0xff;
				at = to;
			}
			if (n > 0 && !triangulate(loop, 0, n - 1, &table[mask]))
				abort();
		}
	}
}
