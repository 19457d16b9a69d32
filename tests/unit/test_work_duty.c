/* What time does to jobs: leases, attempts, age. */
#include "work_store.h"

static void test_lost_lease_goes_back_then_fails(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], first[TOKEN_SIZE], second[TOKEN_SIZE];
	struct job *job = NULL;
	int64_t now, next;
	size_t reaped;

	create(f, id);
	claim(f, 5, first);
	assert_int_equal(work_reap(&f->server, clock_wall_us(), &reaped, &next), KN_OK);
	assert_int_equal(reaped, 0);
	assert_true(next < clock_wall_us() + 5 * USEC_PER_SEC);
	now = clock_wall_us() + 6 * USEC_PER_SEC;
	assert_int_equal(work_reap(&f->server, now, &reaped, &next), KN_OK);
	assert_int_equal(reaped, 1);
	job = get(f, id);
	assert_int_equal(job->state, JOB_QUEUED);
	assert_true(job->run_at >= now + USEC_PER_SEC && job->run_at <= now + 2 * USEC_PER_SEC);
	assert_string_equal(job->log, "Attempt 1 of 2 by tester: no response in 5 seconds\n");
	job_free(&job);
	/* It waits for its backoff, so give it back what a claim needs: an administrator's
	 * patience. */
	assert_int_equal(work_claim(&f->server, grok, 1, "tester", 5, &job), KN_ERR_NOT_FOUND);
	assert_int_equal(complete(f, id, first, mp4, sizeof(mp4)), KN_ERR_STALE);
	while (work_claim(&f->server, grok, 1, "tester", 5, &job) == KN_ERR_NOT_FOUND &&
	       clock_wall_us() < now + 60 * USEC_PER_SEC)
		usleep(50000);
	assert_non_null(job);
	memcpy(second, job->lease.token, sizeof(second));
	job_free(&job);
	assert_int_equal(work_reap(&f->server, clock_wall_us() + 6 * USEC_PER_SEC, &reaped, &next),
			 KN_OK);
	job = get(f, id);
	assert_int_equal(job->state, JOB_FAILED);
	assert_string_equal(job->error_code, "timeout");
	assert_string_equal(job->error_text,
			    "Job timed out: no response from the worker in 5 seconds");
	assert_string_equal(job->log, "Attempt 1 of 2 by tester: no response in 5 seconds\n"
				      "Attempt 2 of 2 by tester: Job timed out: no response from "
				      "the worker in 5 seconds\n");
	job_free(&job);
	assert_int_equal(complete(f, id, second, mp4, sizeof(mp4)), KN_ERR_STALE);
}

static enum kn_err damage(struct store_txn *txn, void *arg)
{
	char room[ID_SIZE];
	const char *key = job_key(txn->store, arg, room);

	return txn_put(txn, TABLE_JOBS, key, strlen(key), "x", 1, 0);
}

/* Its lease is never ended, but those of all others are. */
static void test_a_damaged_record_stops_no_duty(void **state)
{
	struct fixture *f = *state;
	char ids[2][ID_SIZE], token[TOKEN_SIZE];
	int64_t later = clock_wall_us() + USEC_PER_DAY, next;
	size_t reaped;
	bool more;

	for (int i = 0; i < 2; i++) {
		create(f, ids[i]);
		claim(f, 60, token);
	}
	assert_int_equal(store_write(f->server.store, damage, ids[0], STORE_FLUSHED), KN_OK);
	assert_int_equal(work_reap(&f->server, later, &reaped, &next), KN_OK);
	assert_int_equal(reaped, 1);
	assert_int_equal(state_of(f, ids[1]), JOB_QUEUED);
	create(f, ids[0]);
	assert_int_equal(store_write(f->server.store, damage, ids[0], STORE_FLUSHED), KN_OK);
	create(f, ids[1]);
	f->conf.max_queue_seconds = 60;
	retain(f, later, &more);
	assert_int_equal(state_of(f, ids[1]), JOB_FAILED);
}

static void complete_model(struct fixture *f, char id[ID_SIZE])
{
	static const char *const models[] = {"grok_3d/default"};
	static const struct {
		const char *name, *bytes;
		size_t len;
	} made[] = {{"image", "\211PNG\r\n\032\n\0\0\0\015IHDR", 16},
		    {"glb", "glTF\2\0\0\0\14\0\0\0", 12},
		    {"usdz",
		     "PK\3\4\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\012\0\0\0model.usda", 40}};
	struct job *job = job_new(JOB_GROK_3D, "default"), *claimed = NULL;
	struct work_file files[3];
	char *paths[3];
	bool replayed;

	job_set(&job->prompt, "a cat");
	assert_int_equal(work_create(&f->server, &job, NULL, &replayed), KN_OK);
	job_free(&job);
	assert_int_equal(work_claim(&f->server, models, 1, "tester", 60, &claimed), KN_OK);
	for (int i = 0; i < 3; i++) {
		paths[i] = upload(f, made[i].bytes, made[i].len);
		files[i] = (struct work_file){made[i].name, paths[i]};
	}
	assert_int_equal(
		work_complete(&f->server, claimed->id, claimed->lease.token, files, 3, NULL, NULL),
		KN_OK);
	for (int i = 0; i < 3; i++)
		free(paths[i]);
	memcpy(id, claimed->id, ID_SIZE);
	job_free(&claimed);
}

