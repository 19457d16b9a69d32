# The configuration for a stock nginx, with the installed paths filled in.
nginxdir = $(sysconfdir)/kinora/nginx
nginx_DATA = \
	nginx/kinora-error.conf \
	nginx/kinora-headers.conf \
	nginx/kinora-params.conf \
	nginx/kinora-server.conf \
	nginx/kinora-upload-check.conf \
	nginx/kinora-upload.conf \
	nginx/kinora-videos.conf \
	nginx/kinora-vivid.conf \
	nginx/kinora.conf
# To be copied beside the others where nginx runs as the service's user.
nginxoptionaldir = $(nginxdir)/optional
nginxoptional_DATA = nginx/spool.conf
EXTRA_DIST += $(nginx_DATA:%=%.in) $(nginxoptional_DATA:%=%.in) nginx/private.conf.in
CLEANFILES += $(nginx_DATA) $(nginxoptional_DATA)

# The account page, as nginx sends it.
accountdir = $(pkgdatadir)/html/account
dist_account_DATA = \
	nginx/html/account/account.css \
	nginx/html/account/account.js \
	nginx/html/account/api.js \
	nginx/html/account/dom.js \
	nginx/html/account/generate.js \
	nginx/html/account/icon.svg \
	nginx/html/account/index.html \
	nginx/html/account/jobs.js \
	nginx/html/account/keys.js \
	nginx/html/account/session.js \
	nginx/html/account/usage.js

nginx/%.conf: $(srcdir)/nginx/%.conf.in Makefile
	$(AM_V_GEN)$(MKDIR_P) nginx && sed \
		-e 's,@INCLUDE@,$(nginxdir),' \
		-e 's,@DATA@,$(localstatedir)/lib/kinora,' \
		-e 's,@RUN@,$(localstatedir)/lib/kinora/run,' \
		-e 's,@VIDEOS@,$(localstatedir)/lib/kinora/videos,' \
		-e 's,@EXAMPLES@,$(datadir)/kinora/examples,' \
		-e 's,@HTML@,$(pkgdatadir)/html,' \
		-e 's,@CORS@,default "*";,' \
		-e 's,@HOST@,127.0.0.1,;s,@PORT@,8000,;s,@TEXT_PORT@,5000,' \
		-e 's,@BODY_MAX@,28m,;s,@UPLOAD_MAX@,4097m,;s,@KEEPALIVE@,16,' \
		$< >$@.tmp && mv $@.tmp $@
