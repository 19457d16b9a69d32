/* GLBs of other programs: good ones, and what must not hurt the reader. */
#include "workers/text-to-3d/glb.h"
#include "workers/text-to-3d/glb_read.h"
#include "workers/text-to-3d/usdz.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Three corners, and nine indices: a triangle, one that points past the corners, zeros. */
static const struct {
	float corner[3][3];
	uint16_t index[9];
	uint16_t pad;
	float wild[3][3];
} bin = {{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}},
	 {0, 1, 2, 3, 0, 0, 0, 0, 0},
	 0,
	 {{__builtin_inff(), -__builtin_inff(), __builtin_nanf("")},
	  {3e38f, -3e38f, 1e-40f},
	  {0, 0, 0}}};

#define VIEWS                                                                 \
	"\"bufferViews\":[{\"buffer\":0,\"byteOffset\":0,\"byteLength\":36}," \
	"{\"buffer\":0,\"byteOffset\":36,\"byteLength\":18},"                 \
	"{\"buffer\":0,\"byteOffset\":56,\"byteLength\":36}],"
#define ACCESSORS                                                                                 \
	"\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":3,\"type\":\"VEC3\"}," \
	"{\"bufferView\":1,\"componentType\":5123,\"count\":3,\"type\":\"SCALAR\"},"              \
	"{\"bufferView\":1,\"componentType\":5123,\"count\":9,\"type\":\"SCALAR\"},"              \
	"{\"bufferView\":2,\"componentType\":5126,\"count\":3,\"type\":\"VEC3\"},"                \
	"{\"bufferView\":0,\"componentType\":5126,\"count\":1,\"type\":\"VEC3\"}],"
#define SCENE "\"scenes\":[{\"nodes\":[0]}],"
#define NODES "\"nodes\":[{\"mesh\":0}],"
#define TRIANGLE "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0},\"indices\":1}]}]"
#define MESH(primitives) \
	"{" SCENE NODES VIEWS ACCESSORS "\"meshes\":[{\"primitives\":" primitives "}]}"

/* Of exactly its size, so that a sanitizer sees a byte too far. */
static struct blob exact(const void *data, size_t size)
{
	struct blob b = {malloc(size > 0 ? size : 1), size};

	if (size > 0)
		memcpy(b.data, data, size);
	return b;
}

static struct blob make(const char *json)
{
	size_t len = strlen(json), padded = (len + 3) / 4 * 4;
	uint32_t head[] = {0x46546c67, 2, (uint32_t)(28 + padded + sizeof(bin)), (uint32_t)padded,
			   0x4e4f534a},
		 next[] = {sizeof(bin), 0x004e4942};
	struct blob b = {malloc(28 + padded + sizeof(bin)), 28 + padded + sizeof(bin)};

	memcpy(b.data, head, sizeof(head));
	memset(b.data + 20, ' ', padded);
	memcpy(b.data + 20, json, len);
	memcpy(b.data + 20 + padded, next, sizeof(next));
	memcpy(b.data + 28 + padded, &bin, sizeof(bin));
	return b;
}

/* What a reader lets pass must be fit for what is made of it. */
static void check_whole(const struct model *m)
{
	struct blob usdz;

	assert_true(m->verts > 0 && m->indices > 0 && m->indices % 3 == 0);
	for (size_t i = 0; i < m->indices; i++)
		assert_true(m->index[i] < m->verts);
	for (size_t i = 0; i < m->verts; i++) {
		assert_true(fabsf(m->pos[i].x) < 1e10f && fabsf(m->pos[i].y) < 1e10f &&
			    fabsf(m->pos[i].z) < 1e10f);
		assert_true(fabsf(v3_length(m->normal[i]) - 1) < 0.01f);
	}
	assert_int_equal(usdz_write(m, "Model", &usdz), KN_OK);
	blob_free(&usdz);
}

static enum kn_err read_it(const struct blob *b, const char **why)
{
	struct model model;
	enum kn_err err = glb_read(b, &model, why);

	if (err == KN_OK)
		check_whole(&model);
	model_free(&model);
	return err;
}

static void test_a_triangle(void **state)
{
	struct blob b =
		make("{" SCENE VIEWS ACCESSORS TRIANGLE
		     ",\"nodes\":[{\"mesh\":0,\"translation\":[1,2,3],\"scale\":[2,2,2]}]}");
	struct model model;
	const char *why;

	(void)state;
	assert_int_equal(glb_read(&b, &model, &why), KN_OK);
	assert_int_equal(model.verts, 3);
	assert_int_equal(model.indices, 3);
	assert_true(model.pos[1].x == 3 && model.pos[1].y == 2 && model.pos[1].z == 3);
	assert_true(model.normal[0].z == 1);
	check_whole(&model);
	model_free(&model);
	blob_free(&b);
}

