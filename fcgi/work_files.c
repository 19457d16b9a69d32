#include "lib/asset.h"
#include "lib/fs.h"
#include "work_priv.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* --- what a worker may bring --- */

/* Which assets a dialect's jobs have. A name may stand twice, with two types. */
static const struct asset_rule {
	enum job_api api;
	const char *name, *mime;
	bool required;
} rules[] = {
	{JOB_GROK_IMAGINE, "video", "video/mp4", true},
	{JOB_TEXT_TO_VIDEO, "video", "video/mp4", true},
	{JOB_TEXT_TO_VIDEO, "audio", "audio/x-wav", false},
	{JOB_TEXT_TO_VIDEO, "captions", "application/x-subrip", false},
	{JOB_GROK_3D, "image", "image/png", true},
	{JOB_GROK_3D, "image", "image/jpeg", true},
	{JOB_GROK_3D, "glb", "model/gltf-binary", true},
	{JOB_GROK_3D, "usdz", "model/vnd.usdz+zip", true},
	{JOB_VIVID_FLOW, "video", "video/mp4", true},
};
enum { RULES = sizeof(rules) / sizeof(rules[0]) };

/* Every class of job; models are the dialects' own. */
static const char *const classes[] = {
	"grok_imagine/grok", "text_to_video/default", "grok_3d/default",
	"vivid_flow/wan2.1", "vivid_flow/veo3.1",
};

const char *const *work_classes(size_t *n)
{
	*n = sizeof(classes) / sizeof(classes[0]);
	return classes;
}

enum kn_err work_file_check(const struct job *job, const struct work_file *file,
			    char mime[MIME_SIZE], char **why)
{
	const struct asset_rule *rule = NULL;
	enum kn_err err = mime_of_file(file->path, mime);
	int n;

	if (err != KN_OK)
		return err;
	for (size_t i = 0; i < RULES; i++) {
		if (rules[i].api != job->api || strcmp(rules[i].name, file->name) != 0)
			continue;
		rule = &rules[i];
		if (strcmp(rule->mime, mime) == 0)
			return KN_OK;
	}
	if (rule == NULL)
		n = asprintf(why, "A job of %s has no asset '%s'", job_api_name(job->api),
			     file->name);
	else
		n = asprintf(why, "The asset '%s' must be %s; this is %s", file->name, rule->mime,
			     mime);
	return n < 0 ? KN_ERR_NOMEM : KN_ERR_INVALID;
}

static bool is_among(const struct work_file *files, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(files[i].name, name) == 0)
			return true;
	return false;
}

const char *work_file_missing(const struct job *job, const struct work_file *files, size_t n)
{
	for (size_t i = 0; i < RULES; i++)
		if (rules[i].api == job->api && rules[i].required &&
		    !is_among(files, n, rules[i].name) &&
		    job_files_find(&job->assets, rules[i].name) == NULL)
			return rules[i].name;
	return NULL;
}

void work_files_remove(struct server *server, const struct job_files *files)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < files->n; i++)
		if (asset_path(server->conf, files->v[i].path, path) == KN_OK)
			fs_remove(path); /* what stays behind, the sweep of orphans finds */
}

/* --- locks --- */

/* More than request threads that complete jobs at one time. */
enum { LOCKS = 64 };
static pthread_mutex_t locks[LOCKS] = {[0 ... LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER};

static pthread_mutex_t *lock_of(const char *id)
{
	size_t hash = 5381;

	while (*id != '\0')
		hash = hash * 33 + (unsigned char)*id++;
	return &locks[hash % LOCKS];
}

void work_lock(const char *id)
{
	pthread_mutex_lock(lock_of(id));
}

void work_unlock(const char *id)
{
	pthread_mutex_unlock(lock_of(id));
}
