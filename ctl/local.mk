bin_PROGRAMS += ctl/kinoractl
ctl_kinoractl_SOURCES = \
	ctl/config.c \
	ctl/ctl.h \
	ctl/jobs.c \
	ctl/keys.c \
	ctl/main.c \
	ctl/service.c \
	ctl/snapshot.c ctl/snapshot.h \
	ctl/verify.c
ctl_kinoractl_LDADD = $(STORE_LIBS) $(KINORA_LIBS)
dist_man_MANS += docs/kinoractl.1

# Written by the program itself, from the table of options.
doc_DATA = kinora.conf.sample
CLEANFILES += kinora.conf.sample
kinora.conf.sample: ctl/kinoractl$(EXEEXT)
	$(AM_V_GEN)ctl/kinoractl config sample >$@.tmp && mv $@.tmp $@
