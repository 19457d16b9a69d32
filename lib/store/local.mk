noinst_LIBRARIES += lib/store/libstore.a
lib_store_libstore_a_SOURCES = \
	lib/store/checkpoint.c \
	lib/store/compact.c \
	lib/store/copy.c \
	lib/store/counters.c \
	lib/store/duties.c \
	lib/store/env.c \
	lib/store/ff1.c lib/store/ff1.h \
	lib/store/index.c \
	lib/store/job_key.c \
	lib/store/jobs.c \
	lib/store/key.h lib/store/latch.h \
	lib/store/lists.c \
	lib/store/log_ahead.c \
	lib/store/newest.c \
	lib/store/queue.c \
	lib/store/row.c \
	lib/store/scan.c \
	lib/store/space.c \
	lib/store/store.h lib/store/store_priv.h \
	lib/store/structure.c \
	lib/store/tables.c \
	lib/store/verify.c lib/store/verify_priv.h \
	lib/store/verify_counters.c \
	lib/store/verify_index.c \
	lib/store/verify_keys.c \
	lib/store/writer.c
STORE_LIBS = lib/store/libstore.a $(DB_LIBS) $(NETTLE_LIBS)
