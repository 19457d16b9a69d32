/* What workers and clients do to jobs, on a real store and real files. */
#include "work_store.h"

#include <pthread.h>

static void test_complete(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], token[TOKEN_SIZE];

	create(f, id);
	claim(f, 60, token);
	/* What is no MP4 changes nothing. */
	assert_int_equal(complete(f, id, token, "not a video", 11), KN_ERR_INVALID);
	assert_int_equal(state_of(f, id), JOB_PROCESSING);
	/* Nor does a dead token, or none from somebody who is not the extension. */
	assert_int_equal(complete(f, id, "0123456789abcdef0123456789abcdef", mp4, sizeof(mp4)),
			 KN_ERR_STALE);
	assert_int_equal(complete(f, id, NULL, mp4, sizeof(mp4)), KN_ERR_CONFLICT);
	assert_int_equal(size_at(f, "videos/%s.mp4", id), -1);

	assert_int_equal(complete(f, id, token, mp4, sizeof(mp4)), KN_OK);
	assert_int_equal(state_of(f, id), JOB_COMPLETED);
	assert_int_equal(size_at(f, "videos/%s.mp4", id), sizeof(mp4));
	/* A second answer finds the token dead. */
	assert_int_equal(complete(f, id, token, mp4, sizeof(mp4) - 1), KN_ERR_STALE);
	assert_int_equal(size_at(f, "videos/%s.mp4", id), sizeof(mp4));
	assert_int_equal(complete(f, "job_000000000000", token, mp4, sizeof(mp4)),
			 KN_ERR_NOT_FOUND);
}

static void test_complete_says_what_is_missing(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], token[TOKEN_SIZE], *why = NULL;
	struct work_file file = {.name = "poster"};
	char *path = upload(f, mp4, sizeof(mp4));

	create(f, id);
	claim(f, 60, token);
	assert_int_equal(work_complete(&f->server, id, token, NULL, 0, &why, NULL), KN_ERR_INVALID);
	assert_string_equal(why, "The asset 'video' is missing");
	free(why);
	file.path = path;
	assert_int_equal(work_attach(&f->server, id, token, &file, &why), KN_ERR_INVALID);
	assert_string_equal(why, "A job of grok_imagine has no asset 'poster'");
	free(why);
	free(path);
}

static void test_attach_then_complete(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], token[TOKEN_SIZE], *path = upload(f, mp4, sizeof(mp4));
	struct work_file file = {"video", path};
	struct job *job = NULL;

	create(f, id);
	claim(f, 60, token);
	assert_int_equal(work_attach(&f->server, id, token, &file, NULL), KN_OK);
	assert_int_equal(work_complete(&f->server, id, token, NULL, 0, NULL, &job), KN_OK);
	assert_int_equal(job->state, JOB_COMPLETED);
	assert_int_equal(job->progress, 100);
	assert_int_equal(job->assets.n, 1);
	job_free(&job);
	free(path);
}

static void test_a_replaced_file_leaves_the_record_first(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], token[TOKEN_SIZE], place[128], *path = upload(f, mp4, sizeof(mp4));
	struct work_file file = {"video", path};

	create(f, id);
	claim(f, 60, token);
	assert_int_equal(work_attach(&f->server, id, token, &file, NULL), KN_OK);
	/* Its successor cannot take its place. */
	snprintf(place, sizeof(place), "%s/%s.mp4", f->videos, id);
	assert_int_equal(unlink(place), 0);
	assert_int_equal(mkdir(place, 0700), 0);
	free(path);
	file.path = path = upload(f, mp4, sizeof(mp4));
	assert_int_not_equal(work_attach(&f->server, id, token, &file, NULL), KN_OK);
	assert_int_equal(work_complete(&f->server, id, token, NULL, 0, NULL, NULL), KN_ERR_INVALID);
	free(path);
}

