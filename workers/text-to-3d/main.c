/*
 * text-to-3d: a prompt becomes a picture, a GLB and a USDZ. With an xAI key the
 * picture comes from there and is inflated, else both come from the embedded
 * preview engine; with a triposr_command that program makes the model from the
 * picture, wherever it came from.
 */
#include "atlas.h"
#include "compose.h"
#include "glb.h"
#include "glb_read.h"
#include "jpeg.h"
#include "remote.h"
#include "render.h"
#include "silhouette.h"
#include "texture.h"
#include "usdz.h"
#include "workers/common/picture.h"
#include "workers/common/program.h"
#include "workers/common/worker.h"

#include <stdlib.h>
#include <string.h>

enum {
	PICTURE_SIDE = 768,
	PICTURE_EDGE_MAX = 1024,
	TEXTURE_SIDE = 1024,
	TRIANGLES = 30000,
	GLB_BYTES_MAX = 64 << 20,
	COMMAND_WORDS_MAX = 32,
	COMMAND_SECONDS = 240,
};

static const char IMAGE_FILE[] = "image.jpg", GLB_FILE[] = "model.glb", USDZ_FILE[] = "model.usdz";

static void check(enum kn_err err, const char *code, const char *what)
{
	if (err)
		worker_fail(false, code, "%s: %s", what, kn_err_text(err));
}

static void publish(struct blob *blob, const char *name, const char *file)
{
	check(blob_write(blob, file), "storage", file);
	worker_asset(name, file);
	blob_free(blob);
}

/* --- the embedded preview engine --- */

static void picture_progress(float done)
{
	worker_progress(10 + (int)(done * 28), NULL, NULL);
}

static float scene_distance(const void *ctx, struct vec3 p)
{
	return field_distance(ctx, p);
}

static void draw(const struct composition *c, const struct field *field)
{
	const struct render_opts opts = {PICTURE_SIDE, c->ground, picture_progress};
	struct blob picture;
	check(render_scene(&c->scene, field, &opts, &picture), "image",
	      "The picture could not be made");
	publish(&picture, "image", IMAGE_FILE);
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

/* The picture, and the model unless another program makes that. */
static void make_here(const struct worker_job *job, bool with_model, struct model *model)
{
	struct composition *c = malloc(sizeof(*c));
	struct field *field = NULL;
	check(c ? compose(job->prompt, worker_param_int(job, "seed", 0), c) : KN_ERR_NOMEM,
	      "prompt", "The prompt could not be read");
	check(field_new(&c->scene, &field), "scene", "The scene could not be made");
	worker_progress(10, "generating_image", "Drawing the picture");
	draw(c, field);
	worker_progress(50, "generating_3d", "Building the model");
	if (with_model)
		build(c, field, model);
	field_free(&field);
	free(c);
}

/* --- other people's engines --- */

static cairo_surface_t *load_picture(const char *file)
{
	char why[256];
	cairo_surface_t *picture = NULL;
	if (picture_load(file, PICTURE_EDGE_MAX, &picture, why, sizeof(why)))
		worker_fail(false, "image", "The picture could not be read: %s", why);
	return picture;
}

/* What can be decoded is published; what is no JPEG becomes one: the asset is image.jpg. */
static void publish_as_jpeg(struct blob *picture)
{
	const char *type = blob_image_type(picture);
	check(blob_write(picture, "picture.in"), "storage", "picture.in");
	cairo_surface_t *s = load_picture("picture.in");
	if (!type || strcmp(type, "image/jpeg") != 0) {
		blob_free(picture);
		check(jpeg_encode_surface(s, picture), "image",
		      "The picture could not be converted");
	}
	cairo_surface_destroy(s);
	publish(picture, "image", IMAGE_FILE);
}

static void fetch_picture(const struct worker_job *job, const char *key)
{
	const struct remote_request request = {worker_option(job, "xai_base_url"), key,
					       job->prompt};
	struct blob picture;
	char why[512];
	worker_progress(10, "generating_image", "Asking the image service");
	enum kn_err err = remote_picture(&request, &picture, why, sizeof(why));
	if (err)
		worker_fail(err == KN_ERR_BUSY || err == KN_ERR_TIMEOUT, "image_service", "%s",
			    why);
	publish_as_jpeg(&picture);
}

static void inflate(struct model *model)
{
	const struct silhouette_opts opts = {TRIANGLES, TEXTURE_SIDE};
	cairo_surface_t *picture = load_picture(IMAGE_FILE);
	bool cut;
	check(silhouette_inflate(picture, &opts, model, &cut), "mesh",
	      "The model could not be made");
	cairo_surface_destroy(picture);
	if (!cut)
		worker_log("No subject stands out from the picture's ground: the whole picture "
			   "became a plaque");
	model_fit(model, 1);
}

/* The operator's program: its words, then the picture and the file that it shall write. */
static void run_command(const char *command, struct model *model)
{
	const char *argv[COMMAND_WORDS_MAX + 3];
	char *words = strdup(command), *rest = words, *word, why[256];
	size_t n = 0;
	while (words && (word = strtok_r(n ? NULL : words, " \t", &rest)) && n < COMMAND_WORDS_MAX)
		argv[n++] = word;
	argv[n] = "image.png";
	argv[n + 1] = GLB_FILE;
	argv[n + 2] = NULL;
	cairo_surface_t *picture = load_picture(IMAGE_FILE);
	if (cairo_surface_write_to_png(picture, "image.png") != CAIRO_STATUS_SUCCESS)
		worker_fail(false, "storage", "The picture could not be written as PNG");
	cairo_surface_destroy(picture);
	const struct program_opts opts = {.argv = argv, .wall_seconds = COMMAND_SECONDS};
	if (program_run(&opts, why, sizeof(why)))
		worker_fail(false, "triposr", "The 3D program failed: %s", why);
	free(words);

	struct blob file;
	const char *fault;
	if (blob_read(GLB_FILE, GLB_BYTES_MAX, &file))
		worker_fail(false, "triposr", "The 3D program wrote no model that could be read");
	if (glb_read(&file, model, &fault))
		worker_fail(false, "triposr", "The 3D program's model is not usable: %s", fault);
	blob_free(&file);
	worker_asset("glb", GLB_FILE);
}

int main(void)
{
	struct worker_job job;
	struct model model = {0};
	struct blob file;
	worker_begin(&job);
	worker_progress(0, "initializing", "Reading the prompt");
	const char *key = worker_option(&job, "xai_api_key"),
		   *command = worker_option(&job, "triposr_command");
	if (*key)
		fetch_picture(&job, key);
	else
		make_here(&job, !*command, &model);
	worker_progress(50, "generating_3d", "Building the model");
	if (*command)
		run_command(command, &model);
	else if (*key)
		inflate(&model);
	if (!*command) {
		check(glb_write(&model, "Model", &file), "glb", "The GLB could not be written");
		publish(&file, "glb", GLB_FILE);
	}
	worker_progress(85, "converting_usdz", "Converting to USDZ");
	check(usdz_write(&model, "Model", &file), "usdz", "The USDZ could not be written");
	publish(&file, "usdz", USDZ_FILE);
	worker_progress(95, NULL, NULL);
	model_free(&model);
	json_object_put(job.root);
	return 0;
}
