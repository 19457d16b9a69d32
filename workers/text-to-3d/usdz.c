#include "usdz.h"

#include "zip.h"

#include <stdio.h>
#include <string.h>

struct texture_use {
	const char *file;
	const struct blob *picture;
};

static void put_vectors(struct blob *b, const struct vec3 *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		blob_printf(b, "%s(%.6g, %.6g, %.6g)", i ? ", " : "", (double)v[i].x,
			    (double)v[i].y, (double)v[i].z);
}

static void put_mesh(struct blob *b, const struct model *m)
{
	struct vec3 bounds[2];
	model_bounds(m, &bounds[0], &bounds[1]);
	blob_printf(b, "    def Mesh \"Mesh\" (\n        prepend apiSchemas = "
		       "[\"MaterialBindingAPI\"]\n    )\n"
		       "    {\n        float3[] extent = [");
	put_vectors(b, bounds, 2);
	blob_printf(b, "]\n        int[] faceVertexCounts = [");
	for (size_t i = 0; i < m->indices; i += 3)
		blob_printf(b, "%s3", i ? ", " : "");
	blob_printf(b, "]\n        int[] faceVertexIndices = [");
	for (size_t i = 0; i < m->indices; i++)
		blob_printf(b, "%s%u", i ? ", " : "", m->index[i]);
	blob_printf(
		b,
		"]\n        rel material:binding = </Root/Material>\n        point3f[] points = [");
	put_vectors(b, m->pos, m->verts);
	blob_printf(b, "]\n        normal3f[] normals = [");
	put_vectors(b, m->normal, m->verts);
	blob_printf(b, "] (\n            interpolation = \"vertex\"\n        )\n");
	if (m->uv) {
		blob_printf(b, "        texCoord2f[] primvars:st = [");
		/* USD counts v from below. */
		for (size_t i = 0; i < m->verts; i++)
			blob_printf(b, "%s(%.6g, %.6g)", i ? ", " : "", (double)m->uv[i][0],
				    1 - (double)m->uv[i][1]);
		blob_printf(b, "] (\n            interpolation = \"vertex\"\n        )\n");
	}
	if (m->colour) {
		blob_printf(b, "        color3f[] primvars:displayColor = [");
		put_vectors(b, m->colour, m->verts);
		blob_printf(b, "] (\n            interpolation = \"vertex\"\n        )\n");
	}
	blob_printf(b, "        uniform token subdivisionScheme = \"none\"\n    }\n\n");
}

static void put_texture(struct blob *b, const char *prim, const struct texture_use *use,
			const char *space, const char *outputs)
{
	blob_printf(b,
		    "        def Shader \"%s\"\n        {\n"
		    "            uniform token info:id = \"UsdUVTexture\"\n"
		    "            asset inputs:file = @%s@\n"
		    "            token inputs:sourceColorSpace = \"%s\"\n"
		    "            float2 inputs:st.connect = </Root/Material/St.outputs:result>\n"
		    "            token inputs:wrapS = \"clamp\"\n            token inputs:wrapT = "
		    "\"clamp\"\n"
		    "%s        }\n\n",
		    prim, use->file, space, outputs);
}

static const char RGB[] = "            float3 outputs:rgb\n";
static const char CHANNELS[] = "            float outputs:r\n            float outputs:g\n"
			       "            float outputs:b\n";

/* A linked input where there is a texture, a number where there is none. */
static void put_surface(struct blob *b, const struct model *m)
{
	blob_printf(b, "        token outputs:surface.connect = "
		       "</Root/Material/Surface.outputs:surface>\n\n"
		       "        def Shader \"Surface\"\n        {\n"
		       "            uniform token info:id = \"UsdPreviewSurface\"\n");
	if (m->base.size)
		blob_printf(b, "            color3f inputs:diffuseColor.connect = "
			       "</Root/Material/Base.outputs:rgb>\n");
	else if (m->colour)
		blob_printf(b, "            color3f inputs:diffuseColor.connect = "
			       "</Root/Material/Colour.outputs:result>\n");
	if (m->surface.size)
		blob_printf(b, "            float inputs:metallic.connect = "
			       "</Root/Material/Orm.outputs:b>\n"
			       "            float inputs:occlusion.connect = "
			       "</Root/Material/Orm.outputs:r>\n"
			       "            float inputs:roughness.connect = "
			       "</Root/Material/Orm.outputs:g>\n");
	else
		blob_printf(b,
			    "            float inputs:metallic = %.4g\n            float "
			    "inputs:roughness = %.4g\n",
			    (double)m->metal, (double)m->rough);
	if (m->glow.size)
		blob_printf(b, "            color3f inputs:emissiveColor.connect = "
			       "</Root/Material/Glow.outputs:rgb>\n");
	blob_printf(b, "            token outputs:surface\n        }\n\n");
}

static void put_reader(struct blob *b, const char *prim, const char *type, const char *var)
{
	blob_printf(b,
		    "        def Shader \"%s\"\n        {\n"
		    "            uniform token info:id = \"UsdPrimvarReader_%s\"\n"
		    "            string inputs:varname = \"%s\"\n            %s outputs:result\n   "
		    "     }\n\n",
		    prim, type, var, type);
}

static void put_material(struct blob *b, const struct model *m, const struct texture_use uses[3])
{
	blob_printf(b, "    def Material \"Material\"\n    {\n");
	put_surface(b, m);
	if (m->uv)
		put_reader(b, "St", "float2", "st");
	if (m->colour && !m->base.size)
		put_reader(b, "Colour", "float3", "displayColor");
	if (m->base.size)
		put_texture(b, "Base", &uses[0], "sRGB", RGB);
	if (m->surface.size)
		put_texture(b, "Orm", &uses[1], "raw", CHANNELS);
	if (m->glow.size)
		put_texture(b, "Glow", &uses[2], "sRGB", RGB);
	blob_printf(b, "    }\n");
}

static void put_layer(struct blob *b, const struct model *m, const char *name,
		      const struct texture_use uses[3])
{
	blob_printf(b,
		    "#usda 1.0\n(\n    defaultPrim = \"Root\"\n    doc = \"%s\"\n    metersPerUnit "
		    "= 1\n"
		    "    upAxis = \"Y\"\n)\n\n"
		    "def Xform \"Root\" (\n    assetInfo = {\n        string name = \"%s\"\n    }\n"
		    "    kind = \"component\"\n)\n{\n",
		    "Made by Kinora text-to-3d", name);
	put_mesh(b, m);
	put_material(b, m, uses);
	blob_printf(b, "}\n");
}

enum kn_err usdz_write(const struct model *model, const char *name, struct blob *out)
{
	const struct blob *pictures[3] = {&model->base, &model->surface, &model->glow};
	static const char *const stems[3] = {"base", "surface", "glow"};
	char files[3][32];
	struct texture_use uses[3];
	for (int i = 0; i < 3; i++) {
		const char *type = blob_image_type(pictures[i]);
		snprintf(files[i], sizeof(files[i]), "textures/%s.%s", stems[i],
			 type && strcmp(type, "image/png") == 0 ? "png" : "jpg");
		uses[i] = (struct texture_use){files[i], pictures[i]};
	}
	struct blob layer = {0};
	put_layer(&layer, model, name, uses);
	struct zip zip = {0};
	zip_add(&zip, "model.usda", &layer);
	for (int i = 0; i < 3; i++)
		if (pictures[i]->size)
			zip_add(&zip, files[i], pictures[i]);
	blob_free(&layer);
	return zip_finish(&zip, out);
}
