#include "glb.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

enum {
	ARRAY_BUFFER = 34962,
	ELEMENT_ARRAY_BUFFER = 34963,
	FLOAT = 5126,
	USHORT = 5123,
	UINT = 5125
};

struct writer {
	struct blob bin, views, accessors;
	int views_n, accessors_n;
};

/* Numbers go to the file as they lie in memory, which glTF wants little-endian. */
_Static_assert(__BYTE_ORDER == __LITTLE_ENDIAN, "glb_write needs a swap here");

static int add_view(struct writer *w, const void *data, size_t size, int target)
{
	static const char zero[4];
	blob_printf(&w->views, "%s{\"buffer\":0,\"byteOffset\":%zu,\"byteLength\":%zu",
		    w->views_n ? "," : "", w->bin.size, size);
	if (target)
		blob_printf(&w->views, ",\"target\":%d", target);
	blob_printf(&w->views, "}");
	blob_add(&w->bin, data, size);
	if (w->bin.size % 4)
		blob_add(&w->bin, zero, 4 - w->bin.size % 4);
	return w->views_n++;
}

static int add_accessor(struct writer *w, int view, int component, size_t count, const char *type,
			const char *bounds)
{
	blob_printf(&w->accessors,
		    "%s{\"bufferView\":%d,\"componentType\":%d,\"count\":%zu,\"type\":\"%s\"%s}",
		    w->accessors_n ? "," : "", view, component, count, type, bounds);
	return w->accessors_n++;
}

static int add_positions(struct writer *w, const struct model *m)
{
	struct vec3 lo, hi;
	char bounds[256];
	model_bounds(m, &lo, &hi);
	snprintf(bounds, sizeof(bounds), ",\"min\":[%.9g,%.9g,%.9g],\"max\":[%.9g,%.9g,%.9g]",
		 (double)lo.x, (double)lo.y, (double)lo.z, (double)hi.x, (double)hi.y,
		 (double)hi.z);
	int view = add_view(w, m->pos, m->verts * sizeof(*m->pos), ARRAY_BUFFER);
	return add_accessor(w, view, FLOAT, m->verts, "VEC3", bounds);
}

static int add_indices(struct writer *w, const struct model *m)
{
	if (m->verts > 65535)
		return add_accessor(
			w,
			add_view(w, m->index, m->indices * sizeof(*m->index), ELEMENT_ARRAY_BUFFER),
			UINT, m->indices, "SCALAR", "");
	struct blob narrow = {0};
	for (size_t i = 0; i < m->indices; i++) {
		uint16_t v = (uint16_t)m->index[i];
		blob_add(&narrow, &v, sizeof(v));
	}
	int view = add_view(w, narrow.data, blob_failed(&narrow) ? 0 : narrow.size,
			    ELEMENT_ARRAY_BUFFER);
	blob_free(&narrow);
	return add_accessor(w, view, USHORT, m->indices, "SCALAR", "");
}

/* A texture entry per picture there is: its image has the same number. */
struct pictures {
	struct blob images, textures, material;
	int n;
};

static void add_picture(struct writer *w, struct pictures *p, const struct blob *file)
{
	const char *type = blob_image_type(file);
	int view = add_view(w, file->data, file->size, 0);
	const char *comma = p->n ? "," : "";
	blob_printf(&p->images, "%s{\"bufferView\":%d,\"mimeType\":\"%s\"}", comma, view,
		    type ? type : "image/png");
	blob_printf(&p->textures, "%s{\"sampler\":0,\"source\":%d}", comma, p->n);
	p->n++;
}

static void add_material(struct writer *w, struct pictures *p, const struct model *m)
{
	blob_printf(&p->material,
		    "\"pbrMetallicRoughness\":{\"baseColorTexture\":{\"index\":0},"
		    "\"metallicFactor\":%.4g,\"roughnessFactor\":%.4g",
		    (double)m->metal, (double)m->rough);
	add_picture(w, p, &m->base);
	if (m->surface.size)
		blob_printf(&p->material,
			    ",\"metallicRoughnessTexture\":{\"index\":%d}}"
			    ",\"occlusionTexture\":{\"index\":%d}",
			    p->n, p->n);
	else
		blob_printf(&p->material, "}");
	if (m->surface.size)
		add_picture(w, p, &m->surface);
	if (m->glow.size) {
		blob_printf(&p->material,
			    ",\"emissiveTexture\":{\"index\":%d},\"emissiveFactor\":[1,1,1]", p->n);
		add_picture(w, p, &m->glow);
	}
}

static void put32(struct blob *out, uint32_t v)
{
	blob_add(out, &v, sizeof(v));
}

static void join(struct blob *to, const struct blob *from)
{
	if (blob_failed(from))
		to->size = SIZE_MAX;
	else
		blob_add(to, from->data, from->size);
}

enum kn_err glb_write(const struct model *m, const char *name, struct blob *out)
{
	struct writer w = {0};
	struct pictures p = {0};
	struct blob json = {0};
	int position = add_positions(&w, m);
	int normal = add_accessor(
		&w, add_view(&w, m->normal, m->verts * sizeof(*m->normal), ARRAY_BUFFER), FLOAT,
		m->verts, "VEC3", "");
	int uv = add_accessor(&w, add_view(&w, m->uv, m->verts * sizeof(*m->uv), ARRAY_BUFFER),
			      FLOAT, m->verts, "VEC2", "");
	int indices = add_indices(&w, m);
	add_material(&w, &p, m);
	blob_printf(
		&json,
		"{\"asset\":{\"version\":\"2.0\",\"generator\":\"Kinora text-to-3d\"},\"scene\":0,"
		"\"scenes\":[{\"nodes\":[0]}],\"nodes\":[{\"name\":\"%s\",\"mesh\":0}],"
		"\"meshes\":[{\"name\":\"%s\",\"primitives\":[{\"attributes\":{\"POSITION\":%d,"
		"\"NORMAL\":%d,\"TEXCOORD_0\":%d},\"indices\":%d,\"material\":0}]}],",
		name, name, position, normal, uv, indices);
	blob_printf(&json, "\"materials\":[{\"name\":\"%s\",", name);
	join(&json, &p.material);
	blob_printf(&json,
		    "}],\"samplers\":[{\"magFilter\":9729,\"minFilter\":9987,\"wrapS\":33071,"
		    "\"wrapT\":33071}],\"textures\":[");
	join(&json, &p.textures);
	blob_printf(&json, "],\"images\":[");
	join(&json, &p.images);
	blob_printf(&json, "],\"accessors\":[");
	join(&json, &w.accessors);
	blob_printf(&json, "],\"bufferViews\":[");
	join(&json, &w.views);
	blob_printf(&json, "],\"buffers\":[{\"byteLength\":%zu}]}", w.bin.size);
	while (!blob_failed(&json) && json.size % 4)
		blob_add(&json, " ", 1);
	*out = (struct blob){NULL, 0};
	if (!blob_failed(&json) && !blob_failed(&w.bin)) {
		put32(out, 0x46546c67);
		put32(out, 2);
		put32(out, (uint32_t)(28 + json.size + w.bin.size));
		put32(out, (uint32_t)json.size);
		put32(out, 0x4e4f534a);
		join(out, &json);
		put32(out, (uint32_t)w.bin.size);
		put32(out, 0x004e4942);
		join(out, &w.bin);
	}
	bool ok = out->size > 0 && !blob_failed(out);
	struct blob *const all[] = {&json,     &w.bin,      &w.views,   &w.accessors,
				    &p.images, &p.textures, &p.material};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		blob_free(all[i]);
	return ok ? KN_OK : KN_ERR_NOMEM;
}
