workers_PROGRAMS += workers/motion/motion
workers_motion_motion_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS) $(PANGOCAIRO_CFLAGS) $(CURL_CFLAGS)
workers_motion_motion_SOURCES = \
	workers/motion/backdrop.c workers/motion/backdrop.h \
	workers/motion/enhance.c workers/motion/enhance.h \
	workers/motion/main.c \
	workers/motion/move.c workers/motion/move.h \
	workers/motion/overlay.c workers/motion/overlay.h \
	workers/motion/request.c workers/motion/request.h \
	workers/motion/scene.c workers/motion/scene.h \
	workers/motion/scene_city.c \
	workers/motion/scene_landscape.c \
	workers/motion/scene_night.c \
	workers/motion/scene_ocean.c \
	workers/motion/scene_ribbons.c \
	workers/motion/shot.h \
	workers/motion/still.c workers/motion/still.h \
	workers/motion/title.c workers/motion/title.h
workers_motion_motion_LDADD = $(WORKER_PAINT_LIBS)
EXTRA_DIST += workers/README.md tests/workers/test_motion.py tests/lsan.supp

if HAVE_CMOCKA
check_PROGRAMS += tests/workers/test_common
TESTS += tests/workers/test_common
tests_workers_test_common_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS) $(PANGOCAIRO_CFLAGS) $(CMOCKA_CFLAGS)
tests_workers_test_common_SOURCES = tests/workers/test_common.c workers/motion/move.c
tests_workers_test_common_LDADD = $(WORKER_PAINT_LIBS) $(CMOCKA_LIBS)
endif
