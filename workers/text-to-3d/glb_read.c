#include "glb_read.h"

#include <endian.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEPTH_MAX = 32,
	VERTS_MAX = 4000000,
	U8 = 5121,
	U16 = 5123,
	U32 = 5125,
	F32 = 5126,
	TRIANGLES = 4
};

struct reader {
	json_object *root;
	const unsigned char *bin;
	size_t bin_size;
	struct model *out;
	const char *why;
	bool has_uv;
	int budget; /* nodes that may still be visited: a graph with sharing could be endless */
};

/* Numbers of one accessor, as they lie in the file. */
struct view {
	const unsigned char *data;
	size_t count, stride;
	int component, width;
	bool normalized;
};

static json_object *get(json_object *o, const char *key)
{
	json_object *v = NULL;
	return json_object_object_get_ex(o, key, &v) ? v : NULL;
}

static size_t length(json_object *a)
{
	return json_object_is_type(a, json_type_array) ? json_object_array_length(a) : 0;
}

static json_object *item(const struct reader *r, const char *list, json_object *index)
{
	json_object *a = get(r->root, list);
	int i = index && json_object_is_type(index, json_type_int) ? json_object_get_int(index)
								   : -1;
	return i >= 0 && (size_t)i < length(a) ? json_object_array_get_idx(a, (size_t)i) : NULL;
}

static size_t get_size(json_object *o, const char *key)
{
	json_object *v = get(o, key);
	int64_t n = v ? json_object_get_int64(v) : 0;
	return n > 0 ? (size_t)n : 0;
}

static enum kn_err refuse(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
	return KN_ERR_INVALID;
}

/* The bytes of a buffer view, checked against the binary chunk. */
static const unsigned char *view_bytes(const struct reader *r, json_object *index, size_t *size)
{
	json_object *v = item(r, "bufferViews", index);
	size_t offset = v ? get_size(v, "byteOffset") : 0;
	*size = v ? get_size(v, "byteLength") : 0;
	if (!v || get_size(v, "buffer") != 0 || offset > r->bin_size ||
	    *size > r->bin_size - offset)
		return NULL;
	return r->bin + offset;
}

static int component_bytes(int component)
{
	return component == U8                        ? 1
	       : component == U16                     ? 2
	       : component == U32 || component == F32 ? 4
						      : 0;
}

static int type_width(const char *type)
{
	if (type && strcmp(type, "SCALAR") == 0)
		return 1;
	return type && strncmp(type, "VEC", 3) == 0 && type[3] >= '2' && type[3] <= '4'
		       ? type[3] - '0'
		       : 0;
}

static bool find_view(const struct reader *r, json_object *index, struct view *out)
{
	json_object *a = item(r, "accessors", index), *n = a ? get(a, "normalized") : NULL;
	size_t size, offset;
	if (!a || get(a, "sparse"))
		return false;
	const unsigned char *data = view_bytes(r, get(a, "bufferView"), &size);
	offset = get_size(a, "byteOffset");
	out->count = get_size(a, "count");
	out->component = (int)get_size(a, "componentType");
	out->width = type_width(json_object_get_string(get(a, "type")));
	out->normalized = n && json_object_get_boolean(n);
	size_t element = (size_t)component_bytes(out->component) * (size_t)out->width;
	out->stride = get_size(item(r, "bufferViews", get(a, "bufferView")), "byteStride");
	if (out->stride == 0)
		out->stride = element;
	if (!data || element == 0 || out->count == 0 || out->count > VERTS_MAX * 3 ||
	    offset > size || out->stride > size || size - offset < element ||
	    (out->count - 1) > (size - offset - element) / out->stride)
		return false;
	out->data = data + offset;
	return true;
}

static uint32_t read_uint(const struct view *v, size_t i, int k)
{
	const unsigned char *at =
		v->data + i * v->stride + (size_t)(k * component_bytes(v->component));
	uint32_t wide;
	uint16_t half;
	switch (v->component) {
	case U8:
		return *at;
	case U16:
		memcpy(&half, at, sizeof(half));
		return le16toh(half);
	default:
		memcpy(&wide, at, sizeof(wide));
		return le32toh(wide);
	}
}

/* No infinity, nothing that is not a number, and room to calculate with it. By its bits: the
 * compiler was told that there is no such float. */
static bool is_usable(float f)
{
	const uint32_t limit = 0x4e800000; /* 2^30 */
	uint32_t bits;
	memcpy(&bits, &f, sizeof(bits));
	return (bits & 0x7fffffff) < limit;
}

