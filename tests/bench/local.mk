# The programs are made by the scripts that run them.
EXTRA_DIST += tests/bench/README.md tests/bench/recovery tests/bench/status tests/bench/create tests/bench/limits \
	tests/bench/common.py tests/bench/claim.lua tests/bench/claimed.lua tests/bench/create.lua tests/bench/poll.lua \
	tests/bench/slow_sync.c
EXTRA_PROGRAMS = tests/bench/churn tests/bench/empty tests/bench/fill tests/bench/store tests/bench/take
CLEANFILES += $(EXTRA_PROGRAMS) tests/bench/slow_sync.so
tests_bench_churn_SOURCES = tests/bench/churn.c
tests_bench_churn_LDADD = $(STORE_LIBS) $(KINORA_LIBS)
tests_bench_empty_SOURCES = tests/bench/empty.c
tests_bench_empty_LDADD = $(FCGI_LIBS)
tests_bench_fill_SOURCES = tests/bench/fill.c
tests_bench_fill_LDADD = $(STORE_LIBS) $(KINORA_LIBS)
tests_bench_store_SOURCES = tests/bench/store.c
tests_bench_store_LDADD = $(STORE_LIBS) $(KINORA_LIBS)
tests_bench_take_SOURCES = tests/bench/take.c
tests_bench_take_LDADD = $(RESPONDER_LIBS)
tests/bench/slow_sync.so: tests/bench/slow_sync.c
	$(AM_V_CCLD)$(MKDIR_P) tests/bench && $(CC) -D_GNU_SOURCE -O2 -shared -fPIC -o $@ $<
