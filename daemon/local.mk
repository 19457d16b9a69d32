sbin_PROGRAMS += daemon/kinorad
# All but main, for the tests too.
noinst_LIBRARIES += daemon/libdaemon.a
daemon_libdaemon_a_SOURCES = \
	daemon/attempt.c daemon/attempt.h daemon/attempt_priv.h \
	daemon/attempt_report.c \
	daemon/child.c daemon/child.h \
	daemon/client.c daemon/client.h \
	daemon/dispatcher.c daemon/dispatcher.h \
	daemon/janitor.c daemon/janitor.h \
	daemon/job_input.c daemon/job_input.h \
	daemon/leftovers.c daemon/leftovers.h \
	daemon/loop.c daemon/loop.h \
	daemon/mounts.c daemon/mounts.h \
	daemon/output.c daemon/output.h \
	daemon/pidfile.c daemon/pidfile.h \
	daemon/reaper.c daemon/reaper.h \
	daemon/responder.c daemon/responder.h \
	daemon/sockets.c daemon/sockets.h \
	daemon/workdir.c daemon/workdir.h \
	daemon/worker_line.c daemon/worker_line.h
daemon_kinorad_SOURCES = daemon/main.c
daemon_kinorad_LDADD = daemon/libdaemon.a $(KINORA_LIBS)
dist_man_MANS += docs/kinorad.8 docs/kinora-fcgi.8
EXTRA_DIST += tests/daemon
