# tests/bench/status and tests/bench/create make these when they are run.
EXTRA_DIST += tests/bench/README.md tests/bench/recovery tests/bench/status tests/bench/create tests/bench/common.py \
	tests/bench/create.lua tests/bench/poll.lua tests/bench/work.lua tests/bench/slow_sync.c
EXTRA_PROGRAMS = tests/bench/churn tests/bench/empty tests/bench/fill tests/bench/store
CLEANFILES += $(EXTRA_PROGRAMS) tests/bench/slow_sync.so
tests_bench_churn_SOURCES = tests/bench/churn.c
tests_bench_churn_LDADD = $(STORE_LIBS) $(KINORA_LIBS)
tests_bench_empty_SOURCES = tests/bench/empty.c
tests_bench_empty_LDADD = $(FCGI_LIBS)
tests_bench_fill_SOURCES = tests/bench/fill.c
tests_bench_fill_LDADD = $(STORE_LIBS) $(KINORA_LIBS)
tests_bench_store_SOURCES = tests/bench/store.c
tests_bench_store_LDADD = $(STORE_LIBS) $(KINORA_LIBS)
tests/bench/slow_sync.so: tests/bench/slow_sync.c
	$(AM_V_CCLD)$(MKDIR_P) tests/bench && $(CC) -D_GNU_SOURCE -O2 -shared -fPIC -o $@ $<