static void test_a_retried_job_begins_without_files(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], token[TOKEN_SIZE], *path = upload(f, mp4, sizeof(mp4));
	struct work_file file = {"video", path};

	create(f, id);
	claim(f, 60, token);
	assert_int_equal(work_attach(&f->server, id, token, &file, NULL), KN_OK);
	assert_int_equal(work_fail(&f->server, id, token, "worker", "no", false, NULL), KN_OK);
	assert_int_equal(work_retry(&f->server, id, NULL), KN_OK);
	assert_int_equal(size_at(f, "videos/%s.mp4", id), -1);
	claim(f, 60, token);
	assert_int_equal(work_complete(&f->server, id, token, NULL, 0, NULL, NULL), KN_ERR_INVALID);
	free(path);
}

static void test_progress_never_falls(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], token[TOKEN_SIZE];
	const char *lines[] = {"one", "two"};
	struct work_progress report = {.progress = 40, .stage = "render", .log = lines, .log_n = 2};
	struct job *job = NULL;
	int64_t until;

	create(f, id);
	claim(f, 60, token);
	report.lease_seconds = 1000;
	assert_int_equal(work_progress(&f->server, id, token, &report, &job), KN_OK);
	assert_int_equal(job->progress, 40);
	assert_string_equal(job->stage, "render");
	assert_string_equal(job->log, "one\ntwo\n");
	assert_true(job->began >= job->started);
	until = job->lease.until;
	assert_true(until > clock_wall_us() + 900 * USEC_PER_SEC);
	job_free(&job);
	report = (struct work_progress){.progress = 10};
	assert_int_equal(work_progress(&f->server, id, token, &report, &job), KN_OK);
	assert_int_equal(job->progress, 40);
	assert_true(job->lease.until == until);
	job_free(&job);
	report.lease_seconds = WORK_LEASE_AS_CLAIMED;
	assert_int_equal(work_progress(&f->server, id, token, &report, &job), KN_OK);
	assert_true(job->lease.until < until - 900 * USEC_PER_SEC);
	assert_true(job->lease.until > clock_wall_us() + 50 * USEC_PER_SEC);
	job_free(&job);
}

static enum kn_err lose(struct store_txn *txn, void *arg)
{
	char room[ID_SIZE];
	const char *key = job_key(txn->store, arg, room);

	return txn_delete(txn, TABLE_JOBS, key, strlen(key));
}

/* A queue that is stuck does not look like one that is empty. */
static void test_a_lost_record_is_told_of(void **state)
{
	struct fixture *f = *state;
	struct job *job = NULL;
	char id[ID_SIZE];

	assert_int_equal(work_claim(&f->server, grok, 1, "tester", 60, &job), KN_ERR_NOT_FOUND);
	create(f, id);
	assert_int_equal(store_write(f->server.store, lose, id, STORE_FLUSHED), KN_OK);
	assert_int_equal(work_claim(&f->server, grok, 1, "tester", 60, &job), KN_ERR_CORRUPT);
}

static void test_fail(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], token[TOKEN_SIZE], text[3001];
	struct job *job = NULL;
	int64_t before;

	create(f, id);
	claim(f, 60, token);
	before = clock_wall_us();
	assert_int_equal(work_fail(&f->server, id, token, "gpu", "no memory", true, &job), KN_OK);
	assert_int_equal(job->state, JOB_QUEUED);
	assert_true(job->run_at >= before + USEC_PER_SEC);
	assert_string_equal(job->log, "Attempt 1 of 2 by tester: no memory\n");
	job_free(&job);

	create(f, id);
	claim(f, 60, token);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(work_fail(&f->server, id, token, "gpu", text, false, &job), KN_OK);
	assert_int_equal(job->state, JOB_FAILED);
	assert_string_equal(job->error_code, "gpu");
	assert_int_equal(strlen(job->error_text), 2000);
	job_free(&job);
	assert_int_equal(work_fail(&f->server, id, token, "gpu", "again", false, NULL),
			 KN_ERR_STALE);
	assert_int_equal(work_retry(&f->server, id, &job), KN_OK);
	assert_int_equal(job->state, JOB_QUEUED);
	assert_null(job->error_text);
	job_free(&job);
}

