workers_PROGRAMS += workers/text-to-video/text-to-video
workers_text_to_video_text_to_video_SOURCES = workers/text-to-video/main.c
workers_text_to_video_text_to_video_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS) $(PANGOCAIRO_CFLAGS) $(CURL_CFLAGS)
workers_text_to_video_text_to_video_LDADD = workers/text-to-video/libstory.a workers/motion/libscene.a \
	$(WORKER_PAINT_LIBS) $(ESPEAK_LIBS) $(EBUR128_LIBS) $(MECAB_LIBS)

# All of it but main(), so that tests can link it.
noinst_LIBRARIES += workers/text-to-video/libstory.a
workers_text_to_video_libstory_a_CFLAGS = $(workers_text_to_video_text_to_video_CFLAGS)
workers_text_to_video_libstory_a_SOURCES = \
	workers/text-to-video/captions.c workers/text-to-video/captions.h \
	workers/text-to-video/language.c workers/text-to-video/language.h \
	workers/text-to-video/loudness.c workers/text-to-video/loudness.h \
	workers/text-to-video/narration.c workers/text-to-video/narration.h \
	workers/text-to-video/queries.c workers/text-to-video/queries.h \
	workers/text-to-video/reading.c workers/text-to-video/reading.h \
	workers/text-to-video/remote.c workers/text-to-video/remote.h \
	workers/text-to-video/render.c workers/text-to-video/render.h \
	workers/text-to-video/speech.c workers/text-to-video/speech.h \
	workers/text-to-video/stage.c workers/text-to-video/stage.h \
	workers/text-to-video/stock.c workers/text-to-video/stock.h \
	workers/text-to-video/stock_cache.c workers/text-to-video/stock_cache.h \
	workers/text-to-video/storyboard.c workers/text-to-video/storyboard.h \
	workers/text-to-video/subtitle.c \
	workers/text-to-video/text.c workers/text-to-video/text.h \
	workers/text-to-video/voice.c workers/text-to-video/voice.h
EXTRA_DIST += tests/workers/test_text_to_video.py tests/bench/text-to-video docs/text-to-video-pipeline.md
