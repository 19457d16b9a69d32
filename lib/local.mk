noinst_LIBRARIES += lib/libkinora.a
lib_libkinora_a_SOURCES = \
	lib/asset.c lib/asset.h \
	lib/bytes.c lib/bytes.h \
	lib/clock.c lib/clock.h \
	lib/conf.c lib/conf.h lib/conf_options.h lib/conf_priv.h \
	lib/conf_print.c lib/conf_value.c lib/conf_worker.c \
	lib/control.c lib/control_client.c lib/control.h \
	lib/core_dump.c lib/core_dump.h \
	lib/err.c lib/err.h \
	lib/file_walk.c lib/file_walk.h \
	lib/fs.c lib/fs.h \
	lib/id.c lib/id.h \
	lib/idempotency.c lib/idempotency.h \
	lib/job.c lib/job.h \
	lib/job_codec.c lib/job_codec.h \
	lib/job_dump.c lib/job_dump.h \
	lib/job_fields.c lib/job_fields.h \
	lib/job_json.c lib/job_json.h \
	lib/json.c lib/json.h \
	lib/json_text.c lib/json_text.h \
	lib/lines.c lib/lines.h \
	lib/lock_file.c lib/lock_file.h \
	lib/log.c lib/log.h \
	lib/log_files.c lib/log_files.h \
	lib/mime.c lib/mime.h \
	lib/motion_terms.c lib/motion_terms.h \
	lib/options.c lib/options.h \
	lib/text.c lib/text.h \
	lib/usage.c lib/usage.h
KINORA_LIBS = lib/libkinora.a $(JSON_C_LIBS) $(SODIUM_LIBS) $(UNISTRING_LIBS) $(MAGIC_LIBS)
