/* Ids, and the paths that they become part of. Input: an id, '\n', a name, '\n', a relative path.
 * No path leaves its root. */
#include "fuzz.h"

#include "lib/asset.h"

#include <stdio.h>

static const struct conf conf = {.data_path = (char *)(uintptr_t) "/data",
				 .video_storage_path = (char *)(uintptr_t) "/films"};

static bool is_within_root(const char *path)
{
	char copy[PATH_MAX + 1];

	snprintf(copy, sizeof(copy), "%s/", path);
	return strstr(copy, "/../") == NULL &&
	       (strncmp(path, "/data/", 6) == 0 || strncmp(path, "/films/", 7) == 0);
}

static void check_id(const char *id)
{
	if (!id_is_safe(id))
		return;
	assert(id[0] != '\0' && strlen(id) < ID_SIZE && strpbrk(id, "/.%\\ \n") == NULL);
}

/* A path that we make belongs to the job that it was made for. */
static void check_made(const struct job *job, const char *name, bool input)
{
	char rel[PATH_MAX], path[PATH_MAX], owner[ID_SIZE];
	enum kn_err err = input ? asset_input_rel(job, name, "image/png", rel)
				: asset_rel(job, name, "video/mp4", rel);

	if (err != KN_OK)
		return;
	assert(asset_path(&conf, rel, path) == KN_OK && is_within_root(path));
	/* A film's name may hold '_', which is where output/'s ids begin. */
	if (job->api != JOB_TEXT_TO_VIDEO && strncmp(rel, "videos/", 7) != 0)
		assert(asset_owner(rel, owner) && strcmp(owner, job->id) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *id = fuzz_take_line(&data, &size), *name = fuzz_take_line(&data, &size);
	char *rel = fuzz_text(data, size), path[PATH_MAX], owner[ID_SIZE];
	struct job job = {0};

	check_id(id);
	check_id(name);
	if (strlen(id) < sizeof(job.id))
		memcpy(job.id, id, strlen(id) + 1);
	for (int api = 0; api < JOB_API_COUNT; api++) {
		job.api = (enum job_api)api;
		check_made(&job, name, false);
		check_made(&job, name, true);
	}
	if (asset_path(&conf, rel, path) == KN_OK)
		assert(is_within_root(path));
	if (asset_owner(rel, owner))
		assert(id_is_safe(owner));
	free(id);
	free(name);
	free(rel);
	return 0;
}