static bool is_usable_point(struct vec3 p)
{
	return is_usable(p.x) && is_usable(p.y) && is_usable(p.z);
}

static float read_float(const struct view *v, size_t i, int k)
{
	uint32_t bits = read_uint(v, i, k);
	float f;
	memcpy(&f, &bits, sizeof(f));
	if (v->component == U8)
		return (float)bits / 255;
	if (v->component == U16)
		return (float)bits / 65535;
	return is_usable(f) ? f : 0;
}

static struct vec3 read_vec(const struct view *v, size_t i)
{
	return v3(read_float(v, i, 0), read_float(v, i, 1), read_float(v, i, 2));
}

static const struct vec3 up = {0, 1, 0};

static struct vec3 usable_or(struct vec3 v, struct vec3 other)
{
	return is_usable_point(v) ? v : other;
}

/* A matrix, column by column, as glTF has it. */
struct matrix {
	float m[16];
};

static struct vec3 turn(const struct matrix *m, struct vec3 p, float w)
{
	const float *a = m->m;
	return v3(a[0] * p.x + a[4] * p.y + a[8] * p.z + a[12] * w,
		  a[1] * p.x + a[5] * p.y + a[9] * p.z + a[13] * w,
		  a[2] * p.x + a[6] * p.y + a[10] * p.z + a[14] * w);
}

static void numbers(json_object *o, const char *key, float *out, size_t n)
{
	json_object *a = get(o, key);
	if (length(a) != n)
		return;
	for (size_t i = 0; i < n; i++)
		out[i] = (float)json_object_get_double(json_object_array_get_idx(a, i));
}

static struct matrix node_matrix(json_object *node)
{
	float t[3] = {0, 0, 0}, q[4] = {0, 0, 0, 1}, s[3] = {1, 1, 1};
	struct matrix out = {{0}};
	numbers(node, "translation", t, 3);
	numbers(node, "rotation", q, 4);
	numbers(node, "scale", s, 3);
	float x = q[0], y = q[1], z = q[2], w = q[3];
	const float m[16] = {(1 - 2 * (y * y + z * z)) * s[0],
			     2 * (x * y + z * w) * s[0],
			     2 * (x * z - y * w) * s[0],
			     0,
			     2 * (x * y - z * w) * s[1],
			     (1 - 2 * (x * x + z * z)) * s[1],
			     2 * (y * z + x * w) * s[1],
			     0,
			     2 * (x * z + y * w) * s[2],
			     2 * (y * z - x * w) * s[2],
			     (1 - 2 * (x * x + y * y)) * s[2],
			     0,
			     t[0],
			     t[1],
			     t[2],
			     1};
	memcpy(out.m, m, sizeof(m));
	numbers(node, "matrix", out.m, 16);
	return out;
}

static struct matrix multiply(const struct matrix *a, const struct matrix *b)
{
	struct matrix out;
	for (int c = 0; c < 4; c++)
		for (int r = 0; r < 4; r++) {
			float sum = 0;
			for (int k = 0; k < 4; k++)
				sum += a->m[k * 4 + r] * b->m[c * 4 + k];
			out.m[c * 4 + r] = sum;
		}
	return out;
}

static bool grow(struct reader *r, size_t verts, size_t indices)
{
	struct model *m = r->out;
	size_t v = m->verts + verts, i = m->indices + indices;
	if (v > VERTS_MAX || i > VERTS_MAX * 3)
		return false;
	if (i == 0)
		i = 1; /* realloc() to nothing frees */
	struct vec3 *pos = realloc(m->pos, v * sizeof(*pos));
	m->pos = pos ? pos : m->pos;
	struct vec3 *normal = realloc(m->normal, v * sizeof(*normal));
	m->normal = normal ? normal : m->normal;
	struct vec3 *colour = realloc(m->colour, v * sizeof(*colour));
	m->colour = colour ? colour : m->colour;
	float(*uv)[2] = realloc(m->uv, v * sizeof(*uv));
	m->uv = uv ? uv : m->uv;
	uint32_t *index = realloc(m->index, i * sizeof(*index));
	m->index = index ? index : m->index;
	return pos && normal && colour && uv && index;
}

/* What the material says: its texture, if none is had yet; its colour for vertices that have none.
 */
