/* kinorad: holds the sockets, keeps kinora-fcgi alive, runs local workers, minds the clock. */
#include "child.h"
#include "dispatcher.h"
#include "janitor.h"
#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/core_dump.h"
#include "lib/fs.h"
#include "lib/lock_file.h"
#include "lib/log.h"
#include "lib/options.h"
#include "loop.h"
#include "mounts.h"
#include "pidfile.h"
#include "reaper.h"
#include "responder.h"
#include "sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
	"Usage: kinorad [OPTION]...\n"
	"Keeps kinora-fcgi running, gives jobs to local workers, and cleans up.\n"
	"It stays in the foreground and ends on SIGTERM.\n";

enum { RUN_MODE = 0750 };

struct daemon {
	struct conf *conf;
	struct loop *loop;
	struct sockets sockets;
	char *pid_file, *fcgi_pid_file;
	bool is_noted; /* in its pid file */
	int run_lock, data_lock;
	struct responder *responder;
	struct dispatcher *dispatcher;
	struct reaper *reaper;
	struct janitor *janitor;
};

/* --- duties --- */

static void child_ended(void *arg, pid_t pid, int status)
{
	struct daemon *daemon = arg;

	if (!responder_exited(daemon->responder, pid, status))
		dispatcher_exited(daemon->dispatcher, pid, status);
}

/* Comes first, so that the other duties see who has ended. */
static int64_t reap_children(void *arg, int64_t now)
{
	(void)now;
	child_reap_all(child_ended, arg);
	return LOOP_NEVER;
}

/* Workers first: what they leave is reported to the responder. */
static int64_t mind_the_end(void *arg, int64_t now)
{
	struct daemon *daemon = arg;

	(void)now;
	if (!loop_asked_to_stop(daemon->loop))
		return LOOP_NEVER;
	dispatcher_stop(daemon->dispatcher);
	if (!dispatcher_is_idle(daemon->dispatcher))
		return LOOP_NEVER;
	responder_stop(daemon->responder);
	if (responder_is_gone(daemon->responder))
		loop_end(daemon->loop);
	return LOOP_NEVER;
}

/* The file is for people; the locks are what counts. On a full disk it comes later. */
static enum kn_err write_pid(struct daemon *daemon)
{
	enum kn_err err = pidfile_write(daemon->pid_file, getpid());

	daemon->is_noted = err == KN_OK;
	return err == KN_ERR_FULL ? KN_OK : err;
}

static int64_t mind_the_pid_file(void *arg, int64_t now)
{
	struct daemon *daemon = arg;

	if (!daemon->is_noted)
		write_pid(daemon);
	return daemon->is_noted ? LOOP_NEVER : now + USEC_PER_SEC;
}

static enum kn_err add_duties(struct daemon *daemon)
{
	const struct {
		loop_duty_fn *fn;
		void *arg;
	} duties[] = {
		{reap_children, daemon},
		{mind_the_end, daemon},
		{mind_the_pid_file, daemon},
		{responder_tick, daemon->responder},
		{dispatcher_tick, daemon->dispatcher},
		{reaper_tick, daemon->reaper},
		{janitor_tick, daemon->janitor},
	};
	enum kn_err err = KN_OK;

	for (size_t i = 0; i < sizeof(duties) / sizeof(duties[0]) && err == KN_OK; i++)
		err = loop_add_duty(daemon->loop, duties[i].fn, duties[i].arg);
	return err;
}

/* --- life --- */

static enum kn_err lock(const char *dir, const char *name, int *fd)
{
	enum kn_err err = lock_file_take(dir, name, "kinorad", fd);
	char holder[64];

	lock_file_holder(dir, name, holder, sizeof(holder));
	if (err == KN_ERR_BUSY)
		log_error("%s has %s: it must end first", holder, dir);
	else if (err != KN_OK)
		log_error("%s/%s: %s", dir, name, kn_err_text(err));
	return err;
}

static enum kn_err prepare(struct daemon *daemon)
{
	const char *run = daemon->conf->run_path, *data = daemon->conf->data_path;
	enum kn_err err;