static void test_models_stay_unless_their_age_is_set(void **state)
{
	struct fixture *f = *state;
	int64_t made = clock_wall_us();
	char id[ID_SIZE];
	bool more;

	complete_model(f, id);
	assert_int_equal(retain(f, made + 3650 * USEC_PER_DAY, &more), 0);
	f->conf.max_model_age_days = 30;
	assert_int_equal(retain(f, made + 29 * USEC_PER_DAY, &more), 0);
	assert_int_equal(size_at(f, "jobs/%s/glb.glb", id), 12);
	assert_int_equal(retain(f, made + 31 * USEC_PER_DAY, &more), 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(size_at(f,
					 (const char *[]){"jobs/%s/image.png", "jobs/%s/glb.glb",
							  "jobs/%s/usdz.usdz"}[i],
					 id),
				 -1);
	assert_int_equal(state_of(f, id), JOB_COMPLETED);
}

static enum kn_err rewrite(struct store_txn *txn, void *arg)
{
	struct job **jobs = arg;

	return store_txn_job_put(txn, jobs[0], jobs[1]);
}

static enum kn_err insert(struct store_txn *txn, void *arg)
{
	return store_txn_job_put(txn, NULL, arg);
}

static uint64_t queued(struct fixture *f)
{
	uint64_t n;

	assert_int_equal(store_job_count(f->server.store, JOB_GROK_IMAGINE, JOB_QUEUED, NULL, &n),
			 KN_OK);
	return n;
}

/* Makes the job an hour older than it is. */
static void age(struct fixture *f, const char *id)
{
	struct job *jobs[] = {get(f, id), get(f, id)};

	jobs[1]->created -= 3600 * USEC_PER_SEC;
	jobs[1]->updated -= 3600 * USEC_PER_SEC;
	jobs[1]->run_at -= 3600 * USEC_PER_SEC;
	assert_int_equal(store_write(f->server.store, rewrite, jobs, STORE_FLUSHED), KN_OK);
	job_free(&jobs[0]);
	job_free(&jobs[1]);
}

static void expect_gone(struct fixture *f, const char *id)
{
	struct job *job = NULL;

	assert_int_equal(store_job_get(f->server.store, id, &job), KN_ERR_NOT_FOUND);
}

/* Whatever they ended as, and with what is left of their files. */
static void test_jobs_stay_unless_their_age_is_set(void **state)
{
	struct fixture *f = *state;
	int64_t made = clock_wall_us(), old = made + 41 * USEC_PER_DAY;
	char model[ID_SIZE], failed[ID_SIZE], cancelled[ID_SIZE], waiting[ID_SIZE],
		token[TOKEN_SIZE];
	bool more;

	complete_model(f, model);
	create(f, failed);
	claim(f, 60, token);
	assert_int_equal(work_fail(&f->server, failed, token, "broken", "It broke", false, NULL),
			 KN_OK);
	create(f, cancelled);
	assert_int_equal(work_cancel(&f->server, cancelled, false, NULL), KN_OK);
	create(f, waiting);
	retain(f, made + 3650 * USEC_PER_DAY, &more);
	assert_int_equal(state_of(f, failed), JOB_FAILED);
	f->conf.max_job_age_days = 40;
	retain(f, made + 39 * USEC_PER_DAY, &more);
	assert_int_equal(state_of(f, failed), JOB_FAILED);
	assert_int_equal(state_of(f, cancelled), JOB_CANCELLED);
	assert_int_equal(size_at(f, "jobs/%s/glb.glb", model), 12);
	assert_int_equal(retain(f, old, &more), 3);
	expect_gone(f, model);
	expect_gone(f, failed);
	expect_gone(f, cancelled);
	assert_int_equal(size_at(f, "jobs/%s/glb.glb", model), -1);
	assert_int_equal(state_of(f, waiting), JOB_QUEUED);
}

/* What counts is when it ended, and what it is by now. */
static void test_an_old_job_that_ended_lately_stays(void **state)
{
	struct fixture *f = *state;
	char retried[ID_SIZE], late[ID_SIZE], token[TOKEN_SIZE];
	int64_t now = clock_wall_us();
	bool more;

	f->conf.max_job_age_days = 1;
	create(f, retried);
	claim(f, 60, token);
	assert_int_equal(work_fail(&f->server, retried, token, "broken", "It broke", false, NULL),
			 KN_OK);
	for (int i = 0; i < 30; i++)
		age(f, retried);
	assert_int_equal(work_retry(&f->server, retried, NULL), KN_OK);
	assert_int_equal(retain(f, now, &more), 0);
	claim(f, 60, token);
	assert_int_equal(work_fail(&f->server, retried, token, "broken", "It broke", false, NULL),
			 KN_OK);
	create(f, late);
	assert_int_equal(retain(f, now, &more), 0);
	assert_int_equal(state_of(f, retried), JOB_FAILED);
	assert_int_equal(retain(f, now + 2 * USEC_PER_DAY, &more), 1);
	expect_gone(f, retried);
	assert_int_equal(state_of(f, late), JOB_QUEUED);
}

static void test_queue_timeout(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE];
	struct job *job;
	bool more;

	create(f, id);
	retain(f, clock_wall_us() + USEC_PER_DAY, &more);
	assert_int_equal(state_of(f, id), JOB_QUEUED); /* jobs wait as long as it takes */
	f->conf.max_queue_seconds = 60;
	retain(f, clock_wall_us() + 61 * USEC_PER_SEC, &more);
	job = get(f, id);
	assert_int_equal(job->state, JOB_FAILED);
	assert_string_equal(job->error_text, "Job timed out: no worker took it within 60 seconds");
	job_free(&job);
}

