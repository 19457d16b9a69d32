#include "workers/motion/still.h"

#include "workers/common/paint.h"
#include "workers/motion/move.h"
#include "workers/motion/warp.h"

#include <math.h>
#include <stdlib.h>

enum { LONG_MIN_EDGE = 640, LONG_MAX_EDGE = 1280, SHORT_MIN_EDGE = 64 };

/* Cropping away more than this part of the picture is worse than a blurred border. */
static const double crop_max = 0.42;

struct still {
	const struct shot *shot;
	cairo_surface_t *canvas; /* RGB24, of the frame's aspect or cropped by it, a bit larger */
};

static int even(double x, int least)
{
	int n = 2 * (int)lround(x / 2);

	return n < least ? least : n;
}

void still_frame_size(cairo_surface_t *picture, int *width, int *height)
{
	double w = cairo_image_surface_get_width(picture),
	       h = cairo_image_surface_get_height(picture);
	double longer = fmax(w, h), edge = fmin(fmax(longer, LONG_MIN_EDGE), LONG_MAX_EDGE);

	*width = even(w * edge / longer, SHORT_MIN_EDGE);
	*height = even(h * edge / longer, SHORT_MIN_EDGE);
}

/* A new surface of w by h with the picture over its middle, scaled. */
static cairo_surface_t *scaled(cairo_surface_t *picture, int w, int h, double scale)
{
	cairo_surface_t *out = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
	cairo_t *cr = cairo_create(out);

	cairo_set_source_rgb(cr, 1, 1, 1); /* what shines through a transparent picture */
	cairo_paint(cr);
	cairo_translate(cr, w / 2.0, h / 2.0);
	cairo_scale(cr, scale, scale);
	cairo_set_source_surface(cr, picture, -cairo_image_surface_get_width(picture) / 2.0,
				 -cairo_image_surface_get_height(picture) / 2.0);
	cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_BEST);
	cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
	cairo_paint(cr);
	cairo_destroy(cr);
	return out;
}

/* The picture over all of w by h, out of focus: made tiny, then doubled until it is large enough.
 */
static cairo_surface_t *blurred(cairo_surface_t *picture, int w, int h)
{
	double pw = cairo_image_surface_get_width(picture),
	       ph = cairo_image_surface_get_height(picture);
	int tw = (w + 31) / 32, th = (h + 31) / 32;
	cairo_surface_t *out = scaled(picture, tw, th, fmax(tw / pw, th / ph)), *next;

	for (int i = 0; i < 5; i++) {
		int ow = cairo_image_surface_get_width(out),
		    oh = cairo_image_surface_get_height(out);

		next = scaled(out, 2 * ow, 2 * oh, 2);
		cairo_surface_destroy(out);
		out = next;
	}
	return out;
}

/* The picture as a whole before its blurred self, in the frame's aspect. */
static cairo_surface_t *fitted(cairo_surface_t *picture, int w, int h)
{
	int pw = cairo_image_surface_get_width(picture),
	    ph = cairo_image_surface_get_height(picture);
	double scale = fmin((double)w / pw, (double)h / ph);
	cairo_surface_t *out = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
	cairo_surface_t *back = blurred(picture, w, h);
	int fw = (int)lround(pw * scale), fh = (int)lround(ph * scale);
	cairo_surface_t *front = scaled(picture, fw > 1 ? fw : 1, fh > 1 ? fh : 1, scale);
	cairo_t *cr = cairo_create(out);

	cairo_set_source_surface(cr, back, 0, 0);
	cairo_paint(cr);
	cairo_set_source_rgba(cr, 0, 0, 0, 0.35);
	cairo_paint(cr);
	cairo_set_source_surface(cr, front, (w - fw) / 2, (h - fh) / 2);
	cairo_paint(cr);
	cairo_destroy(cr);
	cairo_surface_destroy(back);
	cairo_surface_destroy(front);
	return out;
}

struct still *still_new(cairo_surface_t *picture, const struct shot *shot)
{
	struct still *still = calloc(1, sizeof(*still));
	double pw = cairo_image_surface_get_width(picture),
	       ph = cairo_image_surface_get_height(picture);
	/* About as many pixels as the closest view shows, so that plain bilinear sampling is sharp
	 * and quiet. */
	double over = 1 + 0.12 * shot->amplitude, w = shot->width * over, h = shot->height * over;
	double cover = fmax(w / pw, h / ph), fit = fmin(w / pw, h / ph);

