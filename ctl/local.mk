bin_PROGRAMS += ctl/kinoractl
ctl_kinoractl_SOURCES = \
	ctl/backup.c \
	ctl/backup_note.c ctl/backup_note.h \
	ctl/compact.c \
	ctl/config.c \
	ctl/ctl.h \
	ctl/dump.c \
	ctl/jobs.c \
	ctl/keys.c \
	ctl/load.c \
	ctl/main.c \
	ctl/place.c ctl/place.h \
	ctl/report.c ctl/report.h \
	ctl/restore.c \
	ctl/service.c \
	ctl/snapshot.c ctl/snapshot.h \
	ctl/store_commands.c ctl/store_commands.h \
	ctl/transfer.c ctl/transfer.h \
	ctl/verify.c
ctl_kinoractl_LDADD = $(STORE_LIBS) $(KINORA_LIBS)
dist_man_MANS += docs/kinoractl.1

# Written by the program itself, from the table of options.
doc_DATA = kinora.conf.sample
CLEANFILES += kinora.conf.sample
kinora.conf.sample: ctl/kinoractl$(EXEEXT)
	$(AM_V_GEN)ctl/kinoractl config sample >$@.tmp && mv $@.tmp $@

# The man page has the same options.
nodist_man_MANS = kinora.conf.5
CLEANFILES += kinora.conf.5
kinora.conf.5: docs/kinora.conf.5.in docs/conf-man.awk kinora.conf.sample
	$(AM_V_GEN)$(AWK) -f $(srcdir)/docs/conf-man.awk kinora.conf.sample $(srcdir)/docs/kinora.conf.5.in >$@.tmp && mv $@.tmp $@
