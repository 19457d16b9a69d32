#include "request_log.h"

#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/job.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/log_files.h"
#include "lib/text.h"
#include "request_payload.h"
#include "response.h"
#include "router.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	QUEUE_BYTES_MAX = 4 << 20, /* more waiting than this is dropped */
	BATCH_BYTES = 256 << 10,
	BATCH_DELAY_MS = 100, /* how long the writer gathers before it writes */
};

/* What a thread hands over; turned into a line by the writer, so that requests do not pay for it.
 */
struct record {
	struct record *next;
	size_t size;
	int64_t at;
	bool is_result;
	int status; /* HTTP, or enum job_state */
	char job_id[ID_SIZE];
	char method[16];
	char *payload; /* JSON text, or NULL */
	double duration;
	uint64_t video_size; /* 0: none */
	char path[];
};

struct request_log {
	char *dir;
	bool changes_only;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct record *first, **last;
	size_t queued;
	uint64_t dropped;
	bool stopping;
	/* The writer's own: */
	char *batch;
	size_t batch_len;
	uint64_t batch_lines; /* lost with it, those that a "dropped" line stands for included */
	char batch_file[LOG_FILE_NAME_SIZE];
	bool failing; /* said once */
};

/* --- lines --- */

static void add_string(json_object *line, const char *key, const char *value)
{
	json_object_object_add(line, key, json_object_new_string(value));
}

static json_object *begin_line(int64_t at, const char *type)
{
	json_object *line = json_object_new_object();
	char stamp[CLOCK_TEXT_SIZE];

	clock_format_zulu(at, stamp);
	add_string(line, "timestamp", stamp);
	add_string(line, "type", type);
	return line;
}

static json_object *request_line(const struct record *record)
{
	json_object *line = begin_line(record->at, "request");

	add_string(line, "method", record->method);
	add_string(line, "path", record->path);
	if (record->job_id[0] != '\0')
		add_string(line, "job_id", record->job_id);
	json_object_object_add(line, "http_status", json_object_new_int(record->status));
	if (record->payload != NULL)
		json_object_object_add(line, "payload", json_tokener_parse(record->payload));
	return line;
}

static json_object *result_line(const struct record *record)
{
	json_object *line = begin_line(record->at, "response");
	char duration[32];

	add_string(line, "job_id", record->job_id);
	add_string(line, "status", record->status == JOB_COMPLETED ? "completed" : "failed");
	snprintf(duration, sizeof(duration), "%.3f", record->duration);
	json_object_object_add(line, "duration",
			       json_object_new_double_s(record->duration, duration));
	if (record->video_size > 0)
		json_object_object_add(line, "video_size",
				       json_object_new_int64((int64_t)record->video_size));
	return line;
}

static json_object *dropped_line(uint64_t dropped)
{
	json_object *line = begin_line(clock_wall_us(), "dropped");

	json_object_object_add(line, "lines", json_object_new_int64((int64_t)dropped));
	return line;
}

/* --- the writer --- */

/* Appends the batch to the day's file, which is opened each time: anybody may rotate or remove it.
 * A half-written batch is taken back, so that lines stay whole. */
static bool write_batch(const struct request_log *log, const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	size_t done = 0;
	off_t start;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	start = lseek(fd, 0, SEEK_END);
	while (done < log->batch_len) {
		n = write(fd, log->batch + done, log->batch_len - done);
		if (n < 0)
			break;
		done += (size_t)n;
	}
	if (n < 0 && done > 0 && ftruncate(fd, start) != 0)
		log_warn("%s: cannot take back half a line: %m", path);
	return close(fd) == 0 && n >= 0;
}

static void flush_batch(struct request_log *log)
{
	char *path = NULL;
	bool ok;

	if (log->batch_len == 0)
		return;
	ok = asprintf(&path, "%s/%s", log->dir, log->batch_file) >= 0 && write_batch(log, path);
	if (!ok && !log->failing)
		log_warn("cannot write to %s: %m", path != NULL ? path : log->dir);
	log->failing = !ok;
	free(path);
	if (!ok) {
		pthread_mutex_lock(&log->lock);
		log->dropped += log->batch_lines;
		pthread_mutex_unlock(&log->lock);
	}
	log->batch_len = 0;
	log->batch_lines = 0;
}

/* Appends a line, which it frees, to the batch; a new day or a full batch writes the old one first.
 */
