/* The stored form of a job. Whatever decodes is a sound job, and its encoding decodes to the same.
 * The columns of a list that are made from it decode as well. */
#include "fuzz.h"

#include "lib/job_codec.h"
#include "lib/job_json.h"
#include "lib/store/store_priv.h"

static void check_row(const struct job *job)
{
	unsigned char tail[sizeof(int64_t) + ID_SIZE] = {0};
	struct bytes row = {0};
	struct store_row out;

	memcpy(tail + sizeof(int64_t), job->id, strlen(job->id));
	row_encode(job, &row);
	assert(!row.failed);
	assert(row_decode(tail, sizeof(int64_t) + strlen(job->id) + 1, row.data, row.len, &out) ==
	       KN_OK);
	assert(strcmp(out.id, job->id) == 0 && out.api == job->api && out.state == job->state);
	assert(out.progress == job->progress && strncmp(out.model, job->model, 500) == 0);
	assert(out.finished == job->finished && out.expired == job->expired);
	free(row.data);
}

static bool is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* A look without a copy sees the same, but for the files, which it leaves out. */
static void check_view(const uint8_t *data, size_t size, const struct job *job)
{
	struct job view;

	assert(job_view(data, size, &view) == KN_OK);
	assert(strcmp(view.id, job->id) == 0 && view.api == job->api && view.state == job->state);
	assert(view.progress == job->progress && view.priority == job->priority);
	assert(view.attempt == job->attempt && view.max_attempts == job->max_attempts);
	assert(view.created == job->created && view.run_at == job->run_at);
	assert(view.finished == job->finished && view.expired == job->expired);
	assert(is_same(view.model, job->model) && is_same(view.owner, job->owner));
	assert(is_same(view.prompt, job->prompt) && is_same(view.params, job->params));
	assert(is_same(view.error_text, job->error_text) && is_same(view.log, job->log));
	assert(strcmp(view.lease.token, job->lease.token) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *once, *twice;
	struct job *job = NULL, *again = NULL, view;
	size_t once_len, twice_len;
	json_object *json;

	if (job_decode(data, size, &job) != KN_OK) {
		job_view(data, size, &view); /* may see less than is wrong */
		return 0;
	}
	check_view(data, size, job);
	assert(id_is_safe(job->id) && job->api < JOB_API_COUNT && job->state < JOB_STATE_COUNT);
	assert(job->progress >= 0 && job->progress <= 100 && job->model != NULL);
	assert(job_encode(job, &once, &once_len) == KN_OK);
	assert(job_decode(once, once_len, &again) == KN_OK);
	assert(job_encode(again, &twice, &twice_len) == KN_OK);
	assert(once_len == twice_len && memcmp(once, twice, once_len) == 0);
	check_row(job);
	json = job_to_json(job);
	assert(json != NULL && json_object_to_json_string(json) != NULL);
	json_object_put(json);
	free(once);
	free(twice);
	job_free(&job);
	job_free(&again);
	return 0;
}
