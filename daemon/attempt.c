#include "attempt.h"

#include "attempt_priv.h"
#include "child.h"
#include "job_input.h"
#include "leftovers.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "workdir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TERM_TO_KILL_US (5 * USEC_PER_SEC)
#define STOP_TO_KILL_US (2 * USEC_PER_SEC)
#define EMPTYING_EVERY_US (10 * USEC_PER_MSEC)
#define EMPTYING_WARN_US (10 * USEC_PER_SEC)

/* --- pipes --- */

static void close_pipe(struct attempt *attempt, int *fd)
{
	if (*fd < 0)
		return;
	loop_unwatch(attempt->host->loop, *fd);
	close(*fd);
	*fd = -1;
}

static void close_pipes(struct attempt *attempt)
{
	close_pipe(attempt, &attempt->in);
	close_pipe(attempt, &attempt->out);
	close_pipe(attempt, &attempt->err);
}

static void on_stdout(void *arg, short revents)
{
	struct attempt *attempt = arg;

	(void)revents;
	if (!output_read_stdout(&attempt->output, attempt->out, false))
		close_pipe(attempt, &attempt->out);
}

static void on_stderr(void *arg, short revents)
{
	struct attempt *attempt = arg;

	(void)revents;
	if (!output_read_stderr(&attempt->output, attempt->err, false))
		close_pipe(attempt, &attempt->err);
}

/* A worker need not read its input to the end. */
static void on_stdin(void *arg, short revents)
{
	struct attempt *attempt = arg;
	const char *rest = attempt->input + attempt->input_sent;
	ssize_t n = write(attempt->in, rest, strlen(rest));

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	attempt->input_sent += n > 0 ? (size_t)n : 0;
	if (n < 0 || attempt->input[attempt->input_sent] == '\0')
		close_pipe(attempt, &attempt->in);
}

/* Ours is the end that does not block; the worker's is as it expects it. */
static enum kn_err make_pipe(int *ours, int *theirs, bool we_write)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return kn_err_from_errno(errno);
	*ours = fds[we_write ? 1 : 0];
	*theirs = fds[we_write ? 0 : 1];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
	return KN_OK;
}

/* --- starting --- */

/* What a program may expect of its environment, and nothing that configures us. */
static char **make_environment(const char *dir)
{
	static const char *const kept[] = {"PATH", "LANG", "LC_ALL", "TZ", "KINORA_SHARE_DIR",
					   "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
					   /* of a build with sanitizers */
					   "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS",
					   "UBSAN_OPTIONS"};
	enum { KEPT = sizeof(kept) / sizeof(kept[0]), OWN = 3 };
	char **list = calloc(KEPT + OWN + 1, sizeof(*list));
	int failed = list == NULL;
	size_t n = 0;

	for (size_t i = 0; i < KEPT && !failed; i++) {
		const char *value = getenv(kept[i]);

		if (value != NULL)
			failed |= asprintf(&list[n++], "%s=%s", kept[i], value) < 0;
	}
	failed = failed || asprintf(&list[n++], "HOME=%s", dir) < 0 ||
		 asprintf(&list[n++], "TMPDIR=%s", dir) < 0 ||
		 asprintf(&list[n++], "KINORA_WORK_DIR=%s", dir) < 0;
	if (!failed)
		return list;
	free(list); /* out of memory: what leaks here is the least of it */
	return NULL;
}

