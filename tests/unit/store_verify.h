/* A store with jobs in every state, ways to plant damage in it, and what verify says of that. */
#ifndef TESTS_STORE_VERIFY_H
#define TESTS_STORE_VERIFY_H

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/job_codec.h"
#include "lib/store/store_priv.h"
#include "store_dir.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JOBS = 40 };

struct fixture {
	char dir[STORE_DIR_SIZE], copy[PATH_MAX];
	struct store *store;
	char queued[ID_SIZE], processing[ID_SIZE], completed[ID_SIZE];
	int faults;
	char kind[32], text[600]; /* of the first */
	uint64_t jobs;
	atomic_bool enough; /* of compactions */
};

static inline void open_store(struct fixture *f)
{
	f->store = store_dir_open(f->dir);
}

static inline enum kn_err complete(struct job *job, void *arg)
{
	struct job_file video = {
		.name = arg, .mime = "video/mp4", .path = "videos/x.mp4", .bytes = 1};
	enum kn_err err = job_transition(job, JOB_COMPLETED, JOB_BY_RESULT, clock_wall_us());

	return err == KN_OK ? job_files_put(&job->assets, &video) : err;
}

static inline void claim(struct fixture *f, char id[ID_SIZE])
{
	const char *class_name = "grok_imagine/grok";
	struct store_claim claim = {&class_name, 1, "test", 60 * USEC_PER_SEC};
	struct job *job;

	assert_int_equal(store_job_claim(f->store, &claim, &job), KN_OK);
	memcpy(id, job->id, ID_SIZE);
	job_free(&job);
}

static inline void fill(struct fixture *f)
{
	for (int i = 0; i < JOBS; i++) {
		struct job *job = job_new(JOB_GROK_IMAGINE, "grok");

		job_set(&job->prompt, "a cat");
		job_set(&job->owner, i % 2 ? "ann" : NULL);
		assert_int_equal(store_job_create(f->store, job), KN_OK);
		memcpy(f->queued, job->id, ID_SIZE);
		job_free(&job);
	}
	claim(f, f->processing);
	claim(f, f->completed);
	assert_int_equal(
		store_job_change(f->store, f->completed, complete, "video", STORE_FLUSHED, NULL),
		KN_OK);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	store_dir_make(f->dir);
	open_store(f);
	fill(f);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	store_dir_remove(f->dir, &f->store);
	if (f->copy[0] != '\0')
		fs_remove_tree(f->copy);
	free(f);
	return 0;
}

/* --- looking --- */

static inline void on_fault(void *arg, const char *kind, const char *id, const char *text)
{
	struct fixture *f = arg;

	if (f->faults++ > 0)
		return;
	snprintf(f->kind, sizeof(f->kind), "%s", kind);
	snprintf(f->text, sizeof(f->text), "%s %s", id != NULL ? id : "", text);
}

static inline enum kn_err verify(struct fixture *f, const char *dir, bool is_copy)
{
	const struct store_verify options = {.fault = on_fault, .arg = f, .is_copy = is_copy};

	f->faults = 0;
	f->kind[0] = f->text[0] = '\0';
	return store_verify(dir, &options, &f->jobs);
}

static inline void expect_sound_of(struct fixture *f, uint64_t jobs)
{
	store_close(&f->store);
	assert_int_equal(verify(f, f->dir, false), KN_OK);
	assert_string_equal(f->text, "");
	assert_int_equal(f->jobs, jobs);
}

static inline void expect_sound(struct fixture *f)
{
	expect_sound_of(f, JOBS);
}

static inline void expect(struct fixture *f, const char *kind, const char *words)
{
	store_close(&f->store);
	assert_int_equal(verify(f, f->dir, false), KN_OK);
	assert_string_equal(f->kind, kind);
	if (strstr(f->text, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, f->text);
}

/* --- planting --- */

struct plant {
	int table;
	struct key key;
	const void *data; /* NULL: delete it */
	size_t len;
};

static inline enum kn_err run_plant(struct store_txn *txn, void *arg)
{
	const struct plant *p = arg;

	if (p->data == NULL)
		return txn_delete(txn, p->table, p->key.data, p->key.len);
	return txn_put(txn, p->table, p->key.data, p->key.len, p->data, p->len, 0);
}

static inline void plant(struct fixture *f, int table, const struct key *key, const void *data,
			 size_t len)
{
	struct plant p = {table, *key, data, len};

	assert_int_equal(store_write(f->store, run_plant, &p, STORE_FLUSHED), KN_OK);
}

/* Key and columns of the job's first entry in the table. */
static inline struct key entry_of(struct fixture *f, const char *id, int table)
{
	struct key key = {.len = 0};
	struct index_entries entries;
	struct job *job;

	assert_int_equal(store_job_get(f->store, id, &job), KN_OK);
	index_entries(job, &entries);
	for (size_t i = 0; i < entries.n && key.len == 0; i++)
		if (entries.v[i].table == table)
			key = entries.v[i].key;
	assert_true(key.len > 0);
	free(entries.columns.data);
	job_free(&job);
	return key;
}

static inline struct key id_key(const char *id)
{
	struct key key = {.len = 0};

	key_put(&key, id, strlen(id));
	return key;
}

static inline enum kn_err run_put_job(struct store_txn *txn, void *arg)
{
	struct job **jobs = arg;

	return store_txn_job_put(txn, jobs[0], jobs[1]);
}

/* Writes the job as change() leaves it, indices and all: only its state is wrong then. */
static inline void change_job(struct fixture *f, const char *id, void (*change)(struct job *job))
{
	struct job *jobs[2];

	assert_int_equal(store_job_get(f->store, id, &jobs[0]), KN_OK);
	jobs[1] = job_copy(jobs[0]);
	change(jobs[1]);
	assert_int_equal(store_write(f->store, run_put_job, jobs, STORE_FLUSHED), KN_OK);
	job_free(&jobs[0]);
	job_free(&jobs[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