static void test_release_forgets_attempt_and_files(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], token[TOKEN_SIZE], *path = upload(f, mp4, sizeof(mp4));
	struct work_file file = {"video", path};
	struct job *job;

	create(f, id);
	claim(f, 60, token);
	assert_int_equal(work_attach(&f->server, id, token, &file, NULL), KN_OK);
	assert_int_equal(size_at(f, "videos/%s.mp4", id), sizeof(mp4));
	assert_int_equal(work_release(&f->server, id, token), KN_OK);
	assert_int_equal(size_at(f, "videos/%s.mp4", id), -1);
	job = get(f, id);
	assert_int_equal(job->state, JOB_QUEUED);
	assert_int_equal(job->attempt, 0);
	assert_int_equal(job->assets.n, 0);
	job_free(&job);
	claim(f, 60, token); /* at once */
	free(path);
}

static void test_cancel(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], token[TOKEN_SIZE];

	create(f, id);
	assert_int_equal(work_cancel(&f->server, id, false, NULL), KN_OK);
	assert_int_equal(state_of(f, id), JOB_CANCELLED);
	assert_int_equal(work_cancel(&f->server, id, true, NULL), KN_ERR_CONFLICT);
	create(f, id);
	claim(f, 60, token);
	assert_int_equal(work_cancel(&f->server, id, false, NULL), KN_ERR_CONFLICT);
	assert_int_equal(work_cancel(&f->server, id, true, NULL), KN_OK);
	assert_int_equal(complete(f, id, token, mp4, sizeof(mp4)), KN_ERR_STALE);
}

static void test_files_go_and_the_job_stays(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], token[TOKEN_SIZE];
	struct job *job = NULL;
	bool more;

	create(f, id);
	assert_int_equal(work_expire_files(&f->server, id, NULL), KN_ERR_CONFLICT);
	claim(f, 60, token);
	assert_int_equal(complete(f, id, token, mp4, sizeof(mp4)), KN_OK);
	assert_int_equal(retain(f, clock_wall_us() + 6 * USEC_PER_DAY, &more), 0);
	assert_int_equal(retain(f, clock_wall_us() + 8 * USEC_PER_DAY, &more), 1);
	assert_int_equal(size_at(f, "videos/%s.mp4", id), -1);
	job = get(f, id);
	assert_int_equal(job->state, JOB_COMPLETED);
	assert_true(job->expired > 0);
	job_free(&job);
	assert_int_equal(work_expire_files(&f->server, id, NULL), KN_ERR_GONE);
	assert_int_equal(work_delete(&f->server, id), KN_OK);
	assert_int_equal(work_delete(&f->server, id), KN_ERR_NOT_FOUND);
}

static enum kn_err create_with_key(struct fixture *f, const char *prompt, const char *key,
				   char id[ID_SIZE], bool *replayed)
{
	struct job *job = job_new(JOB_GROK_IMAGINE, "grok");
	enum kn_err err;

	job_set(&job->prompt, prompt);
	err = work_create(&f->server, &job, key, replayed);
	memcpy(id, job->id, ID_SIZE);
	job_free(&job);
	return err;
}

static void test_idempotency_key(void **state)
{
	struct fixture *f = *state;
	char first[ID_SIZE], second[ID_SIZE];
	size_t forgotten;
	bool replayed;

	assert_int_equal(create_with_key(f, "a cat", "K", first, &replayed), KN_OK);
	assert_false(replayed);
	assert_int_equal(create_with_key(f, "a cat", "K", second, &replayed), KN_OK);
	assert_true(replayed);
	assert_string_equal(first, second);
	assert_int_equal(create_with_key(f, "a dog", "K", second, &replayed), KN_ERR_UNPROCESSABLE);
	assert_int_equal(create_with_key(f, "a dog", "L", second, &replayed), KN_OK);
	assert_string_not_equal(first, second);
	assert_int_equal(create_with_key(f, "a dog", "", second, &replayed), KN_ERR_INVALID);

	assert_int_equal(
		work_forget_keys(&f->server, clock_wall_us() + USEC_PER_DAY / 2, &forgotten),
		KN_OK);
	assert_int_equal(forgotten, 0);
	assert_int_equal(create_with_key(f, "a dog", "K", second, &replayed), KN_ERR_UNPROCESSABLE);
	assert_int_equal(
		work_forget_keys(&f->server, clock_wall_us() + 2 * USEC_PER_DAY, &forgotten),
		KN_OK);
	assert_int_equal(forgotten, 2);
	assert_int_equal(create_with_key(f, "a dog", "K", second, &replayed), KN_OK);
	assert_false(replayed);
}

