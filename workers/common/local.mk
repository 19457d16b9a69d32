noinst_LIBRARIES += workers/common/libworker.a
workers_common_libworker_a_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS) $(PANGOCAIRO_CFLAGS) $(CURL_CFLAGS)
workers_common_libworker_a_SOURCES = \
	workers/common/fetch.c workers/common/fetch.h \
	workers/common/film.c workers/common/film.h \
	workers/common/paint.c workers/common/paint.h \
	workers/common/palette.c workers/common/palette.h \
	workers/common/picture.c workers/common/picture.h \
	workers/common/program.c workers/common/program.h \
	workers/common/rng.c workers/common/rng.h \
	workers/common/words.c workers/common/words.h \
	workers/common/worker.c workers/common/worker.h
# What a worker links with: text alone, or pictures and films too.
WORKER_LIBS = workers/common/libworker.a $(KINORA_LIBS)
WORKER_PAINT_LIBS = $(WORKER_LIBS) $(PANGOCAIRO_LIBS) $(CAIRO_LIBS) $(CURL_LIBS) -lm
