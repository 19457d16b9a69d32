#include "jpeg.h"

#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <jpeglib.h>

enum { SURFACE_QUALITY = 92 };

struct handler {
	struct jpeg_error_mgr base;
	jmp_buf back;
};

static void fail(j_common_ptr cinfo)
{
	longjmp(((struct handler *)(void *)cinfo->err)->back, 1);
}

enum kn_err jpeg_encode(const unsigned char *rgb, int width, int height, int quality,
			struct blob *out)
{
	struct jpeg_compress_struct c;
	struct handler handler;
	unsigned char *volatile data = NULL;
	unsigned char *made = NULL;
	unsigned long size = 0;
	c.err = jpeg_std_error(&handler.base);
	handler.base.error_exit = fail;
	if (setjmp(handler.back)) {
		jpeg_destroy_compress(&c);
		free(data);
		return KN_ERR_NOMEM;
	}
	jpeg_create_compress(&c);
	jpeg_mem_dest(&c, &made, &size);
	c.image_width = (JDIMENSION)width;
	c.image_height = (JDIMENSION)height;
	c.input_components = 3;
	c.in_color_space = JCS_RGB;
	jpeg_set_defaults(&c);
	jpeg_set_quality(&c, quality, TRUE);
	c.comp_info[0].h_samp_factor = c.comp_info[0].v_samp_factor = 1;
	jpeg_start_compress(&c, TRUE);
	data = made;
	while (c.next_scanline < c.image_height) {
		/* libjpeg's interface takes no const. */
		JSAMPROW row =
			(JSAMPROW)(uintptr_t)(rgb + (size_t)c.next_scanline * (size_t)width * 3);
		jpeg_write_scanlines(&c, &row, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	*out = (struct blob){NULL, 0};
	blob_add(out, made, size);
	free(made);
	return blob_failed(out) ? KN_ERR_NOMEM : KN_OK;
}

enum kn_err jpeg_encode_surface(cairo_surface_t *surface, struct blob *out)
{
	int width = cairo_image_surface_get_width(surface),
	    height = cairo_image_surface_get_height(surface);
	unsigned char *rgb = malloc((size_t)width * (size_t)height * 3);
	if (!rgb)
		return KN_ERR_NOMEM;
	cairo_surface_flush(surface);
	for (int y = 0; y < height; y++)
		for (int x = 0; x < width; x++) {
			uint32_t argb;
			memcpy(&argb,
			       cairo_image_surface_get_data(surface) +
				       (size_t)y * (size_t)cairo_image_surface_get_stride(surface) +
				       (size_t)x * 4,
			       sizeof(argb));
			uint32_t paper = 255 - (argb >> 24);
			unsigned char *to = rgb + ((size_t)y * (size_t)width + (size_t)x) * 3;
			for (int k = 0; k < 3; k++)
				to[k] = (unsigned char)((argb >> (16 - 8 * k) & 255) + paper);
		}
	enum kn_err err = jpeg_encode(rgb, width, height, SURFACE_QUALITY, out);
	free(rgb);
	return err;
}
