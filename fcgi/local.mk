pkglibexec_PROGRAMS += fcgi/kinora-fcgi
fcgi_kinora_fcgi_SOURCES = fcgi/main.c
fcgi_kinora_fcgi_LDADD = $(RESPONDER_LIBS)

# All of it but main(), so that unit tests can link it.
noinst_LIBRARIES += fcgi/libresponder.a
fcgi_libresponder_a_SOURCES = \
	fcgi/api/grok_3d.c fcgi/api/grok_3d_examples.c fcgi/api/grok_3d_examples.h \
	fcgi/api/grok_imagine.c fcgi/api/grok_imagine.h \
	fcgi/api/grok_imagine_check.c fcgi/api/grok_imagine_extension.c \
	fcgi/api/grok_imagine_image.c \
	fcgi/api/lookup.c fcgi/api/lookup.h \
	fcgi/api/text_to_video.c \
	fcgi/account.c fcgi/account.h \
	fcgi/api/vivid_account.c fcgi/api/vivid_flow.c fcgi/api/vivid_flow.h \
	fcgi/api/vivid_generate.c \
	fcgi/api/vivid_params.c fcgi/api/vivid_params.h \
	fcgi/api/worker.c fcgi/api/worker.h fcgi/api/worker_claim.c \
	fcgi/api/worker_members.c fcgi/api/worker_members.h \
	fcgi/api_key.c fcgi/api_key_text.c fcgi/api_key_text.h fcgi/api_key.h \
	fcgi/arena.c fcgi/arena.h \
	fcgi/auth.c fcgi/auth.h \
	fcgi/body.c fcgi/body.h \
	fcgi/body_spooled.c fcgi/body_spooled.h \
	fcgi/connection.h \
	fcgi/control.c fcgi/control.h fcgi/control_priv.h \
	fcgi/control_events.c fcgi/control_files.c \
	fcgi/control_keys.c fcgi/control_list.c fcgi/control_ops.c fcgi/control_store.c \
	fcgi/cors.c fcgi/cors.h \
	fcgi/dialects.c \
	fcgi/events.c fcgi/events.h \
	fcgi/form.c fcgi/form.h fcgi/form_priv.h \
	fcgi/form_read.c \
	fcgi/gate.c fcgi/gate.h \
	fcgi/header_params.c fcgi/header_params.h \
	fcgi/limits.c fcgi/limits.h \
	fcgi/multipart.c fcgi/multipart.h \
	fcgi/purge.c fcgi/purge.h \
	fcgi/request.c fcgi/request.h \
	fcgi/request_log.c fcgi/request_log.h \
	fcgi/request_payload.c fcgi/request_payload.h \
	fcgi/response.c fcgi/response.h \
	fcgi/result_link.c fcgi/result_link.h \
	fcgi/router.c fcgi/router.h \
	fcgi/serve.c fcgi/serve.h \
	fcgi/server.h \
	fcgi/urlencoded.c fcgi/urlencoded.h \
	fcgi/work.c fcgi/work.h fcgi/work_priv.h \
	fcgi/work_admin.c fcgi/work_duty.c fcgi/work_files.c \
	fcgi/work_idempotency.c fcgi/work_result.c
RESPONDER_LIBS = fcgi/libresponder.a $(STORE_LIBS) $(KINORA_LIBS) $(FCGI_LIBS) $(MD_LIBS)
