#include "loop.h"

#include "lib/clock.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DUTIES_MAX = 16, SLEEP_MAX_MS = 60000 };

struct watch {
	loop_watch_fn *fn; /* NULL: unwatched, swept before the next round */
	void *arg;
};

struct duty {
	loop_duty_fn *fn;
	void *arg;
};

struct loop {
	struct pollfd *fds; /* parallel to watches */
	struct watch *watches;
	size_t n, size;
	struct duty duties[DUTIES_MAX];
	size_t duties_n;
	int signal_fd; /* read end */
	bool asked_to_stop, ended;
};

/* The one thing that a signal handler can reach. */
static int signal_pipe[2] = {-1, -1};

struct loop *loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop != NULL)
		loop->signal_fd = -1;
	return loop;
}

void loop_free(struct loop **loop)
{
	if (*loop == NULL)
		return;
	free((*loop)->fds);
	free((*loop)->watches);
	free(*loop);
	*loop = NULL;
}

static size_t find_watch(const struct loop *loop, int fd)
{
	size_t i = 0;

	while (i < loop->n && (loop->fds[i].fd != fd || loop->watches[i].fn == NULL))
		i++;
	return i;
}

static enum kn_err grow(struct loop *loop)
{
	size_t size = loop->size == 0 ? 16 : loop->size * 2;
	struct pollfd *fds = realloc(loop->fds, size * sizeof(*fds));
	struct watch *watches;

	if (fds == NULL)
		return KN_ERR_NOMEM;
	loop->fds = fds;
	watches = realloc(loop->watches, size * sizeof(*watches));
	if (watches == NULL)
		return KN_ERR_NOMEM;
	loop->watches = watches;
	loop->size = size;
	return KN_OK;
}

enum kn_err loop_watch(struct loop *loop, int fd, short events, loop_watch_fn *fn, void *arg)
{
	size_t i = find_watch(loop, fd);

	if (i == loop->n) {
		if (loop->n == loop->size && grow(loop) != KN_OK)
			return KN_ERR_NOMEM;
		loop->n++;
		loop->fds[i] = (struct pollfd){.fd = fd};
	}
	loop->fds[i].events = events;
	loop->watches[i] = (struct watch){fn, arg};
	return KN_OK;
}

/* Only marked: a handler may unwatch others while the round walks over them. */
void loop_unwatch(struct loop *loop, int fd)
{
	size_t i = find_watch(loop, fd);

	if (i < loop->n)
		loop->watches[i].fn = NULL;
}

static void sweep_unwatched(struct loop *loop)
{
	size_t kept = 0;

	for (size_t i = 0; i < loop->n; i++) {
		if (loop->watches[i].fn == NULL)
			continue;
		loop->fds[kept] = loop->fds[i];
		loop->watches[kept++] = loop->watches[i];
	}
	loop->n = kept;
}

enum kn_err loop_add_duty(struct loop *loop, loop_duty_fn *fn, void *arg)
{
	if (loop->duties_n == DUTIES_MAX)
		return KN_ERR_NOMEM;
	loop->duties[loop->duties_n++] = (struct duty){fn, arg};
	return KN_OK;
}

static void on_signal(int number)
{
	int saved = errno;
	unsigned char byte = (unsigned char)number;

	if (write(signal_pipe[1], &byte, 1) < 0) {
		/* Full: the loop has enough to wake it. */
	}
	errno = saved;
}

static void read_signals(void *arg, short revents)
{
	struct loop *loop = arg;
	unsigned char bytes[64];
	ssize_t n;

	(void)revents;
	while ((n = read(loop->signal_fd, bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < n; i++)
			if (bytes[i] == SIGTERM || bytes[i] == SIGINT)
				loop->asked_to_stop = true;
}

enum kn_err loop_catch_signals(struct loop *loop)
{
	static const int caught[] = {SIGTERM, SIGINT, SIGCHLD};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return kn_err_from_errno(errno);
	loop->signal_fd = signal_pipe[0];
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaction(caught[i], &action, NULL);
	return loop_watch(loop, loop->signal_fd, POLLIN, read_signals, loop);
}

bool loop_asked_to_stop(const struct loop *loop)
{
	return loop->asked_to_stop;
}

void loop_end(struct loop *loop)
{
	loop->ended = true;
}

static int64_t run_duties(struct loop *loop)
{
	int64_t next = LOOP_NEVER;

	for (size_t i = 0; i < loop->duties_n; i++) {
		int64_t wanted = loop->duties[i].fn(loop->duties[i].arg, clock_mono_us());

		if (wanted < next)
			next = wanted;
	}
	return next;
}

/* Rounded up: waking before the time would only mean to sleep again. */
static int sleep_ms(int64_t next)
{
	int64_t now = clock_mono_us();

	if (next <= now)
		return 0;
	if (next - now > SLEEP_MAX_MS * USEC_PER_MSEC)
		return SLEEP_MAX_MS;
	return (int)((next - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

static void run_handlers(struct loop *loop, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (loop->fds[i].revents != 0 && loop->watches[i].fn != NULL)
			loop->watches[i].fn(loop->watches[i].arg, loop->fds[i].revents);
}

void loop_run(struct loop *loop)
{
	while (!loop->ended) {
		int64_t next = run_duties(loop);
		size_t n;

		sweep_unwatched(loop);
		n = loop->n; /* what handlers add waits for the next round */
		if (poll(loop->fds, n, loop->ended ? 0 : sleep_ms(next)) >= 0)
			run_handlers(loop, n);
		else if (errno != EINTR)
			log_error("poll: %s", strerror(errno));
	}
}
