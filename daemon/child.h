/*
 * The only place that starts programs. A child gets its own session (and so its
 * own process group), default signals, and no descriptor but those listed.
 *
 * It is let go only after ready() has returned, and never if this process dies
 * before: what must be known about a child is written down before it can act.
 */
#ifndef CHILD_H
#define CHILD_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CHILD_FDS_MAX = 4 };

struct child_spec {
	char *const *argv; /* argv[0] is a path; no search */
	char *const *envp;
	const char *dir;        /* NULL: stays where we are */
	int fds[CHILD_FDS_MAX]; /* become 0, 1, … in the child */
	size_t fds_n;
	bool dies_with_us;                          /* SIGKILL when this process dies */
	enum kn_err (*ready)(void *arg, pid_t pid); /* may be NULL */
	void *arg;
};

/* Returns when the program runs. On an error (logged) no process is left of it. */
enum kn_err child_start(const struct child_spec *spec, pid_t *pid);

/* Reaps every child that has ended. ended() is called while the child is still a zombie: no other
 * process can have its id or be in a group of that id by chance. status is that of wait(2). */
void child_reap_all(void (*ended)(void *arg, pid_t pid, int status), void *arg);

/* "was ended by signal 9", "exited with status 3". */
void child_describe(int status, char *text, size_t size);

/* Signals the whole group; 0 only asks. False when no process of it is left. */
bool child_signal_group(pid_t group, int number);

#endif