	if (!still)
		return NULL;
	still->shot = shot;
	if (1 - fit / cover > crop_max)
		still->canvas = fitted(picture, (int)ceil(w), (int)ceil(h));
	else
		still->canvas =
			scaled(picture, (int)ceil(pw * cover), (int)ceil(ph * cover), cover);
	if (cairo_surface_status(still->canvas))
		still_free(&still);
	return still;
}

/* Where a pose looks: from frame pixels to canvas pixels, never past the canvas' edge. */
struct look {
	cairo_matrix_t matrix;
	double dx; /* frame pixels to the right of the middle */
};

static struct look look_at(const struct still *still, const struct pose *pose)
{
	double w = still->shot->width, h = still->shot->height, roll = fabs(pose->roll);
	double cw = cairo_image_surface_get_width(still->canvas);
	double ch = cairo_image_surface_get_height(still->canvas);
	/* What the rolled frame needs as an upright box. */
	double need_w = w * cos(roll) + h * sin(roll), need_h = h * cos(roll) + w * sin(roll);
	double scale = fmax(need_w / cw, need_h / ch) * pose->zoom;
	double slack_x = (cw * scale - need_w) / 2, slack_y = (ch * scale - need_h) / 2;
	struct look look = {.dx = pose->x * slack_x};

	cairo_matrix_init_translate(&look.matrix, cw / 2, ch / 2);
	cairo_matrix_scale(&look.matrix, 1 / scale, 1 / scale);
	cairo_matrix_translate(&look.matrix, look.dx, pose->y * slack_y);
	cairo_matrix_rotate(&look.matrix, -pose->roll);
	cairo_matrix_translate(&look.matrix, -w / 2, -h / 2);
	return look;
}

/* The middle of the picture is taken for the subject. */
static void animate_subject(const struct shot *shot, double seconds, struct warp *warp)
{
	double reach = shot->height * 0.014 * shot->amplitude, beat = 2 * M_PI * seconds;

	switch (shot->subject) {
	case SUBJECT_NONE:
		break;
	case SUBJECT_SWAY:
		warp->dx += 1.8 * reach * sin(beat * 0.4);
		break;
	case SUBJECT_BREATHE:
		warp->push *= 1 + 0.035 * shot->amplitude * (0.5 - 0.5 * cos(beat * 0.3));
		break;
	case SUBJECT_BOUNCE:
		warp->dy -= 2.4 * reach * fabs(sin(beat * 0.6));
		break;
	case SUBJECT_FLOAT:
		warp->dx += reach * sin(beat * 0.17);
		warp->dy += 1.6 * reach * sin(beat * 0.25);
		break;
	}
}

/* What a camera that moves, rather than turns or zooms, shows: the near moves more than the far,
 * and what an orbit is about stays. */
static void add_parallax(const struct shot *shot, const struct pose *pose, double dx,
			 struct warp *warp)
{
	if (shot->camera == CAMERA_ORBIT_LEFT || shot->camera == CAMERA_ORBIT_RIGHT)
		warp->dx += 0.2 * dx;
	if (shot->camera == CAMERA_DOLLY_IN || shot->camera == CAMERA_DOLLY_OUT)
		warp->push *= 1 + 0.15 * (pose->zoom - 1);
}

bool still_paint(const struct still *still, cairo_t *cr, double t)
{
	const struct shot *shot = still->shot;
	struct pose pose = move_pose(shot->camera, t, shot->amplitude);
	struct look look = look_at(still, &pose);
	struct warp warp = {.push = 1};
	cairo_pattern_t *pattern = cairo_pattern_create_for_surface(still->canvas);

	cairo_pattern_set_matrix(pattern, &look.matrix);
	cairo_pattern_set_filter(pattern, CAIRO_FILTER_BILINEAR);
	cairo_pattern_set_extend(pattern, CAIRO_EXTEND_PAD);
	cairo_set_operator(cr, CAIRO_OPERATOR_SOURCE);
	cairo_set_source(cr, pattern);
	cairo_paint(cr);
	cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
	cairo_pattern_destroy(pattern);
	animate_subject(shot, t * shot_seconds(shot), &warp);
	add_parallax(shot, &pose, look.dx, &warp);
	return warp_middle(cairo_get_target(cr), &warp);
}

void still_free(struct still **still)
{
	if (!*still)
		return;
	cairo_surface_destroy((*still)->canvas);
	free(*still);
	*still = NULL;
}
