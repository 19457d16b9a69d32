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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *once, *twice;
	struct job *job = NULL, *again = NULL;
	size_t once_len, twice_len;
	json_object *json;

	if (job_decode(data, size, &job) != KN_OK)
		return 0;
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