	if (asprintf(&daemon->pid_file, "%s/kinorad.pid", run) < 0 ||
	    asprintf(&daemon->fcgi_pid_file, "%s/kinora-fcgi.pid", run) < 0)
		return KN_ERR_NOMEM;
	err = fs_make_dirs(run, RUN_MODE);
	if (err == KN_OK)
		err = fs_make_dirs(data, ASSET_DIR_MODE);
	if (err != KN_OK) {
		log_error("cannot make the directories %s and %s: %s", run, data, kn_err_text(err));
		return err;
	}
	err = lock(run, LOCK_FILE_RUN, &daemon->run_lock);
	if (err == KN_OK)
		err = lock(data, LOCK_FILE_DATA, &daemon->data_lock);
	if (err != KN_OK)
		return err;
	if (!mounts_are_there(daemon->conf))
		return KN_ERR_NOT_FOUND;
	err = asset_prepare(daemon->conf);
	if (err != KN_OK) {
		log_error("cannot make the directories in %s: %s", data, kn_err_text(err));
		return err;
	}
	err = mounts_note(daemon->conf);
	if (err != KN_OK)
		log_warn("cannot remember what %s lies in: %s", data, kn_err_text(err));
	return write_pid(daemon);
}

static enum kn_err set_up(struct daemon *daemon, char **args)
{
	struct responder_setup setup = {.sockets = &daemon->sockets, .args = args};
	const char *control;
	enum kn_err err;

	daemon->loop = loop_new();
	if (daemon->loop == NULL)
		return KN_ERR_NOMEM;
	err = loop_catch_signals(daemon->loop);
	if (err == KN_OK)
		err = sockets_open(daemon->conf->run_path, &daemon->sockets, &setup.orphan);
	if (err != KN_OK)
		return err;
	control = daemon->sockets.control_path;
	setup.loop = daemon->loop;
	setup.pid_file = daemon->fcgi_pid_file;
	err = responder_new(&setup, &daemon->responder);
	if (err == KN_OK)
		err = dispatcher_new(daemon->loop, daemon->conf, control, &daemon->dispatcher);
	if (err == KN_OK)
		err = reaper_new(daemon->loop, daemon->dispatcher, control, &daemon->reaper);
	if (err == KN_OK)
		err = janitor_new(daemon->loop, daemon->conf, control, &daemon->janitor);
	return err == KN_OK ? add_duties(daemon) : err;
}

/* What is left when it did not come to life keeps its files: they may be another's. */
static void tear_down(struct daemon *daemon, bool lived)
{
	janitor_free(&daemon->janitor);
	reaper_free(&daemon->reaper);
	dispatcher_free(&daemon->dispatcher);
	responder_free(&daemon->responder);
	sockets_close(&daemon->sockets, lived);
	loop_free(&daemon->loop);
	if (lived)
		unlink(daemon->pid_file);
	if (daemon->run_lock >= 0)
		close(daemon->run_lock);
	if (daemon->data_lock >= 0)
		close(daemon->data_lock);
	free(daemon->pid_file);
	free(daemon->fcgi_pid_file);
	conf_free(&daemon->conf);
}

static int run(struct daemon *daemon, char **args)
{
	enum kn_err err;

	/* What loses its parent comes to us, so that no zombie is left of a worker's children. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	err = prepare(daemon);
	if (err == KN_OK)
		err = set_up(daemon, args);
	if (err != KN_OK) {
		log_error("cannot start: %s", kn_err_text(err));
		tear_down(daemon, false);
		return err == KN_ERR_BUSY ? EX_TEMPFAIL : EX_OSERR;
	}
	log_info("ready in %s", daemon->conf->run_path);
	loop_run(daemon->loop);
	log_info("ended");
	tear_down(daemon, true);
	return EX_OK;
}

static int load_and_run(const struct conf_source *source, char **args)
{
	struct daemon daemon = {
		.run_lock = -1,
		.data_lock = -1,
		.sockets = {.fcgi = -1, .control = -1},
	};
	char *message = NULL;

	if (conf_load(source, &daemon.conf, &message) != KN_OK) {
		fprintf(stderr, "kinorad: %s\n", message != NULL ? message : "out of memory");
		free(message);
		return EX_CONFIG;
	}
	log_init("kinorad", (enum log_level)log_level_from_name(daemon.conf->log_level));
	return run(&daemon, args);
}

int main(int argc, char **argv)
{
	struct options options;
	int status = EX_USAGE, n = options_parse(argc, argv, usage, &options);

	core_dump_disable();
	/* The responder takes the same options; its name replaces ours. */
	if (n == argc)
		status = load_and_run(&options.source, argv);
	else
		fprintf(stderr, "kinorad: unexpected argument: %s\n", argv[n]);
	options_free(&options);
	return status;
}
