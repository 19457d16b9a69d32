# A unit test is a file: tests/unit/test_NOUN.c is found, linked with every library of the tree, and run by
# `make check`. `make unit` builds them and runs nothing.
unit_sources = $(sort $(wildcard $(top_srcdir)/tests/unit/test_*.c))
unit_tests = $(unit_sources:$(top_srcdir)/%.c=%)
unit_libs = -Wl,--start-group $(noinst_LIBRARIES) -Wl,--end-group $(RESPONDER_LIBS) \
	$(CURL_LIBS) $(CAIRO_LIBS) $(PANGOCAIRO_LIBS) $(ESPEAK_LIBS) $(MECAB_LIBS) $(ZLIB_LIBS) $(CMOCKA_LIBS) -lm $(LIBS)

EXTRA_DIST += tests/api tests/hostile tests/conftest.py tests/harness.py tests/pytest.ini tests/waiting.py tests/run-unit \
	tests/lsan.supp tests/sanitizers.sh tests/tsan.supp tests/workers/test_contrib.py \
	$(patsubst $(top_srcdir)/%,%,$(wildcard $(addprefix $(top_srcdir)/tests/web/,*.mjs *.js *.py package.json))) \
	$(patsubst $(top_srcdir)/%,%,$(wildcard $(addprefix $(top_srcdir)/,tests/unit/*.[ch] tests/unit/fixtures/*)))

if HAVE_CMOCKA
$(unit_tests): tests/unit/%: $(top_srcdir)/tests/unit/%.c $(noinst_LIBRARIES)
	@$(MKDIR_P) tests/unit
	$(AM_V_CCLD)$(CC) $(DEFS) -I. $(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS) $(CAIRO_CFLAGS) $(CMOCKA_CFLAGS) $(CFLAGS) \
		-MMD -MP $(AM_LDFLAGS) $(LDFLAGS) -o $@ $< $(unit_libs)

unit: $(unit_tests)

check-local: unit
	@KINORA_SRCDIR='$(abs_top_srcdir)' $(SHELL) $(top_srcdir)/tests/run-unit $(unit_tests)
else
unit check-local:
	@echo 'The unit tests need cmocka: apt-get install libcmocka-dev' >&2; exit 1
endif

.PHONY: unit
mostlyclean-local: unit-clean
.PHONY: unit-clean
unit-clean:
	rm -f $(unit_tests) $(unit_tests:=.d) $(unit_tests:=.out)

-include $(unit_tests:=.d)
