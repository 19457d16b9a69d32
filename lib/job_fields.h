/*
 * What a job consists of, as a table: the codec and the dump are made from it, so that neither can
 * forget a field.
 */
#ifndef KN_JOB_FIELDS_H
#define KN_JOB_FIELDS_H

#include "job.h"

enum job_field_kind {
	FIELD_NUMBER, /* a host integer of `size` bytes, never negative */
	FIELD_API,    /* such numbers, whose names people know */
	FIELD_STATE,
	FIELD_STRING, /* char *, malloc'd */
	FIELD_TEXT,   /* char[size] with its NUL */
	FIELD_RAW,    /* unsigned char[size] */
	FIELD_FILES,  /* struct job_files */
};

struct job_field {
	uint8_t tag; /* stored: never reuse one. Tags are dense, and start at 1 */
	enum job_field_kind kind;
	const char *name; /* "lease.worker" */
	size_t offset, size;
};

enum { JOB_FIELDS = 29, JOB_FILE_FIELDS = 5 };
extern const struct job_field job_fields[JOB_FIELDS], job_file_fields[JOB_FILE_FIELDS];

/* A number of 1, 2, 4 or 8 bytes. */
uint64_t job_field_load(const void *at, size_t size);
void job_field_store(void *at, size_t size, uint64_t n);

/* Whether it is what the rest of the program relies on. */
bool job_is_sound(const struct job *job);

#endif
