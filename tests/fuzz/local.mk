# A fuzz target is a file: tests/fuzz/fuzz_NAME.c is found and linked with every library of the tree, in a
# build that was configured with --enable-fuzz. tests/fuzz/run does all of it.
fuzz_sources = $(sort $(wildcard $(top_srcdir)/tests/fuzz/fuzz_*.c))
fuzz_targets = $(fuzz_sources:$(top_srcdir)/%.c=%)

EXTRA_DIST += tests/fuzz/run tests/fuzz/corpus \
	$(patsubst $(top_srcdir)/%,%,$(wildcard $(addprefix $(top_srcdir)/,tests/fuzz/*.[ch] tests/fuzz/*.dict)))

if ENABLE_FUZZ
noinst_LIBRARIES += tests/fuzz/libfuzz.a
tests_fuzz_libfuzz_a_SOURCES = tests/fuzz/fuzz.h tests/fuzz/http.c tests/fuzz/http.h

$(fuzz_targets): tests/fuzz/%: $(top_srcdir)/tests/fuzz/%.c $(noinst_LIBRARIES)
	@$(MKDIR_P) tests/fuzz
	$(AM_V_CCLD)$(CC) $(DEFS) -I. $(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS) $(CAIRO_CFLAGS) $(PANGOCAIRO_CFLAGS) \
		$(CFLAGS) -MMD -MP $(AM_LDFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< \
		$(unit_libs) $(JPEG_LIBS) $(ZLIB_LIBS)

fuzz: $(fuzz_targets)
-include $(fuzz_targets:=.d)
else
fuzz:
	@echo 'This build is not for fuzzing: tests/fuzz/run makes one, or configure CC=clang --enable-fuzz' >&2; exit 1
endif
.PHONY: fuzz
