/* How programs are started: what they inherit, and that none runs before it is written down. */
#include "daemon/child.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char *const environment[] = {"ONLY=this", NULL};

/* Runs a shell command with standard output to us; returns its status, and what it wrote. */
static int run(const char *command, const char *dir, char *out, size_t size)
{
	char *const argv[] = {"/bin/sh", "-c", (char *)command, NULL};
	int fds[2], status, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct child_spec spec = {.argv = argv, .envp = environment, .dir = dir, .fds_n = 3};
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	memcpy(spec.fds, (int[]){null, fds[1], null}, 3 * sizeof(int));
	assert_int_equal(child_start(&spec, &pid), KN_OK);
	close(fds[1]);
	close(null);
	while ((got = read(fds[0], out + n, size - 1 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void what_a_child_inherits(void **state)
{
	char out[512];
	int leak = open("/dev/null", O_RDONLY); /* without close-on-exec, as a library might */

	(void)state;
	assert_int_equal(run("echo /proc/self/fd/*; exit 3", NULL, out, sizeof(out)), 3 << 8);
	/* 3 is the shell's own, for the directory that it lists. */
	assert_true(strncmp(out, "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2", 47) == 0);
	assert_null(strstr(out, "/fd/4"));
	close(leak);
	run("env | grep -v -e ^PWD -e ^_ -e ^SHLVL -e ^OLDPWD", NULL, out, sizeof(out));
	assert_string_equal(out, "ONLY=this\n");
	run("pwd", "/proc", out, sizeof(out));
	assert_string_equal(out, "/proc\n");
	run("set -- $(cat /proc/$$/stat); [ $1 = $5 ] && [ $1 = $6 ] && echo leads", NULL, out,
	    sizeof(out));
	assert_string_equal(out, "leads\n");
}

static void signals_are_reset(void **state)
{
	char out[512];
	sigset_t set, old;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	run("grep -e SigBlk -e SigIgn /proc/self/status", NULL, out, sizeof(out));
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_memory_equal(out, "SigBlk:\t0000000000000000\nSigIgn:\t", 32);
	/* 32 and 33 are the C library's own, out of everybody's reach. */
	assert_int_equal(strtoull(out + 32, NULL, 16) & 0x7fffffff, 0);
}

static void what_cannot_be_started(void **state)
{
	char *const argv[] = {"/nonexistent/program", NULL};
	struct child_spec spec = {.argv = argv, .envp = environment, .fds_n = 3, .fds = {0, 1, 2}};
	pid_t pid = -1;

	(void)state;
	assert_int_equal(child_start(&spec, &pid), KN_ERR_NOT_FOUND);
	spec.argv = (char *const[]){"/bin/true", NULL};
	spec.dir = "/nonexistent";
	assert_int_equal(child_start(&spec, &pid), KN_ERR_NOT_FOUND);
	assert_int_equal(pid, -1);
	assert_int_equal(waitpid(-1, NULL, 0), -1); /* no process is left */
}

static enum kn_err refuse(void *arg, pid_t pid)
{
	*(pid_t *)arg = pid;
	return KN_ERR_FULL;
}

static void nothing_runs_before_it_is_noted(void **state)
{
	char path[64], command[128];
	struct child_spec spec = {
		.envp = environment, .fds_n = 3, .fds = {0, 1, 2}, .ready = refuse};
	pid_t pid, seen = 0;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/kinora-test-child.%d", (int)getpid());
	snprintf(command, sizeof(command), ": >%s", path);
	spec.argv = (char *const[]){"/bin/sh", "-c", command, NULL};
	spec.arg = &seen;
	assert_int_equal(child_start(&spec, &pid), KN_ERR_FULL);
	assert_true(seen > 0);
	assert_int_equal(access(path, F_OK), -1);
}

static void note_end(void *arg, pid_t pid, int status)
{
	int *ended = arg;

	ended[0]++;
	ended[1] = status;
	assert_true(child_signal_group(pid, 0)); /* still a zombie: its group's id is taken */
}

static void reaping(void **state)
{
	struct child_spec spec = {.argv = (char *const[]){"/bin/sh", "-c", "kill -9 $$", NULL},
				  .envp = environment,
				  .fds_n = 3,
				  .fds = {0, 1, 2}};
	int ended[2] = {0};
	char text[64];
	pid_t pid;

	(void)state;
	assert_int_equal(child_start(&spec, &pid), KN_OK);
	for (int i = 0; i < 6000 && ended[0] == 0; i++) {
		child_reap_all(note_end, ended);
		usleep(10000);
	}
	assert_int_equal(ended[0], 1);
	assert_true(WIFSIGNALED(ended[1]) && WTERMSIG(ended[1]) == SIGKILL);
	assert_false(child_signal_group(pid, 0));
	child_describe(ended[1], text, sizeof(text));
	assert_string_equal(text, "was ended by signal 9");
	child_describe(3 << 8, text, sizeof(text));
	assert_string_equal(text, "exited with status 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_child_inherits),
		cmocka_unit_test(signals_are_reset),
		cmocka_unit_test(what_cannot_be_started),
		cmocka_unit_test(nothing_runs_before_it_is_noted),
		cmocka_unit_test(reaping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
