#include "workers/common/program.h"

#include "lib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TAIL_SIZE = 2048, CHUNK = 65536 };

struct program {
	pid_t pid; /* 0 once reaped */
	int in, out, err;
	int64_t deadline; /* monotonic µs, 0: none */
	void (*output)(void *arg, const char *data, size_t len);
	void *arg;
	size_t tail_len;
	char tail[TAIL_SIZE]; /* the end of standard error, NUL-terminated */
	char why[TAIL_SIZE];
};

struct pipes {
	int in[2], out[2], err[2], exec[2];
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_pipes(struct pipes *pipes)
{
	int *fds = &pipes->in[0];

	for (size_t i = 0; i < sizeof(*pipes) / sizeof(int); i++)
		close_fd(&fds[i]);
}

static void limit(int what, rlim_t value)
{
	struct rlimit lim = {value, value};

	if (value)
		setrlimit(what, &lim);
}

/* After fork: only async-signal-safe calls. */
static void __attribute__((noreturn))
run_child(const struct program_opts *opts, const struct pipes *pipes, pid_t parent)
{
	sigset_t none;
	int failed;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* SIGKILL, for SIGTERM lets ffmpeg finish its file. The parent may be gone already. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	limit(RLIMIT_CPU, opts->cpu_seconds);
	limit(RLIMIT_AS, opts->memory);
	if (dup2(pipes->in[0], STDIN_FILENO) >= 0 && dup2(pipes->out[1], STDOUT_FILENO) >= 0 &&
	    dup2(pipes->err[1], STDERR_FILENO) >= 0)
		execvp(opts->argv[0], (char *const *)opts->argv);
	failed = errno;
	if (write(pipes->exec[1], &failed, sizeof(failed)) < 0)
		_exit(126);
	_exit(127);
}

static int open_pipes(const struct program_opts *opts, struct pipes *pipes)
{
	memset(pipes, -1, sizeof(*pipes));
	if (opts->feed ? pipe2(pipes->in, O_CLOEXEC)
		       : (pipes->in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
		return -1;
	if (opts->output ? pipe2(pipes->out, O_CLOEXEC)
			 : (pipes->out[1] = open("/dev/null", O_WRONLY | O_CLOEXEC)) < 0)
		return -1;
	if (pipe2(pipes->err, O_CLOEXEC) || pipe2(pipes->exec, O_CLOEXEC))
		return -1;
	if (opts->feed) {
		fcntl(pipes->in[1], F_SETFL, O_NONBLOCK);
		/* Frames are megabytes: fewer wake-ups with a large pipe, but it is no must. */
		fcntl(pipes->in[1], F_SETPIPE_SZ, 1 << 20);
	}
	return 0;
}

static int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

enum kn_err program_start(struct program **out, const struct program_opts *opts)
{
	struct program *p = calloc(1, sizeof(*p));
	struct pipes pipes;
	pid_t parent = getpid();
	int exec_errno = 0;
	enum kn_err err = KN_ERR_IO;

	if (!p)
		return KN_ERR_NOMEM;
	p->in = p->out = p->err = -1;
	p->output = opts->output;
	p->arg = opts->arg;
	if (open_pipes(opts, &pipes))
		goto out;
	p->pid = fork();
	if (p->pid < 0) {
		p->pid = 0;
		goto out;
	}
	if (!p->pid)
		run_child(opts, &pipes, parent);
	/* The child's end closes at exec: a read of nothing means that it runs. */
	close_fd(&pipes.exec[1]);
	if (read(pipes.exec[0], &exec_errno, sizeof(exec_errno)) == sizeof(exec_errno)) {
		err = exec_errno == ENOENT ? KN_ERR_NOT_FOUND : KN_ERR_IO;
		goto out;
	}
	p->in = take_fd(&pipes.in[1]);
	p->out = take_fd(&pipes.out[0]);
	p->err = take_fd(&pipes.err[0]);
	if (opts->wall_seconds)
		p->deadline = clock_mono_us() + opts->wall_seconds * USEC_PER_SEC;
	err = KN_OK;
out:
	close_pipes(&pipes);
	if (err)
		program_free(&p);
	*out = p;
	return err;
}

static void keep_tail(struct program *p, const char *data, size_t len)
{
	size_t room = TAIL_SIZE - 1, keep;

	if (len > room) {
		data += len - room;
		len = room;
	}
	keep = p->tail_len < room - len ? p->tail_len : room - len;
	memmove(p->tail, p->tail + p->tail_len - keep, keep);
	memcpy(p->tail + keep, data, len);
	p->tail_len = keep + len;
	p->tail[p->tail_len] = '\0';
}

static void read_some(struct program *p, int *fd)
{
	char data[CHUNK];
	ssize_t len = read(*fd, data, sizeof(data));

	if (len < 0 && errno == EINTR)
		return;
	if (len <= 0)
		close_fd(fd);
	else if (fd == &p->err)
		keep_tail(p, data, (size_t)len);
	else
		p->output(p->arg, data, (size_t)len);
}

static int time_left_ms(const struct program *p)
{
	int64_t left;

	if (!p->deadline)
		return -1;
	left = (p->deadline - clock_mono_us()) / USEC_PER_MSEC;
	return left > 0 ? (int)left : 0;
}

/* One round of poll: writes of *data what goes, reads what is there. */
static enum kn_err pump(struct program *p, const char **data, size_t *len)
{
	struct pollfd fds[] = {
		{*len ? p->in : -1, POLLOUT, 0}, {p->out, POLLIN, 0}, {p->err, POLLIN, 0}};
	int ready = poll(fds, 3, time_left_ms(p));
	ssize_t sent;

	if (ready < 0)
		return errno == EINTR ? KN_OK : KN_ERR_IO;
	if (!ready)
		return KN_ERR_TIMEOUT;
	if (fds[1].revents)
		read_some(p, &p->out);
	if (fds[2].revents)
		read_some(p, &p->err);
	if (fds[0].revents) {
		sent = write(p->in, *data, *len);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return KN_ERR_IO;
		if (sent > 0) {
			*data += sent;
			*len -= (size_t)sent;
		}
	}
	return KN_OK;
}

enum kn_err program_write(struct program *p, const void *data, size_t len)
{
	const char *at = data;
	enum kn_err err = p->in < 0 ? KN_ERR_IO : KN_OK;

	while (!err && len)
		err = pump(p, &at, &len);
	return err;
}

/* Its last words, or how it ended when it had none. */
static void explain(struct program *p, int status)
{
	char *line;

	while (p->tail_len && strchr("\r\n ", p->tail[p->tail_len - 1]))
		p->tail[--p->tail_len] = '\0';
	line = strrchr(p->tail, '\n');
	line = line ? line + 1 : p->tail;
	if (*line)
		snprintf(p->why, sizeof(p->why), "%s", line);
	else if (WIFSIGNALED(status))
		snprintf(p->why, sizeof(p->why), "ended by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(p->why, sizeof(p->why), "exit status %d", WEXITSTATUS(status));
}

static int reap(struct program *p)
{
	int status = 0;

	while (p->pid && waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	p->pid = 0;
	return status;
}

enum kn_err program_wait(struct program *p)
{
	const char *nothing = NULL;
	size_t none = 0;
	int status;
	enum kn_err err = KN_OK;

	close_fd(&p->in);
	while (!err && (p->out >= 0 || p->err >= 0))
		err = pump(p, &nothing, &none);
	if (err) {
		kill(p->pid, SIGKILL);
		reap(p);
		snprintf(p->why, sizeof(p->why), "took too long");
		return err;
	}
	status = reap(p);
	if (!status)
		return KN_OK;
	explain(p, status);
	return KN_ERR_IO;
}

const char *program_why(const struct program *p)
{
	return p->why;
}

void program_free(struct program **pp)
{
	struct program *p = *pp;

	if (!p)
		return;
	if (p->pid)
		kill(p->pid, SIGKILL);
	reap(p);
	close_fd(&p->in);
	close_fd(&p->out);
	close_fd(&p->err);
	free(p);
	*pp = NULL;
}

enum kn_err program_run(const struct program_opts *opts, char *why, size_t why_size)
{
	struct program *p;
	enum kn_err err = program_start(&p, opts);

	if (err) {
		snprintf(why, why_size, "%s %s", opts->argv[0],
			 err == KN_ERR_NOT_FOUND ? "is not installed" : "could not be started");
		return err;
	}
	err = program_wait(p);
	if (err)
		snprintf(why, why_size, "%s: %s", opts->argv[0], program_why(p));
	program_free(&p);
	return err;
}