static void add_line(struct request_log *log, int64_t at, json_object *line, uint64_t stands_for)
{
	const char *text;
	size_t len;
	char file[LOG_FILE_NAME_SIZE];

	text = json_object_to_json_string_length(
		line, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	log_file_name(at, file);
	if (log->batch_len + len + 1 > BATCH_BYTES || strcmp(log->batch_file, file) != 0)
		flush_batch(log);
	if (len + 1 <= BATCH_BYTES) {
		memcpy(log->batch_file, file, sizeof(file));
		memcpy(log->batch + log->batch_len, text, len);
		log->batch[log->batch_len + len] = '\n';
		log->batch_len += len + 1;
		log->batch_lines += stands_for;
	}
	json_object_put(line);
}

static void record_free(struct record *record)
{
	free(record->payload);
	free(record);
}

static void write_records(struct request_log *log, struct record *record, uint64_t dropped)
{
	if (dropped > 0)
		add_line(log, clock_wall_us(), dropped_line(dropped), dropped);
	while (record != NULL) {
		struct record *next = record->next;

		add_line(log, record->at,
			 record->is_result ? result_line(record) : request_line(record), 1);
		record_free(record);
		record = next;
	}
	flush_batch(log);
}

/* Waits for the first record, then a little for more, or for a half-full queue. */
static bool gather(struct request_log *log)
{
	struct timespec until;

	while (log->queued == 0 && !log->stopping)
		pthread_cond_wait(&log->filled, &log->lock);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += BATCH_DELAY_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	while (log->queued < QUEUE_BYTES_MAX / 2 && !log->stopping)
		if (pthread_cond_timedwait(&log->filled, &log->lock, &until) != 0)
			break;
	return log->queued > 0;
}

static void *run(void *arg)
{
	struct request_log *log = arg;
	struct record *records;
	uint64_t dropped;

	json_begin_thread();
	pthread_mutex_lock(&log->lock);
	while (gather(log)) {
		records = log->first;
		dropped = log->dropped;
		log->first = NULL;
		log->last = &log->first;
		log->queued = 0;
		log->dropped = 0;
		pthread_mutex_unlock(&log->lock);
		write_records(log, records, dropped);
		pthread_mutex_lock(&log->lock);
	}
	pthread_mutex_unlock(&log->lock);
	return NULL;
}

/* --- the callers' side --- */

static void submit(struct request_log *log, struct record *record)
{
	bool signal;

	pthread_mutex_lock(&log->lock);
	/* Half full ends the gathering early; between the two the writer needs no telling. */
	signal = log->queued == 0 || (log->queued < QUEUE_BYTES_MAX / 2 &&
				      log->queued + record->size >= QUEUE_BYTES_MAX / 2);
	if (log->queued + record->size > QUEUE_BYTES_MAX) {
		log->dropped++;
	} else {
		log->queued += record->size;
		*log->last = record;
		log->last = &record->next;
		record = NULL;
	}
	pthread_mutex_unlock(&log->lock);
	if (signal)
		pthread_cond_signal(&log->filled);
	if (record != NULL)
		record_free(record);
}

/* Some clients' paths are no text; their lines are. */
static void make_text(char *path)
{
	if (!text_is_utf8(path, strlen(path)))
		for (; *path != '\0'; path++)
			if ((unsigned char)*path > 0x7e)
				*path = '?';
}

static struct record *record_new(const char *path, char *payload)
{
	size_t len = strlen(path);
	struct record *record = calloc(1, sizeof(*record) + len + 1);

	if (record == NULL) {
		free(payload);
		return NULL;
	}
	memcpy(record->path, path, len);
	make_text(record->path);
	record->payload = payload;
	record->size = sizeof(*record) + len + (payload != NULL ? strlen(payload) : 0);
	record->at = clock_wall_us();
	return record;
}

static bool changes_something(const char *method)
{
	return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 &&
	       strcmp(method, "OPTIONS") != 0;
}

void request_log_request(struct request_log *log, const struct request *req)
{
	struct record *record;

	if (log == NULL || (log->changes_only && !changes_something(req->method)))
		return;
	record = record_new(req->path, req->dialect == &dialect_grok_imagine
					       ? request_payload_text(req)
					       : NULL);
	if (record == NULL)
		return;
	record->status = response_status(req);
	strcpy(record->job_id, req->job_id);
	strncat(record->method, req->method, sizeof(record->method) - 1);
	submit(log, record);
}

void request_log_on_change(void *arg, const struct job *old, const struct job *new)
{
	struct request_log *log = arg;
	const struct job_file *video;
	struct record *record;

	if (log == NULL || new == NULL || new->api != JOB_GROK_IMAGINE ||
	    !job_state_is_terminal(new->state) || (old != NULL && old->state == new->state))
		return;
	record = record_new("", NULL);
	if (record == NULL)
		return;
	video = job_files_find(&new->assets, "video");
	record->is_result = true;
	record->status = (int)new->state;
	record->duration = (double)(new->finished - new->created) / USEC_PER_SEC;
	record->video_size = new->state == JOB_COMPLETED &&video != NULL ? video->bytes : 0;
	strcpy(record->job_id, new->id);
	submit(log, record);
}

/* --- its life --- */

static void log_free(struct request_log **log)
{
	pthread_cond_destroy(&(*log)->filled);
	pthread_mutex_destroy(&(*log)->lock);
	free((*log)->batch);
	free((*log)->dir);
	free(*log);
	*log = NULL;
}

enum kn_err request_log_open(const struct conf *conf, struct request_log **out)
{
	struct request_log *log;
	pthread_condattr_t attr;

	*out = NULL;
	if (strcmp(conf->request_log, "off") == 0)
		return KN_OK;
	log = calloc(1, sizeof(*log));
	if (log == NULL)
		return KN_ERR_NOMEM;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&log->lock, NULL);
	pthread_cond_init(&log->filled, &attr);
	pthread_condattr_destroy(&attr);
	log->last = &log->first;
	log->changes_only = strcmp(conf->request_log, "changes") == 0;
	log->dir = strdup(conf->log_path);
	log->batch = malloc(BATCH_BYTES);
	if (log->dir == NULL || log->batch == NULL ||
	    pthread_create(&log->thread, NULL, run, log) != 0) {
		log_free(&log);
		return KN_ERR_NOMEM;
	}
	/* The directory may exist, or be made by the administrator later: the lines say so if not.
	 */
	mkdir(log->dir, 0750);
	*out = log;
	return KN_OK;
}

void request_log_close(struct request_log **log)
{
	if (*log == NULL)
		return;
	pthread_mutex_lock(&(*log)->lock);
	(*log)->stopping = true;
	pthread_mutex_unlock(&(*log)->lock);
	pthread_cond_signal(&(*log)->filled);
	pthread_join((*log)->thread, NULL);
	log_free(log);
}