static struct vec3 read_material(struct reader *r, json_object *material)
{
	float factor[4] = {1, 1, 1, 1};
	json_object *pbr = material ? get(material, "pbrMetallicRoughness") : NULL;
	json_object *texture = pbr ? get(pbr, "baseColorTexture") : NULL;
	if (pbr)
		numbers(pbr, "baseColorFactor", factor, 4);
	texture = texture ? item(r, "textures", get(texture, "index")) : NULL;
	json_object *image = texture ? item(r, "images", get(texture, "source")) : NULL;
	size_t size = 0;
	const unsigned char *data = image ? view_bytes(r, get(image, "bufferView"), &size) : NULL;
	if (data && r->out->base.size == 0)
		blob_add(&r->out->base, data, size);
	return v3(factor[0], factor[1], factor[2]);
}

static void add_normals(struct model *m, size_t first_vert, size_t first_index)
{
	for (size_t v = first_vert; v < m->verts; v++)
		m->normal[v] = v3(0, 0, 0);
	for (size_t i = first_index; i + 2 < m->indices; i += 3) {
		const uint32_t *t = m->index + i;
		struct vec3 n = v3_cross(v3_sub(m->pos[t[1]], m->pos[t[0]]),
					 v3_sub(m->pos[t[2]], m->pos[t[0]]));
		for (int k = 0; k < 3; k++)
			m->normal[t[k]] = v3_add(m->normal[t[k]], n);
	}
	for (size_t v = first_vert; v < m->verts; v++)
		m->normal[v] = usable_or(v3_unit(m->normal[v]), up);
}

struct primitive {
	struct view pos, normal, uv, colour, index;
	bool has_normal, has_uv, has_colour, has_index;
};

static enum kn_err find_primitive(struct reader *r, json_object *p, struct primitive *out)
{
	json_object *attributes = get(p, "attributes"), *mode = get(p, "mode");
	if (!attributes || (mode && json_object_get_int(mode) != TRIANGLES))
		return refuse(r, "It has primitives that are no triangles");
	if (!find_view(r, get(attributes, "POSITION"), &out->pos) || out->pos.component != F32 ||
	    out->pos.width != 3)
		return refuse(r, "It has no readable positions");
	out->has_normal = find_view(r, get(attributes, "NORMAL"), &out->normal) &&
			  out->normal.component == F32 && out->normal.width == 3 &&
			  out->normal.count == out->pos.count;
	out->has_uv = find_view(r, get(attributes, "TEXCOORD_0"), &out->uv) && out->uv.width == 2 &&
		      out->uv.count == out->pos.count;
	out->has_colour = find_view(r, get(attributes, "COLOR_0"), &out->colour) &&
			  out->colour.width >= 3 && out->colour.count == out->pos.count;
	out->has_index = get(p, "indices") != NULL;
	if (out->has_index && (!find_view(r, get(p, "indices"), &out->index) ||
			       out->index.width != 1 || out->index.component == F32))
		return refuse(r, "Its indices cannot be read");
	return KN_OK;
}

static enum kn_err add_vertices(struct reader *r, const struct primitive *p,
				const struct matrix *place, struct vec3 factor)
{
	struct model *m = r->out;
	for (size_t i = 0; i < p->pos.count; i++) {
		size_t v = m->verts++;
		m->pos[v] = turn(place, read_vec(&p->pos, i), 1);
		if (!is_usable_point(m->pos[v]))
			return refuse(r, "Its positions are out of range");
		if (p->has_normal)
			m->normal[v] =
				usable_or(v3_unit(turn(place, read_vec(&p->normal, i), 0)), up);
		m->uv[v][0] = p->has_uv ? read_float(&p->uv, i, 0) : 0;
		m->uv[v][1] = p->has_uv ? read_float(&p->uv, i, 1) : 0;
		m->colour[v] = p->has_colour ? v3_mul(read_vec(&p->colour, i), factor) : factor;
		m->colour[v] = usable_or(m->colour[v], v3(1, 1, 1));
	}
	return KN_OK;
}

static enum kn_err add_triangles(struct reader *r, const struct primitive *p, size_t first,
				 size_t n)
{
	struct model *m = r->out;
	for (size_t i = 0; i < n; i++) {
		uint32_t v = p->has_index ? read_uint(&p->index, i, 0) : (uint32_t)i;
		if (v >= p->pos.count)
			return refuse(r, "An index points past its vertices");
		m->index[m->indices++] = (uint32_t)first + v;
	}
	return KN_OK;
}

