#include "cube.h"

#include <stdbool.h>
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

/* Cuts ears off, preferring cuts that run through the cube's inside. */
static void triangulate(uint8_t *loop, int n, struct cube_case *c)
{
	while (n >= 3) {
		int ear = 1;
		for (int i = 0; n > 3 && i < n; i++) {
			if (share_face(loop[(i + n - 1) % n], loop[(i + 1) % n]))
				continue;
			ear = i;
			break;
		}
		uint8_t *t = c->tri[c->n++];
		t[0] = loop[(ear + n - 1) % n];
		t[1] = loop[ear];
		t[2] = loop[(ear + 1) % n];
		memmove(loop + ear, loop + ear + 1, (size_t)(n - ear - 1));
		n--;
	}
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
			triangulate(loop, n, &table[mask]);
		}
	}
}
