#include "job_fields.h"

#include <string.h>

#define FIELD(tag, kind, type, member)                                                  \
	{                                                                               \
		tag, kind, #member, offsetof(type, member), sizeof(((type *)0)->member) \
	}

const struct job_field job_fields[JOB_FIELDS] = {
	FIELD(1, FIELD_TEXT, struct job, id),
	FIELD(2, FIELD_API, struct job, api),
	FIELD(3, FIELD_STATE, struct job, state),
	FIELD(4, FIELD_NUMBER, struct job, priority),
	FIELD(5, FIELD_NUMBER, struct job, attempt),
	FIELD(6, FIELD_NUMBER, struct job, max_attempts),
	FIELD(7, FIELD_NUMBER, struct job, progress),
	FIELD(8, FIELD_STRING, struct job, model),
	FIELD(9, FIELD_STRING, struct job, owner),
	FIELD(10, FIELD_STRING, struct job, stage),
	FIELD(11, FIELD_STRING, struct job, message),
	FIELD(12, FIELD_STRING, struct job, prompt),
	FIELD(13, FIELD_STRING, struct job, params),
	FIELD(14, FIELD_STRING, struct job, error_code),
	FIELD(15, FIELD_STRING, struct job, error_text),
	FIELD(16, FIELD_STRING, struct job, log),
	FIELD(17, FIELD_FILES, struct job, inputs),
	FIELD(18, FIELD_FILES, struct job, assets),
	FIELD(19, FIELD_STRING, struct job, lease.worker),
	FIELD(20, FIELD_TEXT, struct job, lease.token),
	FIELD(21, FIELD_NUMBER, struct job, lease.until),
	FIELD(22, FIELD_NUMBER, struct job, created),
	FIELD(23, FIELD_NUMBER, struct job, updated),
	FIELD(24, FIELD_NUMBER, struct job, run_at),
	FIELD(25, FIELD_NUMBER, struct job, started),
	FIELD(26, FIELD_NUMBER, struct job, began),
	FIELD(27, FIELD_NUMBER, struct job, finished),
	FIELD(28, FIELD_NUMBER, struct job, expired),
	FIELD(29, FIELD_NUMBER, struct job, lease.seconds),
};

const struct job_field job_file_fields[JOB_FILE_FIELDS] = {
	FIELD(1, FIELD_STRING, struct job_file, name),
	FIELD(2, FIELD_STRING, struct job_file, mime),
	FIELD(3, FIELD_STRING, struct job_file, path),
	FIELD(4, FIELD_NUMBER, struct job_file, bytes),
	FIELD(5, FIELD_RAW, struct job_file, sha256),
};

/* Host integers of 1, 2, 4 or 8 bytes, by way of memcpy: the fields have several types. */
uint64_t job_field_load(const void *at, size_t size)
{
	uint8_t n1;
	uint16_t n2;
	uint32_t n4;
	uint64_t n8;

	switch (size) {
	case 1:
		return memcpy(&n1, at, size), n1;
	case 2:
		return memcpy(&n2, at, size), n2;
	case 4:
		return memcpy(&n4, at, size), n4;
	default:
		return memcpy(&n8, at, sizeof(n8)), n8;
	}
}

void job_field_store(void *at, size_t size, uint64_t n)
{
	uint8_t n1 = (uint8_t)n;
	uint16_t n2 = (uint16_t)n;
	uint32_t n4 = (uint32_t)n;

	switch (size) {
	case 1:
		memcpy(at, &n1, size);
		break;
	case 2:
		memcpy(at, &n2, size);
		break;
	case 4:
		memcpy(at, &n4, size);
		break;
	default:
		memcpy(at, &n, sizeof(n));
	}
}

bool job_is_sound(const struct job *job)
{
	return id_is_safe(job->id) && (unsigned)job->api < JOB_API_COUNT &&
	       (unsigned)job->state < JOB_STATE_COUNT && job->progress >= 0 &&
	       job->progress <= 100 && job->model != NULL;
}
