EXTRA_DIST += tests/fault/run $(patsubst $(top_srcdir)/%,%,$(wildcard $(top_srcdir)/tests/fault/*.py)) tests/fault/shim.c
CLEANFILES += tests/fault/shim.so
check_DATA = tests/fault/shim.so
tests/fault/shim.so: tests/fault/shim.c
	$(AM_V_CCLD)$(MKDIR_P) tests/fault && $(CC) -D_GNU_SOURCE $(AM_CFLAGS) -O2 -shared -fPIC -o $@ $<
