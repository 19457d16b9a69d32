workers_PROGRAMS += workers/text-to-video/text-to-video
workers_text_to_video_text_to_video_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS) $(PANGOCAIRO_CFLAGS)
workers_text_to_video_text_to_video_SOURCES = \
	workers/text-to-video/captions.c workers/text-to-video/captions.h \
	workers/text-to-video/main.c \
	workers/text-to-video/narration.c workers/text-to-video/narration.h \
	workers/text-to-video/render.c workers/text-to-video/render.h \
	workers/text-to-video/scenes.c workers/text-to-video/scenes.h \
	workers/text-to-video/sentences.c workers/text-to-video/sentences.h \
	workers/text-to-video/voices.c workers/text-to-video/voices.h \
	workers/text-to-video/wav.c workers/text-to-video/wav.h
workers_text_to_video_text_to_video_LDADD = workers/motion/libscene.a $(WORKER_PAINT_LIBS) \
	$(ESPEAK_LIBS) $(EBUR128_LIBS)
