# The configuration for a stock nginx, with the installed paths filled in.
nginxdir = $(sysconfdir)/kinora/nginx
nginx_DATA = \
	nginx/kinora-fastcgi.conf \
	nginx/kinora-headers.conf \
	nginx/kinora-server.conf \
	nginx/kinora-videos.conf \
	nginx/kinora.conf
EXTRA_DIST += $(nginx_DATA:%=%.in) nginx/private.conf.in
CLEANFILES += $(nginx_DATA)

nginx/%.conf: $(srcdir)/nginx/%.conf.in Makefile
	$(AM_V_GEN)$(MKDIR_P) nginx && sed \
		-e 's,@INCLUDE@,$(nginxdir),' \
		-e 's,@DATA@,$(localstatedir)/lib/kinora,' \
		-e 's,@RUN@,$(localstatedir)/lib/kinora/run,' \
		-e 's,@VIDEOS@,$(localstatedir)/lib/kinora/videos,' \
		-e 's,@EXAMPLES@,$(datadir)/kinora/examples,' \
		-e 's,@CORS@,default "*";,' \
		-e 's,@HOST@,127.0.0.1,;s,@PORT@,8000,;s,@TEXT_PORT@,5000,' \
		-e 's,@BODY_MAX@,28m,;s,@UPLOAD_MAX@,4097m,;s,@KEEPALIVE@,16,' \
		$< >$@.tmp && mv $@.tmp $@
