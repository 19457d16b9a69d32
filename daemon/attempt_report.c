#include "attempt_priv.h"

#include "child.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/text.h"
#include "workdir.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

/* Five reports a second are plenty for those who watch. */
#define TALK_EVERY_US (200 * USEC_PER_MSEC)
#define RETRY_US USEC_PER_SEC
#define RECONNECT_US (50 * USEC_PER_MSEC)

/* With so little left, a failure is taken for one of space. The store gives up a reserve at such a
 * time, so there may be some again. */
enum { FULL_BYTES = 32 << 20 };

static json_object *named_body(const struct attempt *attempt, json_object *body)
{
	if (body == NULL)
		body = json_object_new_object();
	json_add_string(body, "id", attempt->id);
	json_add_string(body, "token", attempt->token);
	return body;
}

static bool means_not_ours(enum kn_err err)
{
	return err == KN_ERR_STALE || err == KN_ERR_NOT_FOUND || err == KN_ERR_CONFLICT;
}

/* --- progress, which is the heartbeat too --- */

static void on_progress(void *arg, enum kn_err err, const char *text, json_object *body)
{
	struct attempt *attempt = arg;

	(void)body;
	attempt->calls--;
	attempt->talking = false;
	if (attempt->phase == ATTEMPT_RUNNING && means_not_ours(err)) {
		log_msg(LOG_LEVEL_INFO, attempt->id, "the job was taken from its worker: %s", text);
		attempt_abandon(attempt);
	}
}

static bool send_progress(struct attempt *attempt, struct client *client)
{
	json_object *body = named_body(attempt, output_take_report(&attempt->output));

	json_add_int(body, "lease", ATTEMPT_LEASE_SECONDS);
	if (client_call(client, "progress", body, on_progress, attempt) != KN_OK)
		return false;
	attempt->calls++;
	attempt->talking = true;
	return true;
}

int64_t attempt_talk(struct attempt *attempt, int64_t now)
{
	bool news = attempt->output.report != NULL && attempt->phase == ATTEMPT_RUNNING;
	int64_t due =
		news && attempt->talk_at < attempt->lease_at ? attempt->talk_at : attempt->lease_at;

	if (attempt->talking || attempt->verdict == VERDICT_ABANDONED ||
	    attempt->phase == ATTEMPT_OVER)
		return LOOP_NEVER;
	if (now < due)
		return due;
	attempt->talk_at = now + TALK_EVERY_US;
	if (!send_progress(attempt, attempt->host->work))
		return attempt->talk_at;
	attempt->lease_at = now + LEASE_EVERY_US;
	return LOOP_NEVER;
}

void attempt_check(struct attempt *attempt)
{
	if (!attempt->talking && attempt->verdict != VERDICT_ABANDONED &&
	    attempt->phase != ATTEMPT_OVER)
		send_progress(attempt, attempt->host->work);
}

/* --- deciding --- */

static __attribute__((format(printf, 4, 5))) void
decide_failure(struct attempt *attempt, bool again, const char *code, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	snprintf(attempt->error_text, sizeof(attempt->error_text), "%.*s",
		 n < 0 ? 0 : (int)text_cut(text, (size_t)n, sizeof(attempt->error_text) - 1),
		 n < 0 ? "" : text);
	free(n < 0 ? NULL : text);
	snprintf(attempt->error_code, sizeof(attempt->error_code), "%.*s",
		 (int)text_cut(code, strlen(code), sizeof(attempt->error_code) - 1), code);
	attempt->again = again;
	attempt->result = RESULT_FAIL;
	output_report_tail(&attempt->output);
	log_msg(LOG_LEVEL_WARN, attempt->id, "%s", attempt->error_text);
}

/* Completes with the files that the worker named, if they are its own. */
static void decide_completion(struct attempt *attempt)
{
	attempt->result = RESULT_COMPLETE;
	attempt->files = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(attempt->output.files); i++) {
		json_object *from = json_object_array_get_idx(attempt->output.files, i), *file;
		const char *name = json_get_string(from, "file");
		char *path;

		if (workdir_file(attempt->dir, name, &path) != KN_OK) {
			decide_failure(attempt, false, "worker",
				       "The worker named a file that it did not make: %s", name);
			return;
		}
		file = json_object_new_object();
		json_object_object_add(file, "name",
				       json_object_get(json_object_object_get(from, "name")));
		json_add_string(file, "path", path);
		json_object_array_add(attempt->files, file);
		free(path);
	}
}

/* Its own last words, or what wait(2) says. On a full disk that is the reason, whatever it takes
 * for one; there may be space the next time. */
static void decide_by_status(struct attempt *attempt)
{
	const struct output *output = &attempt->output;
	const char *code = output->error_code != NULL ? output->error_code : "worker";
	bool again = WIFEXITED(attempt->status) && WEXITSTATUS(attempt->status) == EX_TEMPFAIL;
	const char *words = output->error_text;
	char how[64], described[96];

	if (attempt->status == 0) {
		decide_completion(attempt);
		return;
	}
	if (words == NULL) {
		child_describe(attempt->status, how, sizeof(how));
		snprintf(described, sizeof(described), "The worker %s", how);
		words = described;
	}
	if (fs_has_room(attempt->dir, FULL_BYTES, 0))
		decide_failure(attempt, again, code, "%s", words);
	else
		decide_failure(attempt, true, "full", "%s: %s", kn_err_text(KN_ERR_FULL), words);
}

