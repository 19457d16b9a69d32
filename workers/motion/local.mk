workers_PROGRAMS += workers/motion/motion
workers_motion_motion_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS) $(PANGOCAIRO_CFLAGS) $(CURL_CFLAGS)
workers_motion_motion_SOURCES = \
	workers/motion/enhance.c workers/motion/enhance.h \
	workers/motion/main.c \
	workers/motion/overlay.c workers/motion/overlay.h \
	workers/motion/request.c workers/motion/request.h \
	workers/motion/still.c workers/motion/still.h \
	workers/motion/warp.c workers/motion/warp.h
workers_motion_motion_LDADD = workers/motion/libscene.a $(WORKER_PAINT_LIBS)

# The scenes that a text alone becomes; Text-to-Video has them as its backgrounds.
noinst_LIBRARIES += workers/motion/libscene.a
workers_motion_libscene_a_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS) $(PANGOCAIRO_CFLAGS)
workers_motion_libscene_a_SOURCES = \
	workers/motion/backdrop.c workers/motion/backdrop.h \
	workers/motion/move.c workers/motion/move.h \
	workers/motion/scene.c workers/motion/scene.h \
	workers/motion/scene_city.c \
	workers/motion/scene_landscape.c \
	workers/motion/scene_night.c \
	workers/motion/scene_ocean.c \
	workers/motion/scene_ribbons.c \
	workers/motion/shot.h \
	workers/motion/title.c workers/motion/title.h
EXTRA_DIST += workers/README.md tests/workers/test_motion.py tests/workers/test_enhance.py \
	tests/workers/test_fetch.py tests/workers/internet.py

if HAVE_CMOCKA
check_PROGRAMS += tests/workers/test_common
TESTS += tests/workers/test_common
tests_workers_test_common_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS) $(PANGOCAIRO_CFLAGS) $(CMOCKA_CFLAGS)
tests_workers_test_common_SOURCES = tests/workers/test_common.c
tests_workers_test_common_LDADD = workers/motion/libscene.a $(WORKER_PAINT_LIBS) $(CMOCKA_LIBS)
endif
