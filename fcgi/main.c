/* kinora-fcgi: the responder. Descriptor 0 is the FastCGI socket, descriptor 3 (if open) the
 * control socket; both listen already. It outlives the supervisor that started it, on purpose: a
 * new one takes over. */
#include "control.h"
#include "events.h"
#include "gate.h"
#include "lib/asset.h"
#include "lib/conf.h"
#include "lib/core_dump.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/store/store.h"
#include "request_log.h"
#include "serve.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTROL_FD = 3, TRIM_SECONDS = 60 };

static const char usage[] =
	"Usage: kinora-fcgi [--conf FILE] [--set OPTION=VALUE]...\n"
	"Serves Kinora's APIs over FastCGI on the socket at descriptor 0; kinorad starts it.\n";

static struct conf *load_conf(int argc, char **argv)
{
	struct options options;
	struct conf *conf = NULL;
	char *message = NULL;

	if (options_parse(argc, argv, usage, &options) < argc)
		log_fatal("kinora-fcgi takes options only");
	if (conf_load(&options.source, &conf, &message) != KN_OK)
		log_fatal("%s", message != NULL ? message : kn_err_text(KN_ERR_NOMEM));
	options_free(&options);
	return conf;
}

static bool is_listening(int fd)
{
	int on = 0;
	socklen_t size = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on;
}

/* Uploads that a dead responder left behind belong to nobody: the store is ours alone by now. */
static void clean_incoming(const struct conf *conf)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/incoming", conf->data_path);
	dir = opendir(path);
	if (dir == NULL)
		log_fatal("%s: %s", path, strerror(errno));
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

static void on_change(void *arg, const struct job *old, const struct job *new)
{
	struct server *server = arg;

	events_on_change(server->events, old, new);
	request_log_on_change(server->log, old, new);
}

static void open_all(struct server *server)
{
	const struct conf *conf = server->conf;
	struct store_options options = {
		.dir = conf->db_path,
		.cache_bytes = (uint64_t)conf->cache_size,
		.max_queued = (uint64_t)conf->max_queued,
		.max_queued_per_owner = (uint64_t)conf->max_queued_per_owner,
		.on_change = on_change,
		.on_change_arg = server,
	};
	enum kn_err err;

	err = asset_prepare(conf);
	if (err != KN_OK)
		log_fatal("the directories in %s: %s", conf->data_path, kn_err_text(err));
	server->events = events_new();
	if (server->events == NULL)
		log_fatal("%s", kn_err_text(KN_ERR_NOMEM));
	err = request_log_open(conf, &server->log);
	if (err != KN_OK)
		log_fatal("the request log in %s: %s", conf->log_path, kn_err_text(err));
	err = store_open(&options, &server->store);
	if (err == KN_ERR_BUSY)
		log_fatal("the store in %s is open in another process", conf->db_path);
	if (err != KN_OK)
		log_fatal("the store in %s: %s", conf->db_path, kn_err_text(err));
	err = gate_open(server->store, &server->gate);
	if (err != KN_OK)
		log_fatal("keys and accounts in %s: %s", conf->db_path, kn_err_text(err));
	clean_incoming(conf);
}

static void close_all(struct server *server)
{
	gate_close(&server->gate);
	store_close(&server->store);
	request_log_close(&server->log);
	events_free(&server->events);
}

static void wait_for_end(void)
{
	const struct timespec often = {.tv_sec = TRIM_SECONDS};
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	/* Long lists leave holes between what stays: their pages go back to the system. */
	while (sigtimedwait(&ends, NULL, &often) < 0)
		malloc_trim(0);
}

static void serve(struct server *server)
{
	struct control *control = NULL;
	struct serve *threads = NULL;

	if (is_listening(CONTROL_FD) && control_start(server, CONTROL_FD, &control) != KN_OK)
		log_fatal("the control socket could not be served");
	if (serve_start(server, (size_t)server->conf->threads, &threads) != KN_OK)
		log_fatal("%lld threads could not be started", (long long)server->conf->threads);
	log_info("serving with %lld threads", (long long)server->conf->threads);
	wait_for_end();
	log_info("stopping");
	events_shutdown(server->events);
	serve_stop(&threads);
	if (control != NULL)
		control_stop(&control);
}

int main(int argc, char **argv)
{
	struct server server = {0};
	struct conf *conf;

	core_dump_disable();
	log_init("kinora-fcgi", LOG_LEVEL_INFO);
	conf = load_conf(argc, argv);
	log_init("kinora-fcgi", (enum log_level)log_level_from_name(conf->log_level));
	if (!is_listening(0))
		log_fatal("descriptor 0 is no listening socket: kinorad starts this program");
	/* Large buffers go back to the system as soon as they are freed, small ones stay: giving
	 * them back page by page took hundreds of system calls a second. Few heaps for many
	 * threads. */
	mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
	mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
	mallopt(M_ARENA_MAX, 4);
	umask(0027);
	if (sodium_init() < 0 || serve_init() != KN_OK)
		log_fatal("libsodium or libfcgi could not be set up");
	server.conf = conf;
	open_all(&server);
	serve(&server);
	close_all(&server);
	conf_free(&conf);
	return 0;
}
