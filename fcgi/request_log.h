/*
 * The JSON lines log: log_path/requests_YYYY-MM-DD.jsonl (UTC days).
 *
 *   {"timestamp":"2024-01-01T12:00:00Z","type":"request","method":"POST",
 *    "path":"/v1/video/generations","job_id":"job_…","http_status":201,"payload":{…}}
 *   {"timestamp":"…","type":"response","job_id":"job_…","status":"completed",
 *    "duration":150.5,"video_size":2048576}
 *
 * A request line is written when the request was answered, whatever the
 * dialect; `payload` only for Grok Imagine, whose bodies hold no secrets, with
 * an image cut to its type and size. A response line is written when a Grok
 * Imagine job ends; `duration` is in seconds since its creation.
 *
 * Callers hand over a small record and go on; one thread writes batches of whole lines, each with a
 * single append. What a full queue or a full disk swallowed is counted, and said in a line of type
 * "dropped".
 */
#ifndef REQUEST_LOG_H
#define REQUEST_LOG_H

#include "lib/err.h"

struct conf;
struct job;
struct request;
struct request_log;

/* Starts the thread. With request_log = off *out is NULL, which the other functions take. */
enum kn_err request_log_open(const struct conf *conf, struct request_log **out);
/* Writes what is queued and ends the thread. */
void request_log_close(struct request_log **log);

/* After the answer: the method, path, job and body of `req` are logged. */
void request_log_request(struct request_log *log, const struct request *req);
/* A store_change_fn. */
void request_log_on_change(void *log, const struct job *old, const struct job *new);

#endif
