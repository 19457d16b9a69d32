#include "model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void model_free(struct model *model)
{
	free(model->pos);
	free(model->normal);
	free(model->uv);
	free(model->colour);
	free(model->index);
	blob_free(&model->base);
	blob_free(&model->surface);
	blob_free(&model->glow);
	memset(model, 0, sizeof(*model));
}

void model_bounds(const struct model *model, struct vec3 *lo, struct vec3 *hi)
{
	*lo = *hi = model->pos[0];
	for (size_t i = 1; i < model->verts; i++) {
		*lo = v3_min(*lo, model->pos[i]);
		*hi = v3_max(*hi, model->pos[i]);
	}
}

void model_fit(struct model *model, float metres)
{
	struct vec3 lo, hi;
	model_bounds(model, &lo, &hi);
	struct vec3 size = v3_sub(hi, lo), base = v3((lo.x + hi.x) / 2, lo.y, (lo.z + hi.z) / 2);
	float scale = metres / fmaxf(size.x, fmaxf(size.y, size.z));
	for (size_t i = 0; i < model->verts; i++)
		model->pos[i] = v3_scale(v3_sub(model->pos[i], base), scale);
}

bool blob_failed(const struct blob *blob)
{
	return blob->size == SIZE_MAX;
}

/* Capacity is the next power of two: no field for it is needed. */
static bool blob_grow(struct blob *blob, size_t more)
{
	size_t need = blob->size + more, cap = 256;
	while (cap < need)
		cap *= 2;
	size_t had = 256;
	while (had < blob->size)
		had *= 2;
	if (blob->data && had == cap)
		return true;
	unsigned char *data = realloc(blob->data, cap);
	if (!data)
		return false;
	blob->data = data;
	return true;
}

void blob_add(struct blob *blob, const void *data, size_t size)
{
	if (blob_failed(blob) || size == 0)
		return;
	if (!blob_grow(blob, size)) {
		free(blob->data);
		*blob = (struct blob){NULL, SIZE_MAX};
		return;
	}
	memcpy(blob->data + blob->size, data, size);
	blob->size += size;
}

void blob_printf(struct blob *blob, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n > 0)
		blob_add(blob, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void blob_free(struct blob *blob)
{
	free(blob->data);
	*blob = (struct blob){NULL, 0};
}

enum kn_err blob_write(const struct blob *blob, const char *path)
{
	if (blob_failed(blob))
		return KN_ERR_NOMEM;
	FILE *f = fopen(path, "wbe");
	if (!f)
		return kn_err_from_errno(errno);
	enum kn_err err = KN_OK;
	if (fwrite(blob->data, 1, blob->size, f) != blob->size)
		err = kn_err_from_errno(errno);
	if (fclose(f) != 0 && !err)
		err = kn_err_from_errno(errno);
	return err;
}

enum kn_err blob_read(const char *path, size_t max, struct blob *out)
{
	unsigned char buf[65536];
	FILE *f = fopen(path, "rbe");
	if (!f)
		return kn_err_from_errno(errno);
	enum kn_err err = KN_OK;
	size_t n;
	*out = (struct blob){NULL, 0};
	while (!err && (n = fread(buf, 1, sizeof(buf), f)) > 0) {
		blob_add(out, buf, n);
		err = blob_failed(out) ? KN_ERR_NOMEM : out->size > max ? KN_ERR_TOO_LARGE : KN_OK;
	}
	if (!err && ferror(f))
		err = KN_ERR_IO;
	fclose(f);
	if (err)
		blob_free(out);
	return err;
}

const char *blob_image_type(const struct blob *blob)
{
	if (blob_failed(blob))
		return NULL;
	if (blob->size > 8 && memcmp(blob->data, "\x89PNG\r\n\x1a\n", 8) == 0)
		return "image/png";
	if (blob->size > 3 && memcmp(blob->data, "\xff\xd8\xff", 3) == 0)
		return "image/jpeg";
	return NULL;
}
