/*
 * text-to-3d: a prompt becomes a picture, a GLB and a USDZ. With an xAI key the
 * picture comes from there, else from the embedded preview engine; with a
 * triposr_command that program makes the model from the picture.
 */
#include "compose.h"
#include "atlas.h"
#include "glb.h"
#include "render.h"
#include "texture.h"
#include "usdz.h"
#include "workers/common/worker.h"

#include <stdlib.h>

enum { PICTURE_SIDE = 768, TEXTURE_SIDE = 1024, TRIANGLES = 22000 };

static const char IMAGE_FILE[] = "image.jpg", GLB_FILE[] = "model.glb", USDZ_FILE[] = "model.usdz";

static void check(enum kn_err err, const char *code, const char *what)
{
	if (err)
		worker_fail(false, code, "%s: %s", what, kn_err_text(err));
}

static void publish(const struct blob *blob, const char *name, const char *file)
{
	check(blob_write(blob, file), "storage", file);
	worker_asset(name, file);
}

static void picture_progress(float done)
{
	worker_progress(10 + (int)(done * 28), NULL, NULL);
}

static float scene_distance(const void *ctx, struct vec3 p)
{
	return field_distance(ctx, p);
}

static void draw(struct composition *c, const struct field *field)
{
	const struct render_opts opts = {PICTURE_SIDE, c->ground, picture_progress};
	struct blob picture;
	check(render_scene(&c->scene, field, &opts, &picture), "image",
	      "The picture could not be made");
	publish(&picture, "image", IMAGE_FILE);
	blob_free(&picture);
}

static void build(const struct composition *c, const struct field *field, struct model *model)
{
	const struct mesh_source source = {scene_distance, field, c->scene.lo, c->scene.hi, 1.3f};
	struct vec3 size = v3_sub(c->scene.hi, c->scene.lo);
	struct mesh mesh;
	check(mesh_polygonise(&source, TRIANGLES, &mesh), "mesh", "The mesh could not be made");
	worker_progress(62, NULL, NULL);
	check(atlas_unfold(&mesh, TEXTURE_SIDE, model), "mesh", "The mesh could not be unfolded");
	mesh_free(&mesh);
	worker_progress(66, NULL, NULL);
	check(texture_paint(field, TEXTURE_SIDE, v3_length(size) * 0.07f, model), "texture",
	      "The textures could not be painted");
	model_fit(model, c->metres);
}

int main(void)
{
	struct worker_job job;
	worker_begin(&job);
	worker_progress(0, "initializing", "Reading the prompt");
	struct composition *c = malloc(sizeof(*c));
	struct field *field = NULL;
	struct model model = {0};
	check(c ? compose(job.prompt, worker_param_int(&job, "seed", 0), c) : KN_ERR_NOMEM,
	      "prompt", "The prompt could not be read");
	check(field_new(&c->scene, &field), "scene", "The scene could not be made");

	worker_progress(10, "generating_image", "Drawing the picture");
	draw(c, field);
	worker_progress(50, "generating_3d", "Building the model");
	build(c, field, &model);
	struct blob file;
	check(glb_write(&model, "Model", &file), "glb", "The GLB could not be written");
	publish(&file, "glb", GLB_FILE);
	blob_free(&file);
	worker_progress(85, "converting_usdz", "Converting to USDZ");
	check(usdz_write(&model, "Model", &file), "usdz", "The USDZ could not be written");
	publish(&file, "usdz", USDZ_FILE);
	worker_progress(95, NULL, NULL);
	blob_free(&file);
	model_free(&model);
	field_free(&field);
	free(c);
	return 0;
}