/* Our own writer's, with a picture that begins like one. */
static struct blob own_glb(void)
{
	static const unsigned char picture[] = "\xff\xd8\xff\xe0 and so on";
	struct vec3 corners[] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
	struct vec3 normals[] = {{0, -1, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
	uint32_t index[] = {0, 2, 1, 0, 1, 3, 1, 2, 3, 2, 0, 3};
	float uv[4][2] = {{0, 0}, {1, 0}, {0, 1}, {1, 1}};
	struct model model = {.pos = corners,
			      .normal = normals,
			      .uv = uv,
			      .verts = 4,
			      .index = index,
			      .indices = 12,
			      .rough = 1};
	struct blob file, kept;

	model.base = exact(picture, sizeof(picture));
	assert_int_equal(glb_write(&model, "Model", &file), KN_OK);
	kept = exact(file.data, file.size);
	blob_free(&file);
	blob_free(&model.base);
	return kept;
}

static void test_what_we_write(void **state)
{
	struct blob b = own_glb();
	struct model model;
	const char *why;

	(void)state;
	assert_int_equal(glb_read(&b, &model, &why), KN_OK);
	assert_int_equal(model.verts, 4);
	assert_int_equal(model.indices, 12);
	assert_true(model.pos[3].z == 1 && model.uv[3][1] == 1 && model.base.size > 0);
	check_whole(&model);
	model_free(&model);
	blob_free(&b);
}

static void test_cut_anywhere(void **state)
{
	struct blob whole = own_glb(), part;
	const char *why;

	(void)state;
	for (size_t n = 0; n < whole.size; n++) {
		part = exact(whole.data, n);
		assert_int_equal(read_it(&part, &why), KN_ERR_INVALID);
		if (n >= 12) { /* and with a header that agrees */
			uint32_t size = htole32((uint32_t)n);
			memcpy(part.data + 8, &size, sizeof(size));
			assert_int_equal(read_it(&part, &why), KN_ERR_INVALID);
		}
		blob_free(&part);
	}
	blob_free(&whole);
}

/* Every byte of it, changed in several ways: read or refused. */
static void test_changed_anywhere(void **state)
{
	static const char other[] = "-9],{\" 0\377";
	struct blob b = own_glb();
	unsigned refused = 0;
	const char *why;

	(void)state;
	for (size_t at = 0; at < b.size; at++) {
		unsigned char was = b.data[at];

		for (size_t k = 0; k < sizeof(other); k++) {
			b.data[at] = (unsigned char)other[k];
			refused += read_it(&b, &why) != KN_OK;
		}
		b.data[at] = was;
	}
	assert_true(refused > 100);
	blob_free(&b);
}

static void test_hostile(void **state)
{
	static const struct {
		const char *json, *why;
	} cases[] = {
		{"[]", "Its JSON cannot be read"},
		{"{", "Its JSON cannot be read"},
		{"{}", "It has no scene"},
		{"{\"scenes\":[{\"nodes\":7}]}", "It has no scene"},
		{"{\"scenes\":{},\"scene\":-1}", "It has no scene"},
		{"{" SCENE "\"nodes\":5}", "Its nodes cannot be read"},
		{"{\"scenes\":[{\"nodes\":[\"x\"]}]," NODES TRIANGLE "}",
		 "Its nodes cannot be read"},
		{"{" SCENE "\"nodes\":[{\"children\":[0]}]}", "Its nodes cannot be read"},
		{"{" SCENE "\"nodes\":[{\"children\":[0,0,0,0]}]}", "Its nodes cannot be read"},
		{"{" SCENE "\"nodes\":[{\"children\":5}]}", "It has no triangles"},
		{"{" SCENE NODES "\"meshes\":[{}]}", "It has no triangles"},
		{"{" SCENE NODES "\"extensionsRequired\":[\"KHR_draco\"]," TRIANGLE "}",
		 "It needs extensions, which are not understood here"},
		{MESH("5"), "It has no triangles"},
		{MESH("[5]"), "It has primitives that are no triangles"},
		{MESH("[{\"attributes\":{\"POSITION\":0},\"mode\":1}]"),
		 "It has primitives that are no triangles"},
		{MESH("[{\"attributes\":{\"POSITION\":99}}]"), "It has no readable positions"},
		{MESH("[{\"attributes\":{\"POSITION\":-1}}]"), "It has no readable positions"},
		{MESH("[{\"attributes\":{\"POSITION\":1}}]"), "It has no readable positions"},
		{MESH("[{\"attributes\":{\"POSITION\":0},\"indices\":0}]"),
		 "Its indices cannot be read"},
		{MESH("[{\"attributes\":{\"POSITION\":0},\"indices\":2}]"),
		 "An index points past its vertices"},
		/* Each with less than a triangle. */
		{MESH("[{\"attributes\":{\"POSITION\":4}},{\"attributes\":{\"POSITION\":4}},"
		      "{\"attributes\":{\"POSITION\":4}}]"),
		 "It has no triangles"},
		{"{" SCENE VIEWS ACCESSORS TRIANGLE
		 ",\"nodes\":[{\"mesh\":0,\"scale\":[1e300,1,1]}]}",
		 "Its positions are out of range"},
		{"{" SCENE VIEWS ACCESSORS TRIANGLE
		 ",\"nodes\":[{\"mesh\":0,\"rotation\":[1e200,1e200,-1e200,1]}]}",
		 "Its positions are out of range"},
		{"{" SCENE NODES VIEWS TRIANGLE
		 ",\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":4,\"type\":"
		 "\"VEC3\"}]}",
		 "It has no readable positions"},
		{"{" SCENE NODES VIEWS TRIANGLE
		 ",\"accessors\":[{\"bufferView\":0,\"componentType\":5126,"
		 "\"count\":9223372036854775807,\"type\":\"VEC3\"}]}",
		 "It has no readable positions"},
		{"{" SCENE NODES VIEWS TRIANGLE
		 ",\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":1,\"type\":"
		 "\"VEC3\","
		 "\"byteOffset\":9223372036854775800}]}",
		 "It has no readable positions"},
		{"{" SCENE NODES TRIANGLE
		 ",\"bufferViews\":[{\"byteOffset\":9223372036854775807,\"byteLength\":36}],"
		 "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":3,\"type\":"
		 "\"VEC3\"}]}",
		 "It has no readable positions"},
		{"{" SCENE NODES TRIANGLE ",\"bufferViews\":[{\"byteLength\":36,\"byteStride\":"
		 "9223372036854775807}],\"accessors\":[{\"bufferView\":0,\"componentType\":5126,"
		 "\"count\":3,"
		 "\"type\":\"VEC3\"}]}",
		 "It has no readable positions"},
		{"{" SCENE NODES TRIANGLE ",\"bufferViews\":[{\"byteLength\":4000000000}],"
		 "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":3,\"type\":"
		 "\"VEC3\"}]}",
		 "It has no readable positions"},
		{"{" SCENE NODES VIEWS TRIANGLE
		 ",\"accessors\":[{\"bufferView\":0,\"componentType\":5126,"
		 "\"count\":3,\"type\":\"VEC9\"}]}",
		 "It has no readable positions"},
	};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct blob b = make(cases[i].json);

		assert_int_equal(read_it(&b, &why), KN_ERR_INVALID);
		assert_string_equal(why, cases[i].why);
		blob_free(&b);
	}
}

/* What the shape does not depend on is set right instead. */
static void test_wild_numbers(void **state)
{
	static const char *const good[] = {
		MESH("[{\"attributes\":{\"POSITION\":3}}]"), /* no number: 0 */
		MESH("[{\"attributes\":{\"POSITION\":0,\"NORMAL\":3,\"COLOR_0\":3,\"TEXCOORD_0\":3}"
		     "}]"),
		MESH("[{\"attributes\":{\"POSITION\":0,\"NORMAL\":99,\"COLOR_0\":\"x\"},"
		     "\"material\":3}]"),
		"{" SCENE NODES VIEWS ACCESSORS
		"\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0},\"material\":0}]}],"
		"\"materials\":[{\"pbrMetallicRoughness\":{\"baseColorFactor\":[1e300,-1e300,null,"
		"\"x\"],"
		"\"baseColorTexture\":{\"index\":0}}}],\"textures\":[{\"source\":0}],"
		"\"images\":[{\"bufferView\":1}]}",
	};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct blob b = make(good[i]);

		assert_int_equal(read_it(&b, &why), KN_OK);
		blob_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_triangle),   cmocka_unit_test(test_what_we_write),
		cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_changed_anywhere),
		cmocka_unit_test(test_hostile),      cmocka_unit_test(test_wild_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
