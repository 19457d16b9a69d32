# A test is a file: tests/unit/test_NOUN.c is found, built with all of the libraries, and run by
# `make check`; tests/api/test_*.py are run by `./quickstart test`.
EXTRA_DIST += tests/conftest.py tests/api tests/unit

if HAVE_CMOCKA
unit_tests := $(patsubst $(srcdir)/%.c,%,$(wildcard $(srcdir)/tests/unit/test_*.c))
CLEANFILES += $(unit_tests) tests/unit/*.out

$(unit_tests): %: $(srcdir)/%.c $(noinst_LIBRARIES)
	@$(MKDIR_P) tests/unit
	$(AM_V_CCLD)$(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS) \
		$(CFLAGS) $(CMOCKA_CFLAGS) $(AM_LDFLAGS) $(LDFLAGS) -o $@ $< \
		daemon/libdaemon.a $(RESPONDER_LIBS) $(CMOCKA_LIBS) $(LIBS)

check-local: $(unit_tests)
	@failed=0; for t in $(unit_tests); do \
		if ./$$t >$$t.out 2>&1; then echo "PASS: $$t"; \
		else cat $$t.out; echo "FAIL: $$t"; failed=1; fi; \
	done; exit $$failed
endif