/* Grok Imagine's own words for its jobs; plain ones for the others. */
static void decide_deadline(struct attempt *attempt)
{
	long long seconds = attempt->worker->deadline;

	if (strcmp(attempt->api, job_api_name(JOB_GROK_IMAGINE)) == 0)
		decide_failure(attempt, false, "timeout",
			       "Job timed out: no response from the worker in %lld seconds",
			       seconds);
	else
		decide_failure(attempt, false, "timeout",
			       "The worker did not finish within %lld seconds", seconds);
}

static void decide(struct attempt *attempt)
{
	enum kn_err error = attempt->start_error;

	switch (attempt->verdict) {
	case VERDICT_BY_EXIT:
		decide_by_status(attempt);
		break;
	case VERDICT_DEADLINE:
		decide_deadline(attempt);
		break;
	case VERDICT_UNUSABLE:
		decide_failure(attempt, false, "worker",
			       "The worker does not speak the worker protocol");
		break;
	case VERDICT_UNSTARTED:
		decide_failure(attempt, error == KN_ERR_FULL || error == KN_ERR_NOMEM, "worker",
			       "The worker could not be started: %s", kn_err_text(error));
		break;
	case VERDICT_STOPPED:
		attempt->result = RESULT_RELEASE;
		if (attempt->status == 0)
			decide_completion(attempt);
		break;
	case VERDICT_ABANDONED:
		break;
	}
}

/* --- telling --- */

static void finish(struct attempt *attempt)
{
	if (attempt->dir != NULL && fs_remove_tree(attempt->dir) != KN_OK)
		log_msg(LOG_LEVEL_WARN, attempt->id, "%s cannot be removed", attempt->dir);
	attempt->phase = ATTEMPT_OVER;
}

/* The responder does not want what was made, or cannot take it, which is not the worker's fault. If
 * an answer was lost before, the files may have gone with it: then nobody is to blame, and the job
 * runs again. */
static void take_refusal(struct attempt *attempt, enum kn_err err, const char *text)
{
	if (attempt->was_lost)
		attempt->result = RESULT_RELEASE;
	else
		decide_failure(attempt, err != KN_ERR_INVALID,
			       err == KN_ERR_FULL ? "full" : "worker", "%s", text);
}

static void on_result(void *arg, enum kn_err err, const char *text, json_object *body)
{
	struct attempt *attempt = arg;

	(void)body;
	attempt->calls--;
	attempt->reporting = false;
	if (err == KN_OK || means_not_ours(err)) {
		if (err != KN_OK && !attempt->was_lost)
			log_msg(LOG_LEVEL_INFO, attempt->id, "the result came too late: %s", text);
		finish(attempt);
	} else if (err == KN_ERR_SHUTDOWN) {
		attempt->was_lost = true;
	} else if (err != KN_ERR_BUSY && err != KN_ERR_IN_DOUBT &&
		   attempt->result == RESULT_COMPLETE) {
		take_refusal(attempt, err, text);
	} else {
		attempt->was_lost |= err == KN_ERR_IN_DOUBT; /* it may have been taken */
		log_msg(LOG_LEVEL_WARN, attempt->id, "cannot report yet: %s", text);
		attempt->report_at = clock_mono_us() + RETRY_US;
	}
}

static json_object *result_body(struct attempt *attempt)
{
	json_object *body = named_body(attempt, NULL);

	if (attempt->result == RESULT_COMPLETE)
		json_object_object_add(body, "files", json_object_get(attempt->files));
	if (attempt->result == RESULT_FAIL) {
		json_add_string(body, "code", attempt->error_code);
		json_add_string(body, "text", attempt->error_text);
		json_object_object_add(body, "again", json_object_new_boolean(attempt->again));
	}
	return body;
}

static int64_t send_result(struct attempt *attempt, int64_t now)
{
	static const char *const ops[] = {NULL, "complete", "fail", "release"};

	/* On the same connection, so that it is heard before the end. */
	if (attempt->output.report != NULL)
		send_progress(attempt, attempt->host->results);
	if (client_call(attempt->host->results, ops[attempt->result], result_body(attempt),
			on_result, attempt) != KN_OK) {
		attempt->report_at = now + RECONNECT_US;
		return attempt->report_at;
	}
	log_msg(LOG_LEVEL_DEBUG, attempt->id, "%s is reported", ops[attempt->result]);
	attempt->calls++;
	attempt->reporting = true;
	return LOOP_NEVER;
}

int64_t attempt_report(struct attempt *attempt, int64_t now)
{
	if (attempt->verdict == VERDICT_ABANDONED) {
		finish(attempt);
		return LOOP_NEVER;
	}
	if (attempt->result == RESULT_NONE)
		decide(attempt);
	if (attempt->talking || attempt->reporting)
		return LOOP_NEVER;
	if (now < attempt->report_at)
		return attempt->report_at;
	return send_result(attempt, now);
}
