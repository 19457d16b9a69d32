#include "janitor.h"

#include "client.h"
#include "mounts.h"
#include "lib/asset.h"
#include "lib/clock.h"
#include "lib/file_walk.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/log_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUND_EVERY_US (3600 * USEC_PER_SEC)
#define LOOK_AGAIN_US (60 * USEC_PER_SEC)
#define STEP_EVERY_US (50 * USEC_PER_MSEC)

enum { BATCH = 200 };

enum stage { LOGS, FILES, RECORDS, RESTING };

struct janitor {
	const struct conf *conf;
	struct client *client;
	struct client_events events;
	enum stage stage;
	struct file_walk walk;
	int64_t before; /* RECORDS: when the jobs of the next page were made; 0 at the beginning */
	bool asking;
	int64_t step_at;
	int64_t removed, expired; /* in this round */
};

/* --- logs --- */

static void step_logs(struct janitor *janitor)
{
	const struct conf *conf = janitor->conf;
	int64_t before = clock_wall_us() - conf->max_log_age_days * USEC_PER_DAY;
	size_t n = conf->max_log_age_days > 0 ? log_files_remove(conf->log_path, before, BATCH) : 0;

	if (n > 0)
		log_info("removed %zu files of the request log: older than %lld days", n,
			 (long long)conf->max_log_age_days);
	if (n < BATCH)
		janitor->stage = FILES;
}

/* --- files without a record --- */

static void remove_file(struct janitor *janitor, const char *rel)
{
	char path[PATH_MAX], *slash;

	if (asset_path(janitor->conf, rel, path) != KN_OK || fs_remove(path) != KN_OK)
		return;
	log_info("removed %s: no job has it", path);
	janitor->removed++;
	slash = strrchr(path, '/');
	*slash = '\0';
	if (strncmp(rel, "jobs/", 5) == 0)
		rmdir(path); /* fails while other files are in it */
}

/* What a crash left between a directory and its first file, or its last one. */
static void remove_empty(struct janitor *janitor, const char *rel)
{
	char path[PATH_MAX];

	if (asset_path(janitor->conf, rel, path) == KN_OK)
		rmdir(path);
}

static void on_orphans(void *arg, enum kn_err err, const char *text, json_object *body)
{
	struct janitor *janitor = arg;
	json_object *orphans = json_get_array(body, "orphans");
	size_t n = orphans != NULL ? json_object_array_length(orphans) : 0;

	janitor->asking = false;
	if (err != KN_OK && err != KN_ERR_SHUTDOWN)
		log_warn("cannot look for orphans: %s", text);
	for (size_t i = 0; i < n; i++) {
		const char *rel = json_object_get_string(json_object_array_get_idx(orphans, i));

		if (rel != NULL)
			remove_file(janitor, rel);
	}
}

static void step_files(struct janitor *janitor)
{
	json_object *body, *paths = json_object_new_array();
	char rel[PATH_MAX];
	enum file_walked walked = FILE_WALK_NONE;

	for (int i = 0; i < BATCH; i++) {
		walked = file_walk_next(&janitor->walk, janitor->conf, rel);
		if (walked == FILE_WALK_END)
			break;
		if (walked == FILE_WALK_ONE && file_walk_is_upload(rel))
			remove_file(janitor, rel); /* no upload is silent for so long */
		else if (walked == FILE_WALK_ONE)
			json_object_array_add(paths, json_object_new_string(rel));
		else if (walked == FILE_WALK_EMPTY)
			remove_empty(janitor, rel);
	}
	if (walked == FILE_WALK_END) {
		janitor->stage = RECORDS;
		janitor->before = 0;
	}
	if (json_object_array_length(paths) == 0) {
		json_object_put(paths);
		return;
	}
	body = json_object_new_object();
	json_object_object_add(body, "paths", paths);
	janitor->asking =
		client_call(janitor->client, "orphans", body, on_orphans, janitor) == KN_OK;
}

/* --- records without a file --- */

static void rest(struct janitor *janitor)
{
	janitor->stage = RESTING;
	janitor->step_at = clock_mono_us() + ROUND_EVERY_US;
	log_debug("files and records are compared");
	if (janitor->removed > 0 || janitor->expired > 0)
		log_info("cleaned up: %lld files without a job, %lld jobs without their files",
			 (long long)janitor->removed, (long long)janitor->expired);
}

static void on_audit(void *arg, enum kn_err err, const char *text, json_object *body)
{
	struct janitor *janitor = arg;

	janitor->asking = false;
	if (err == KN_ERR_SHUTDOWN)
		return; /* the same page again */
	if (err != KN_OK)
		log_warn("cannot compare records and files: %s", text);
	janitor->expired += json_get_int(body, "expired", 0);
	janitor->before = json_get_int(body, "before", 0);
	if (janitor->before == 0)
		rest(janitor);
}

static void step_records(struct janitor *janitor)
{
	json_object *body = json_object_new_object();

	json_add_int(body, "limit", BATCH);
	if (janitor->before != 0)
		json_add_int(body, "before", janitor->before);
	janitor->asking = client_call(janitor->client, "audit", body, on_audit, janitor) == KN_OK;
}

/* --- life --- */

static void begin_round(struct janitor *janitor)
{
	janitor->stage = LOGS;
	janitor->removed = janitor->expired = 0;
	file_walk_end(&janitor->walk);
	file_walk_begin(&janitor->walk, FILE_WALK_AGE_SECONDS);
}

int64_t janitor_tick(void *arg, int64_t now)
{
	struct janitor *janitor = arg;
	int64_t next = client_tick(janitor->client, now);

	if (janitor->asking)
		return next;
	if (now < janitor->step_at)
		return janitor->step_at < next ? janitor->step_at : next;
	janitor->step_at = now + STEP_EVERY_US;
	if (!mounts_are_there(janitor->conf)) {
		begin_round(janitor);
		janitor->step_at = now + LOOK_AGAIN_US;
		return janitor->step_at < next ? janitor->step_at : next;
	}
	if (janitor->stage == RESTING)
		begin_round(janitor);
	if (janitor->stage == LOGS)
		step_logs(janitor);
	else if (janitor->stage == FILES)
		step_files(janitor);
	else
		step_records(janitor);
	return janitor->step_at < next ? janitor->step_at : next;
}

enum kn_err janitor_new(struct loop *loop, const struct conf *conf, const char *control_path,
			struct janitor **out)
{
	struct janitor *janitor = calloc(1, sizeof(*janitor));

	if (janitor == NULL)
		return KN_ERR_NOMEM;
	janitor->conf = conf;
	janitor->client = client_new(loop, control_path, "janitor", &janitor->events);
	if (janitor->client == NULL) {
		janitor_free(&janitor);
		return KN_ERR_NOMEM;
	}
	begin_round(janitor);
	*out = janitor;
	return KN_OK;
}

void janitor_free(struct janitor **janitor)
{
	if (*janitor == NULL)
		return;
	file_walk_end(&(*janitor)->walk);
	client_free(&(*janitor)->client);
	free(*janitor);
	*janitor = NULL;
}
