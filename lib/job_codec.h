/*
 * The stored form of a job. Byte 0 is the version; fields follow, each
 *
 *   tag (1 byte)  length (a number, as bytes.h has it)  that many bytes
 *
 * in any order. Absent means zero or NULL. A number is little-endian, without
 * its high zero bytes; a string ends with its only NUL; a file is a list of such
 * fields itself, and its tag repeats. A reader skips tags that it does not know, so
 * adding a field needs no new version; a change of meaning does, together with
 * a test that reads the old one.
 */
#ifndef KN_JOB_CODEC_H
#define KN_JOB_CODEC_H

#include "job.h"

/* *out is malloc'd, the caller's. */
enum kn_err job_encode(const struct job *job, unsigned char **out, size_t *len);
/* KN_ERR_CORRUPT: not a job. Any bytes are safe to give. *out is the caller's: job_free(). */
enum kn_err job_decode(const void *data, size_t len, struct job **out);
/* As job_decode(), but without a copy and without the files: strings are those in data, and nothing
 * is to be freed. */
enum kn_err job_view(const void *data, size_t len, struct job *out);

#endif
