/* Work on a real store and real files: a server without its threads, and what tests do with it. */
#ifndef TESTS_WORK_STORE_H
#define TESTS_WORK_STORE_H

#include "fcgi/events.h"
#include "fcgi/work.h"
#include "fcgi/work_priv.h"
#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/fs.h"
#include "lib/store/store_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const grok[] = {"grok_imagine/grok"};
static const unsigned char mp4[] = "\0\0\0\030ftypmp42\0\0\0\0mp42isom\0\0\0\010free";

struct fixture {
	char dir[64], store[80], videos[80];
	struct conf conf;
	struct conf_worker worker;
	char *serves[1];
	struct server server;
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct store_options options = {.dir = f->store};

	strcpy(f->dir, "/tmp/kinora-work-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->store, sizeof(f->store), "%s/store", f->dir);
	snprintf(f->videos, sizeof(f->videos), "%s/videos", f->dir);
	f->conf.data_path = f->dir;
	f->conf.video_storage_path = f->videos;
	f->conf.max_video_age_days = 7;
	f->serves[0] = strdup(grok[0]);
	f->worker = (struct conf_worker){.serves = f->serves, .serves_n = 1, .attempts = 2};
	f->conf.workers = &f->worker;
	f->conf.workers_n = 1;
	f->server.conf = &f->conf;
	f->server.events = events_new();
	options.on_change = events_on_change;
	options.on_change_arg = f->server.events;
	assert_int_equal(asset_prepare(&f->conf), KN_OK);
	assert_int_equal(store_open(&options, &f->server.store), KN_OK);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(&f->server.store);
	events_free(&f->server.events);
	fs_remove_tree(f->dir);
	free(f->serves[0]);
	free(f);
	return 0;
}

static inline void create(struct fixture *f, char id[ID_SIZE])
{
	struct job *job = job_new(JOB_GROK_IMAGINE, "grok");
	bool replayed;

	job_set(&job->prompt, "a cat");
	assert_int_equal(work_create(&f->server, &job, NULL, &replayed), KN_OK);
	memcpy(id, job->id, ID_SIZE);
	job_free(&job);
}

static inline void claim(struct fixture *f, int64_t lease, char token[TOKEN_SIZE])
{
	struct job *job = NULL;

	assert_int_equal(work_claim(&f->server, grok, 1, "tester", lease, &job), KN_OK);
	memcpy(token, job->lease.token, TOKEN_SIZE);
	job_free(&job);
}

/* A file as an upload leaves it. */
static inline char *upload(struct fixture *f, const void *data, size_t len)
{
	char *path;
	int fd;

	assert_int_equal(asset_spool(&f->conf, &fd, &path), KN_OK);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
	return path;
}

static inline enum kn_err complete(struct fixture *f, const char *id, const char *token,
				   const void *data, size_t len)
{
	struct work_file file = {.name = "video"};
	char *path = upload(f, data, len);
	enum kn_err err;

	file.path = path;
	err = work_complete(&f->server, id, token, &file, 1, NULL, NULL);
	assert_int_not_equal(access(path, F_OK), 0); /* consumed in every case */
	free(path);
	return err;
}

static inline struct job *get(struct fixture *f, const char *id)
{
	struct job *job = NULL;

	assert_int_equal(store_job_get(f->server.store, id, &job), KN_OK);
	return job;
}

static inline enum job_state state_of(struct fixture *f, const char *id)
{
	struct job *job = get(f, id);
	enum job_state is = job->state;

	job_free(&job);
	return is;
}

/* How many jobs were past their time. */
static inline size_t retain(struct fixture *f, int64_t now, bool *more)
{
	size_t removed;

	assert_int_equal(work_retain(&f->server, now, &removed, more), KN_OK);
	return removed;
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static inline off_t size_at(const struct fixture *f, const char *rel_format, const char *id)
{
	char rel[128], path[PATH_MAX];
	struct stat st;

	snprintf(rel, sizeof(rel), rel_format, id);
	assert_int_equal(asset_path(&f->conf, rel, path), KN_OK);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

#endif
