#include "workers/common/picture.h"

#include "workers/common/program.h"

#include <magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Forcing the demuxer keeps ffmpeg from taking a picture for a playlist that opens other files. */
static const struct {
	const char *mime, *demuxer;
} types[] = {
	{"image/png", "png_pipe"},
	{"image/jpeg", "jpeg_pipe"},
	{"image/webp", "webp_pipe"},
	{"image/gif", "gif"},
};

enum { HEADER_MAX = 256 };

/* A growing copy of ffmpeg's output, bounded. */
struct bytes {
	unsigned char *data;
	size_t len, size, max;
};

static void collect(void *arg, const char *data, size_t len)
{
	struct bytes *b = arg;
	size_t size;
	unsigned char *grown;

	if (b->len + len > b->max)
		len = b->max - b->len;
	if (b->len + len > b->size) {
		size = 2 * (b->len + len);
		grown = realloc(b->data, size);
		if (!grown)
			return; /* too few bytes: the check against the header says so */
		b->data = grown;
		b->size = size;
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

static int type_index(const char *path)
{
	magic_t magic = magic_open(MAGIC_MIME_TYPE);
	const char *mime = NULL;
	int index = -1;

	if (magic && !magic_load(magic, NULL))
		mime = magic_file(magic, path);
	for (size_t i = 0; mime && i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].mime, mime))
			index = (int)i;
	if (magic)
		magic_close(magic);
	return index;
}

const char *picture_type(const char *path)
{
	int index = type_index(path);

	return index < 0 ? NULL : types[index].mime;
}

/* PAM, because it is raw and says its size: after the turn and the scaling only ffmpeg knows it. */
static enum kn_err decode(const char *path, const char *demuxer, int max_edge, struct bytes *pam,
			  char *why, size_t why_size)
{
	char url[4096], filter[256], pixels[16];
	const char *argv[] = {"ffmpeg",    "-nostdin",    "-hide_banner",
			      "-loglevel", "error",       "-protocol_whitelist",
			      "file,pipe", "-max_pixels", pixels,
			      "-threads",  "1",           "-f",
			      demuxer,     "-i",          url,
			      "-map",      "0:v:0",       "-frames:v",
			      "1",         "-vf",         filter,
			      "-c:v",      "pam",         "-pix_fmt",
			      "rgba",      "-f",          "image2pipe",
			      "pipe:1",    NULL};
	const struct program_opts opts = {.argv = argv,
					  .output = collect,
					  .arg = pam,
					  .cpu_seconds = PICTURE_CPU_SECONDS,
					  .wall_seconds = 3 * PICTURE_CPU_SECONDS,
					  .memory = UINT64_C(3) << 30};

	if (snprintf(url, sizeof(url), "file:%s", path) >= (int)sizeof(url))
		return KN_ERR_INVALID;
	snprintf(pixels, sizeof(pixels), "%d", PICTURE_MAX_PIXELS);
	snprintf(filter, sizeof(filter),
		 "scale=w='min(iw,%d)':h='min(ih,%d)':force_original_aspect_ratio=decrease:"
		 "flags=area,format=rgba",
		 max_edge, max_edge);
	return program_run(&opts, why, why_size);
}

/* cairo wants native-endian ARGB with the colour multiplied by its alpha. */
static void convert_row(const unsigned char *rgba, uint32_t *argb, int width)
{
	for (int x = 0; x < width; x++, rgba += 4) {
		uint32_t a = rgba[3], r = rgba[0] * a / 255, g = rgba[1] * a / 255,
			 b = rgba[2] * a / 255;

		argb[x] = a << 24 | r << 16 | g << 8 | b;
	}
}

static enum kn_err to_surface(const struct bytes *pam, int max_edge, cairo_surface_t **out)
{
	char head[HEADER_MAX + 1] = "";
	size_t head_len = pam->len < HEADER_MAX ? pam->len : HEADER_MAX, offset;
	const char *end;
	int width, height, stride;
	cairo_surface_t *surface;

	if (head_len)
		memcpy(head, pam->data, head_len);
	end = strstr(head, "ENDHDR\n");
	if (!end || sscanf(head, "P7\nWIDTH %d\nHEIGHT %d\n", &width, &height) != 2 || width < 1 ||
	    height < 1 || width > max_edge || height > max_edge)
		return KN_ERR_INVALID;
	offset = (size_t)(end - head) + strlen("ENDHDR\n");
	if (pam->len - offset < (size_t)width * (size_t)height * 4)
		return KN_ERR_INVALID;
	surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
	if (cairo_surface_status(surface)) {
		cairo_surface_destroy(surface);
		return KN_ERR_NOMEM;
	}
	stride = cairo_image_surface_get_stride(surface);
	for (int y = 0; y < height; y++)
		convert_row(pam->data + offset + (size_t)y * (size_t)width * 4,
			    (uint32_t *)(void *)(cairo_image_surface_get_data(surface) +
						 (size_t)y * (size_t)stride),
			    width);
	cairo_surface_mark_dirty(surface);
	*out = surface;
	return KN_OK;
}

enum kn_err picture_load(const char *path, int max_edge, cairo_surface_t **out, char *why,
			 size_t why_size)
{
	struct bytes pam = {.max = (size_t)max_edge * (size_t)max_edge * 4 + HEADER_MAX};
	char reason[512] = "it holds no picture";
	int type = type_index(path);
	enum kn_err err;

	*out = NULL;
	if (type < 0) {
		snprintf(why, why_size, "The image is not a PNG, JPEG, WebP or GIF");
		return KN_ERR_MEDIA_TYPE;
	}
	err = decode(path, types[type].demuxer, max_edge, &pam, reason, sizeof(reason));
	if (err == KN_ERR_NOT_FOUND) {
		snprintf(why, why_size, "ffmpeg is not installed");
		goto out;
	}
	if (!err)
		err = to_surface(&pam, max_edge, out);
	if (err) {
		snprintf(why, why_size, "The image could not be decoded (%s)", reason);
		err = err == KN_ERR_NOMEM ? err : KN_ERR_INVALID;
	}
out:
	free(pam.data);
	return err;
}