static enum kn_err create_counted(struct fixture *f, const char *prompt, const char *key)
{
	const struct work_quota quota = {.counter = "jobs/today", .limit = 2};
	struct job *job = job_new(JOB_GROK_IMAGINE, "grok");
	bool replayed;
	enum kn_err err;

	job_set(&job->prompt, prompt);
	err = work_create_counted(&f->server, &job, key, &quota, &replayed);
	job_free(&job);
	return err;
}

/* A repeated request costs nothing, and is answered also when the quota is used up. */
static void test_quota(void **state)
{
	struct fixture *f = *state;
	uint64_t jobs;
	int64_t count;

	assert_int_equal(create_counted(f, "a cat", "K"), KN_OK);
	assert_int_equal(create_counted(f, "a cat", "K"), KN_OK);
	assert_int_equal(create_counted(f, "a dog", NULL), KN_OK);
	assert_int_equal(create_counted(f, "a cow", NULL), KN_ERR_LIMIT);
	assert_int_equal(create_counted(f, "a cow", "L"), KN_ERR_LIMIT);
	assert_int_equal(create_counted(f, "a cat", "K"), KN_OK);
	assert_int_equal(store_counter_get(f->server.store, "jobs/today", &count), KN_OK);
	assert_int_equal(count, 2);
	assert_int_equal(store_job_count(f->server.store, -1, -1, NULL, &jobs), KN_OK);
	assert_int_equal(jobs, 2);
}

static void test_input_of_a_refused_job_is_removed(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], *path = upload(f, "x", 1);
	struct job *job = job_new(JOB_GROK_IMAGINE, "grok");
	bool replayed;

	assert_int_equal(create_with_key(f, "a cat", "K", id, &replayed), KN_OK);
	store_draw_id(f->server.store, job->api, job->id);
	memcpy(id, job->id, ID_SIZE);
	assert_int_equal(work_add_input(&f->server, job, "image", path, "image/png"), KN_OK);
	assert_int_equal(size_at(f, "jobs/%s/input-image.png", id), 1);
	job_set(&job->prompt, "a dog");
	assert_int_equal(work_create(&f->server, &job, "K", &replayed), KN_ERR_UNPROCESSABLE);
	assert_int_equal(size_at(f, "jobs/%s/input-image.png", id), -1);
	job_free(&job);
	free(path);
}

struct racer {
	struct fixture *f;
	const char *id, *token;
	enum kn_err err;
};

static void *race(void *arg)
{
	struct racer *racer = arg;

	racer->err = complete(racer->f, racer->id, racer->token, mp4, sizeof(mp4));
	return NULL;
}

static void test_one_of_many_answers_wins(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], token[TOKEN_SIZE];
	struct racer racers[8];
	pthread_t threads[8];
	int won = 0;

	create(f, id);
	claim(f, 60, token);
	for (int i = 0; i < 8; i++) {
		racers[i] = (struct racer){f, id, token, KN_OK};
		pthread_create(&threads[i], NULL, race, &racers[i]);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		won += racers[i].err == KN_OK;
	}
	assert_int_equal(won, 1);
	assert_int_equal(size_at(f, "videos/%s.mp4", id), sizeof(mp4));
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_complete),
		WITH_STORE(test_complete_says_what_is_missing),
		WITH_STORE(test_attach_then_complete),
		WITH_STORE(test_a_replaced_file_leaves_the_record_first),
		WITH_STORE(test_a_retried_job_begins_without_files),
		WITH_STORE(test_progress_never_falls),
		WITH_STORE(test_a_lost_record_is_told_of),
		WITH_STORE(test_fail),
		WITH_STORE(test_release_forgets_attempt_and_files),
		WITH_STORE(test_cancel),
		WITH_STORE(test_files_go_and_the_job_stays),
		WITH_STORE(test_idempotency_key),
		WITH_STORE(test_quota),
		WITH_STORE(test_input_of_a_refused_job_is_removed),
		WITH_STORE(test_one_of_many_answers_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