static void free_environment(char **list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

static enum kn_err start_program(struct attempt *attempt)
{
	char **environment = make_environment(attempt->dir);
	int theirs[3] = {-1, -1, -1};
	enum kn_err err = KN_ERR_NOMEM;
	struct child_spec spec;

	if (environment == NULL)
		goto out;
	if ((err = make_pipe(&attempt->in, &theirs[0], true)) != KN_OK ||
	    (err = make_pipe(&attempt->out, &theirs[1], false)) != KN_OK ||
	    (err = make_pipe(&attempt->err, &theirs[2], false)) != KN_OK)
		goto out;
	spec = (struct child_spec){.argv = attempt->worker->command,
				   .envp = environment,
				   .dir = attempt->dir,
				   .fds = {theirs[0], theirs[1], theirs[2]},
				   .fds_n = 3,
				   .dies_with_us = true};
	if ((err = child_start(&spec, &attempt->pid)) != KN_OK)
		goto out;
	if (loop_watch(attempt->host->loop, attempt->in, POLLOUT, on_stdin, attempt) != KN_OK ||
	    loop_watch(attempt->host->loop, attempt->out, POLLIN, on_stdout, attempt) != KN_OK ||
	    loop_watch(attempt->host->loop, attempt->err, POLLIN, on_stderr, attempt) != KN_OK)
		attempt_end(attempt, VERDICT_UNSTARTED, 0);
out:
	for (int i = 0; i < 3; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	free_environment(environment);
	return err;
}

static enum kn_err begin(struct attempt *attempt, json_object *job)
{
	const struct attempt_host *host = attempt->host;
	int number = (int)json_get_int(job, "attempt", 1);
	enum kn_err err;

	attempt->input = job_input_format(host->conf, job);
	if (attempt->input == NULL)
		return KN_ERR_NOMEM;
	err = workdir_make(host->conf->data_path, attempt->id, number, &attempt->dir);
	if (err != KN_OK)
		return err;
	return start_program(attempt);
}

enum kn_err attempt_start(const struct attempt_host *host, const struct conf_worker *worker,
			  json_object *job, const char *token, struct attempt **out)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	int64_t now = clock_mono_us();

	if (attempt == NULL)
		return KN_ERR_NOMEM;
	*attempt = (struct attempt){.host = host,
				    .worker = worker,
				    .in = -1,
				    .out = -1,
				    .err = -1,
				    .deadline = now + worker->deadline * USEC_PER_SEC,
				    .kill_at = LOOP_NEVER,
				    .lease_at = now + LEASE_EVERY_US};
	snprintf(attempt->id, sizeof(attempt->id), "%s", json_get_string(job, "id"));
	snprintf(attempt->api, sizeof(attempt->api), "%s", json_get_string(job, "api"));
	snprintf(attempt->token, sizeof(attempt->token), "%s", token);
	output_init(&attempt->output, attempt->id);
	attempt->start_error = begin(attempt, job);
	if (attempt->start_error != KN_OK) {
		attempt->verdict = VERDICT_UNSTARTED;
		attempt->phase = ATTEMPT_REPORTING;
		close_pipes(attempt);
	} else {
		log_msg(LOG_LEVEL_INFO, attempt->id, "worker %s runs as %d", worker->name,
			(int)attempt->pid);
	}
	*out = attempt;
	return KN_OK;
}

void attempt_free(struct attempt **out)
{
	struct attempt *attempt = *out;

	if (attempt == NULL)
		return;
	close_pipes(attempt);
	output_clear(&attempt->output);
	json_object_put(attempt->files);
	free(attempt->input);
	free(attempt->dir);
	free(attempt);
	*out = NULL;
}

/* --- ending --- */

/* The first verdict stands, except that a job that is not ours any more is not reported in any
 * case. */
void attempt_end(struct attempt *attempt, enum attempt_verdict verdict, int64_t patience)
{
	int64_t kill_at = clock_mono_us() + patience;

	if (attempt->verdict == VERDICT_BY_EXIT || verdict == VERDICT_ABANDONED)
		attempt->verdict = verdict;
	if (attempt->phase != ATTEMPT_RUNNING)
		return;
	if (patience > 0 && attempt->kill_at == LOOP_NEVER)
		child_signal_group(attempt->pid, SIGTERM);
	if (kill_at < attempt->kill_at)
		attempt->kill_at = kill_at;
}

void attempt_abandon(struct attempt *attempt)
{
	attempt_end(attempt, VERDICT_ABANDONED, 0);
}

void attempt_stop(struct attempt *attempt)
{
	attempt_end(attempt, VERDICT_STOPPED, STOP_TO_KILL_US);
}

bool attempt_exited(struct attempt *attempt, pid_t pid, int status)
{
	if (attempt->phase != ATTEMPT_RUNNING || pid != attempt->pid)
		return false;
	child_signal_group(pid, SIGKILL); /* its children, while the group's id is surely theirs */
	attempt->status = status;
	attempt->phase = ATTEMPT_EMPTYING;
	attempt->emptying_since = clock_mono_us();
	return true;
}

/* What the worker wrote is in the pipes; nobody is left to write more. */
static void finish_output(struct attempt *attempt)
{
	if (attempt->out >= 0)
		output_read_stdout(&attempt->output, attempt->out, true);
	if (attempt->err >= 0)
		output_read_stderr(&attempt->output, attempt->err, true);
	output_end(&attempt->output);
	close_pipes(attempt);
}

static int64_t empty(struct attempt *attempt, int64_t now)
{
	bool group = child_signal_group(attempt->pid, SIGKILL);

	if (group || leftovers_kill(attempt->dir) > 0) {
		if (now - attempt->emptying_since > EMPTYING_WARN_US) {
			attempt->emptying_since = now;
			log_msg(LOG_LEVEL_WARN, attempt->id,
				"processes of the worker will not die");
		}
		return now + EMPTYING_EVERY_US;
	}
	finish_output(attempt);
	attempt->phase = ATTEMPT_REPORTING;
	return attempt_report(attempt, now);
}

static int64_t run(struct attempt *attempt, int64_t now)
{
	int64_t next = attempt->kill_at;

	if (attempt->output.is_unusable)
		attempt_end(attempt, VERDICT_UNUSABLE, 0);
	if (now >= attempt->deadline && attempt->verdict == VERDICT_BY_EXIT)
		attempt_end(attempt, VERDICT_DEADLINE, TERM_TO_KILL_US);
	if (now >= attempt->kill_at) {
		child_signal_group(attempt->pid, SIGKILL);
		attempt->kill_at = LOOP_NEVER;
	}
	if (attempt->verdict == VERDICT_BY_EXIT && attempt->deadline < next)
		next = attempt->deadline;
	return attempt->kill_at < next ? attempt->kill_at : next;
}

int64_t attempt_tick(struct attempt *attempt, int64_t now)
{
	int64_t next = LOOP_NEVER, talk;

	switch (attempt->phase) {
	case ATTEMPT_RUNNING:
		next = run(attempt, now);
		break;
	case ATTEMPT_EMPTYING:
		next = empty(attempt, now);
		break;
	case ATTEMPT_REPORTING:
		next = attempt_report(attempt, now);
		break;
	case ATTEMPT_OVER:
		return LOOP_NEVER;
	}
	talk = attempt_talk(attempt, now);
	return talk < next ? talk : next;
}

bool attempt_is_over(const struct attempt *attempt)
{
	return attempt->phase == ATTEMPT_OVER && attempt->calls == 0;
}

const char *attempt_job(const struct attempt *attempt)
{
	return attempt->id;
}

const struct conf_worker *attempt_worker(const struct attempt *attempt)
{
	return attempt->worker;
}
