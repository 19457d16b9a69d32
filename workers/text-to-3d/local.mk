# The field is evaluated some ten million times a job: no errno, no NaN, no signed zero in its way, and by one
# thread, of which ThreadSanitizer has nothing to say but takes ten times as long.
TEXT_TO_3D_CFLAGS = $(AM_CFLAGS) $(JPEG_CFLAGS) $(ZLIB_CFLAGS) $(CAIRO_CFLAGS) \
	$(CURL_CFLAGS) -fno-math-errno -ffinite-math-only -fno-signed-zeros -fno-sanitize=thread

# What meets files of others: the unit tests link it too.
noinst_LIBRARIES += workers/text-to-3d/libmodel.a
workers_text_to_3d_libmodel_a_CFLAGS = $(TEXT_TO_3D_CFLAGS)
workers_text_to_3d_libmodel_a_SOURCES = \
	workers/text-to-3d/cutout.c workers/text-to-3d/cutout.h \
	workers/text-to-3d/glb.c workers/text-to-3d/glb.h \
	workers/text-to-3d/glb_read.c workers/text-to-3d/glb_read.h \
	workers/text-to-3d/model.c workers/text-to-3d/model.h \
	workers/text-to-3d/usdz.c workers/text-to-3d/usdz.h \
	workers/text-to-3d/vec.h \
	workers/text-to-3d/zip.c workers/text-to-3d/zip.h

workers_PROGRAMS += workers/text-to-3d/text-to-3d
workers_text_to_3d_text_to_3d_CFLAGS = $(TEXT_TO_3D_CFLAGS)
workers_text_to_3d_text_to_3d_SOURCES = \
	workers/text-to-3d/atlas.c workers/text-to-3d/atlas.h \
	workers/text-to-3d/brief.c workers/text-to-3d/brief.h \
	workers/text-to-3d/buildings.c \
	workers/text-to-3d/compose.c workers/text-to-3d/compose.h \
	workers/text-to-3d/creatures.c \
	workers/text-to-3d/cube.c workers/text-to-3d/cube.h \
	workers/text-to-3d/field.c \
	workers/text-to-3d/jpeg.c workers/text-to-3d/jpeg.h \
	workers/text-to-3d/main.c \
	workers/text-to-3d/mesh.c workers/text-to-3d/mesh.h \
	workers/text-to-3d/nature.c \
	workers/text-to-3d/part.h \
	workers/text-to-3d/people.c \
	workers/text-to-3d/remote.c workers/text-to-3d/remote.h \
	workers/text-to-3d/render.c workers/text-to-3d/render.h \
	workers/text-to-3d/scene.c workers/text-to-3d/scene.h \
	workers/text-to-3d/sculpt.c workers/text-to-3d/sculpt.h \
	workers/text-to-3d/sdf.c workers/text-to-3d/sdf.h \
	workers/text-to-3d/silhouette.c workers/text-to-3d/silhouette.h \
	workers/text-to-3d/subject.c workers/text-to-3d/subject.h \
	workers/text-to-3d/surface.c workers/text-to-3d/surface.h \
	workers/text-to-3d/texture.c workers/text-to-3d/texture.h \
	workers/text-to-3d/things.c \
	workers/text-to-3d/vehicles.c
workers_text_to_3d_text_to_3d_LDADD = workers/text-to-3d/libmodel.a $(WORKER_PAINT_LIBS) $(JPEG_LIBS) $(ZLIB_LIBS)

# Examples: a directory with an example.json is one; the worker makes its assets.
GROK_3D_EXAMPLES = $(notdir $(wildcard $(top_srcdir)/examples/grok-3d/ex_*))
GROK_3D_STAMPS = $(GROK_3D_EXAMPLES:%=examples/grok-3d/%/model.usdz)
examples/grok-3d/%/model.usdz: $(top_srcdir)/examples/grok-3d/%/example.json \
		workers/text-to-3d/text-to-3d$(EXEEXT) $(top_srcdir)/workers/text-to-3d/make-example
	$(AM_V_GEN)$(top_srcdir)/workers/text-to-3d/make-example \
		workers/text-to-3d/text-to-3d$(EXEEXT) $< $(@D)
	$(AM_V_at)test $< -ef $(@D)/example.json || cp $< $(@D)/example.json
all-local: $(GROK_3D_STAMPS)
install-data-hook: install-grok-3d-examples
install-grok-3d-examples: $(GROK_3D_STAMPS)
	for e in $(GROK_3D_EXAMPLES); do \
		to="$(DESTDIR)$(datadir)/kinora/examples/grok-3d/$$e"; \
		$(MKDIR_P) "$$to" && \
		$(INSTALL_DATA) $(top_srcdir)/examples/grok-3d/$$e/example.json "$$to" && \
		(cd examples/grok-3d/$$e && $(INSTALL_DATA) image.jpg model.glb model.usdz "$$to") || exit 1; \
	done
uninstall-local: uninstall-grok-3d-examples
uninstall-grok-3d-examples:
	for e in $(GROK_3D_EXAMPLES); do rm -rf "$(DESTDIR)$(datadir)/kinora/examples/grok-3d/$$e"; done
clean-local: clean-grok-3d-examples
clean-grok-3d-examples:
	for e in $(GROK_3D_EXAMPLES); do \
		(cd examples/grok-3d/$$e 2>/dev/null && rm -f image.jpg model.glb model.usdz); \
		test examples/grok-3d/$$e/example.json -ef $(top_srcdir)/examples/grok-3d/$$e/example.json || \
			rm -f examples/grok-3d/$$e/example.json; \
	done
.PHONY: install-grok-3d-examples uninstall-grok-3d-examples clean-grok-3d-examples
EXTRA_DIST += workers/text-to-3d/make-example $(GROK_3D_EXAMPLES:%=examples/grok-3d/%/example.json)
EXTRA_DIST += docs/api/grok-3d.md docs/images/models.png tests/bench/text-to-3d \
	tests/contact-sheet/make tests/contact-sheet/page.html tests/package.json \
	tests/workers/gltf.py tests/workers/test_text_to_3d.py tests/workers/validate.mjs