static enum kn_err read_primitive(struct reader *r, json_object *json, const struct matrix *place)
{
	struct primitive p;
	size_t first = r->out->verts, first_index = r->out->indices;
	enum kn_err err = find_primitive(r, json, &p);
	if (err)
		return err;
	size_t n = (p.has_index ? p.index.count : p.pos.count) / 3 * 3;
	if (!grow(r, p.pos.count, n))
		return refuse(r, "It is too large");
	struct vec3 factor = read_material(r, item(r, "materials", get(json, "material")));
	err = add_vertices(r, &p, place, factor);
	if (!err)
		err = add_triangles(r, &p, first, n);
	r->has_uv = r->has_uv || p.has_uv;
	if (!err && !p.has_normal)
		add_normals(r->out, first, first_index);
	return err;
}

static enum kn_err read_node(struct reader *r, json_object *node, const struct matrix *parent,
			     int depth)
{
	if (!node || depth > DEPTH_MAX || --r->budget < 0)
		return refuse(r, "Its nodes cannot be read");
	struct matrix own = node_matrix(node), place = multiply(parent, &own);
	json_object *mesh = item(r, "meshes", get(node, "mesh"));
	json_object *list = mesh ? get(mesh, "primitives") : NULL,
		    *children = get(node, "children");
	enum kn_err err = KN_OK;
	for (size_t i = 0; !err && i < length(list); i++)
		err = read_primitive(r, json_object_array_get_idx(list, i), &place);
	for (size_t i = 0; !err && i < length(children); i++)
		err = read_node(r, item(r, "nodes", json_object_array_get_idx(children, i)), &place,
				depth + 1);
	return err;
}

static enum kn_err read_scene(struct reader *r)
{
	static const struct matrix identity = {{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}};
	json_object *index = get(r->root, "scene"), *zero = json_object_new_int(0);
	json_object *scene = item(r, "scenes", index ? index : zero);
	json_object *nodes = scene ? get(scene, "nodes") : NULL;
	json_object_put(zero);
	if (length(nodes) == 0)
		return refuse(r, "It has no scene");
	if (get(r->root, "extensionsRequired"))
		return refuse(r, "It needs extensions, which are not understood here");
	enum kn_err err = KN_OK;
	for (size_t i = 0; !err && i < length(nodes); i++)
		err = read_node(r, item(r, "nodes", json_object_array_get_idx(nodes, i)), &identity,
				0);
	return !err && r->out->indices == 0 ? refuse(r, "It has no triangles") : err;
}

static uint32_t le32(const unsigned char *at)
{
	uint32_t v;
	memcpy(&v, at, sizeof(v));
	return le32toh(v);
}

/* Finds the JSON and the binary chunk. */
static enum kn_err read_chunks(struct reader *r, const struct blob *f)
{
	const unsigned char *d = f->data;
	if (f->size < 20 || memcmp(d, "glTF", 4) != 0 || le32(d + 4) != 2 || le32(d + 8) != f->size)
		return refuse(r, "It is no GLB");
	size_t json = le32(d + 12);
	if (memcmp(d + 16, "JSON", 4) != 0 || json > f->size - 20)
		return refuse(r, "It is no GLB");
	json_tokener *t = json_tokener_new();
	if (!t)
		return KN_ERR_NOMEM;
	r->root = json_tokener_parse_ex(t, (const char *)d + 20, (int)json);
	if (json_tokener_get_error(t) != json_tokener_success) {
		json_object_put(r->root);
		r->root = NULL;
	}
	json_tokener_free(t);
	if (!r->root || !json_object_is_type(r->root, json_type_object))
		return refuse(r, "Its JSON cannot be read");
	size_t at = 20 + json;
	if (f->size - at < 8 || memcmp(d + at + 4, "BIN", 4) != 0)
		return refuse(r, "It has no binary chunk");
	r->bin = d + at + 8;
	r->bin_size = le32(d + at);
	return r->bin_size > f->size - at - 8 ? refuse(r, "It is cut off") : KN_OK;
}

enum kn_err glb_read(const struct blob *file, struct model *out, const char **why)
{
	struct reader r = {.out = out, .budget = 10000};
	memset(out, 0, sizeof(*out));
	enum kn_err err = read_chunks(&r, file);
	if (!err)
		err = read_scene(&r);
	json_object_put(r.root);
	if (!err && (!blob_image_type(&out->base) || !r.has_uv)) {
		blob_free(&out->base);
		free(out->uv);
		out->uv = NULL;
	}
	if (!err && out->base.size) {
		free(out->colour);
		out->colour = NULL;
	}
	out->rough = 0.6f;
	*why = r.why ? r.why : kn_err_text(err);
	if (err)
		model_free(out);
	return err;
}
