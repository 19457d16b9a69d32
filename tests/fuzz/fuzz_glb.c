/* A GLB of another program. What is understood is a mesh that can be worked with: indices that
 * point at vertices, and numbers that compare. What we write of it, we can read again. */
#include "fuzz.h"

#include "workers/text-to-3d/glb.h"
#include "workers/text-to-3d/glb_read.h"
#include "workers/text-to-3d/usdz.h"

/* By its bits: the code under test is compiled for numbers that are finite, and so may the compiler
 * think. */
static bool is_number(float f)
{
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	return (bits & 0x7f800000u) != 0x7f800000u;
}

static void check_vec(struct vec3 v)
{
	assert(is_number(v.x) && is_number(v.y) && is_number(v.z));
}

static void check_model(const struct model *model)
{
	assert(model->verts > 0 && model->indices > 0 && model->indices % 3 == 0);
	for (size_t i = 0; i < model->indices; i++)
		assert(model->index[i] < model->verts);
	for (size_t i = 0; i < model->verts; i++) {
		check_vec(model->pos[i]);
		check_vec(model->normal[i]);
		if (model->colour != NULL)
			check_vec(model->colour[i]);
		if (model->uv != NULL)
			assert(is_number(model->uv[i][0]) && is_number(model->uv[i][1]));
	}
}

static void check_written(const struct model *model)
{
	struct blob glb = {0}, usdz = {0};
	struct model again;
	const char *why;

	assert(usdz_write(model, "Model", &usdz) == KN_OK && usdz.size > 0);
	blob_free(&usdz);
	if (model->uv == NULL) /* our own models have one; glb_write() writes no others */
		return;
	assert(glb_write(model, "Model", &glb) == KN_OK);
	assert(glb_read(&glb, &again, &why) == KN_OK);
	assert(again.verts == model->verts && again.indices == model->indices);
	assert(memcmp(again.index, model->index, again.indices * sizeof(*again.index)) == 0);
	model_free(&again);
	blob_free(&glb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model model;
	struct blob file = {0};
	const char *why = NULL;
	enum kn_err err;

	blob_add(&file, data, size);
	err = glb_read(&file, &model, &why);
	if (err == KN_OK) {
		check_model(&model);
		check_written(&model);
		model_free(&model);
	} else {
		assert(why != NULL && why[0] != '\0' && model.pos == NULL);
	}
	blob_free(&file);
	return 0;
}
