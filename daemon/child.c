#include "child.h"

#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where descriptors are parked while 0, 1, … are filled. */
enum { HIGH_FD = 64 };

/* --- in the child: only what is safe between fork and exec --- */

static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action,
			  NULL); /* fails for SIGKILL and its like: nothing to reset */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Parks them all first, so that none is overwritten before its turn. */
static bool place_fds(const struct child_spec *spec, int *report)
{
	int parked[CHILD_FDS_MAX + 1];
	int n = (int)spec->fds_n;

	for (int i = 0; i <= n; i++) {
		parked[i] = fcntl(i < n ? spec->fds[i] : *report, F_DUPFD, HIGH_FD);
		if (parked[i] < 0)
			return false;
	}
	for (int i = 0; i < n; i++)
		if (dup2(parked[i], i) < 0)
			return false;
	if (dup3(parked[n], n, O_CLOEXEC) < 0)
		return false;
	*report = n;
	return close_range((unsigned)n + 1, ~0U, 0) == 0;
}

static __attribute__((noreturn)) void run_child(const struct child_spec *spec, int gate, int report)
{
	char byte;
	int error;

	if (setsid() < 0 || (spec->dies_with_us && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0))
		goto failed;
	if (read(gate, &byte, 1) != 1)
		_exit(127); /* the parent died, or changed its mind */
	if (spec->dir != NULL && chdir(spec->dir) < 0)
		goto failed;
	if (!place_fds(spec, &report))
		goto failed;
	reset_signals();
	execve(spec->argv[0], spec->argv, spec->envp);
failed:
	error = errno;
	if (write(report, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* --- in the parent --- */

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* What stopped the child; 0 when exec closed the pipe. */
static int exec_error(int report)
{
	int error = 0;
	ssize_t n;

	do {
		n = read(report, &error, sizeof(error));
	} while (n < 0 && errno == EINTR);
	return n == sizeof(error) ? error : 0;
}

/* Lets the child go once ready() agrees, and sees it reach exec. */
static enum kn_err release_child(const struct child_spec *spec, pid_t pid, int *gate, int report)
{
	enum kn_err err = spec->ready != NULL ? spec->ready(spec->arg, pid) : KN_OK;
	int error = 0;

	if (err == KN_OK && write(*gate, "", 1) != 1)
		error = errno;
	close_one(gate);
	if (err == KN_OK && error == 0)
		error = exec_error(report);
	if (error != 0) {
		err = kn_err_from_errno(error);
		log_error("cannot start %s: %s", spec->argv[0], strerror(error));
	}
	if (err != KN_OK)
		waitpid(pid, NULL, 0);
	return err;
}

enum kn_err child_start(const struct child_spec *spec, pid_t *out)
{
	int gate[2] = {-1, -1}, report[2] = {-1, -1};
	enum kn_err err = KN_OK;
	pid_t pid = -1;

	if (pipe2(gate, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		err = kn_err_from_errno(errno);
		log_error("cannot start %s: %s", spec->argv[0], strerror(errno));
		goto out;
	}
	if (pid == 0) {
		close(gate[1]);
		run_child(spec, gate[0], report[1]);
	}
	close_one(&gate[0]);
	close_one(&report[1]);
	err = release_child(spec, pid, &gate[1], report[0]);
	if (err == KN_OK)
		*out = pid;
out:
	for (int i = 0; i < 2; i++) {
		close_one(&gate[i]);
		close_one(&report[i]);
	}
	return err;
}

void child_reap_all(void (*ended)(void *arg, pid_t pid, int status), void *arg)
{
	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
			return;
		ended(arg, info.si_pid,
		      info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0) : info.si_status);
		waitpid(info.si_pid, NULL, 0);
	}
}

void child_describe(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "was ended by signal %d", WTERMSIG(status));
	else
		snprintf(text, size, "exited with status %d", WEXITSTATUS(status));
}

bool child_signal_group(pid_t group, int number)
{
	return kill(-group, number) == 0 || errno != ESRCH;
}