/* What counts is how long it has waited, not when it was made. */
static void test_queue_timeout_of_a_job_that_came_back(void **state)
{
	struct fixture *f = *state;
	char id[ID_SIZE], token[TOKEN_SIZE];
	bool more;

	f->conf.max_queue_seconds = 60;
	create(f, id);
	age(f, id);
	claim(f, 60, token);
	assert_int_equal(work_release(&f->server, id, token), KN_OK);
	retain(f, clock_wall_us() + 5 * USEC_PER_SEC, &more);
	assert_int_equal(state_of(f, id), JOB_QUEUED);
	retain(f, clock_wall_us() + 61 * USEC_PER_SEC, &more);
	assert_int_equal(state_of(f, id), JOB_FAILED);
}

/* As many came back lately as a call looks at, and more: those behind them have their turn, too. */
static void test_queue_timeout_behind_many_that_came_back(void **state)
{
	enum { BACK = 5000 };
	struct fixture *f = *state;
	int64_t now = clock_wall_us();
	char last[ID_SIZE];
	bool more;
	int calls;

	for (int i = 0; i < BACK; i++) {
		struct job *job = job_new(JOB_GROK_IMAGINE, "grok");

		job_set(&job->prompt, "a cat");
		job->created = now - 7200 * USEC_PER_SEC + i;
		job->updated = now;
		store_draw_id(f->server.store, job->api, job->id);
		assert_int_equal(store_write(f->server.store, insert, job, STORE_LAZY), KN_OK);
		job_free(&job);
	}
	create(f, last);
	age(f, last);
	f->conf.max_queue_seconds = 60;
	for (calls = 0; state_of(f, last) == JOB_QUEUED && calls < 10; calls++)
		retain(f, now + USEC_PER_SEC, &more);
	assert_int_equal(state_of(f, last), JOB_FAILED);
	assert_int_equal(calls, 2);
	/* Their turn comes again. */
	now += 61 * USEC_PER_SEC;
	for (calls = 0, more = true; more && calls < BACK; calls++)
		retain(f, now, &more);
	assert_int_equal(queued(f), 0);
	assert_in_range(calls, BACK / WORK_DUTY_BATCH, BACK / WORK_DUTY_BATCH + 2);
}

static void test_backoff(void **state)
{
	(void)state;
	for (int attempt = 1; attempt < 40; attempt++) {
		int64_t full =
			attempt < 9 ? (INT64_C(1) << attempt) * USEC_PER_SEC : 300 * USEC_PER_SEC;
		int64_t wait = work_backoff_us(attempt);

		full = full > 300 * USEC_PER_SEC ? 300 * USEC_PER_SEC : full;
		assert_true(wait >= full / 2 && wait <= full);
	}
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_lost_lease_goes_back_then_fails),
		WITH_STORE(test_a_damaged_record_stops_no_duty),
		WITH_STORE(test_models_stay_unless_their_age_is_set),
		WITH_STORE(test_jobs_stay_unless_their_age_is_set),
		WITH_STORE(test_an_old_job_that_ended_lately_stays),
		WITH_STORE(test_queue_timeout),
		WITH_STORE(test_queue_timeout_of_a_job_that_came_back),
		WITH_STORE(test_queue_timeout_behind_many_that_came_back),
		cmocka_unit_test(test_backoff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
