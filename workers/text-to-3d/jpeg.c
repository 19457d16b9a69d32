#include "jpeg.h"

#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <jpeglib.h>

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
