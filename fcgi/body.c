#include "body.h"

#include "body_spooled.h"
#include "connection.h"
#include "form_priv.h"
#include "lib/asset.h"
#include "lib/conf.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/log.h"
#include "router.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MIB = 1024 * 1024,
	CHUNK_BYTES = 16 * 1024,
	DRAIN_MAX = 16 * MIB, /* a longer rest is not worth the connection */
	VALUES_MAX = 10000,   /* in a JSON body; each takes up to a kilobyte of memory */
	TURNS_PART = 8,       /* of the threads, which may hold a large body in memory */
};

/* In base64 four characters stand for three bytes. */
static uint64_t image_cap(const struct conf *conf)
{
	return (uint64_t)conf->max_image_size / 3 * 4 + MIB;
}

static uint64_t route_cap(const struct request *req)
{
	switch (req->route->cap) {
	case ROUTE_CAP_SMALL:
		return MIB;
	case ROUTE_CAP_IMAGE:
		return image_cap(req->server->conf);
	case ROUTE_CAP_UPLOAD:
		return (uint64_t)req->server->conf->max_upload_size +
		       (req->route->body == ROUTE_FILE ? 0 : MIB);
	}
	return 0;
}

/* FCGX_GetStr() takes its size as an int. */
static size_t stream_read(struct connection *connection, void *to, size_t size)
{
	int n = FCGX_GetStr(to, size > CHUNK_BYTES ? CHUNK_BYTES : (int)size, connection->fcgx.in);

	return n > 0 ? (size_t)n : 0;
}

static size_t body_source_read(struct connection *connection, void *to, size_t size)
{
	ssize_t n;

	if (connection->body.fd < 0)
		return stream_read(connection, to, size);
	n = read(connection->body.fd, to, size);
	return n > 0 ? (size_t)n : 0;
}

enum kn_err body_next(struct request *req, void *to, size_t size, size_t *n)
{
	struct connection *connection = request_connection(req);
	struct body *body = &connection->body;

	*n = 0;
	if (req->content_length >= 0 && size > (uint64_t)req->content_length - body->read)
		size = (size_t)((uint64_t)req->content_length - body->read);
	if (size == 0)
		return KN_OK;
	*n = body_source_read(connection, to, size);
	body->read += *n;
	if (body->read > body->cap)
		return KN_ERR_TOO_LARGE;
	if (FCGX_GetError(connection->fcgx.in) != 0 ||
	    (*n == 0 && req->content_length >= 0 && body->read < (uint64_t)req->content_length)) {
		log_info("request %s: its body ended after %llu bytes", req->id,
			 (unsigned long long)body->read);
		return KN_ERR_INVALID;
	}
	return KN_OK;
}

/* A large body takes twice its length of memory and more, as text, JSON and picture, until it is
 * answered. As many threads do that at a time as may cost no more than a part of what all could. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	int64_t taken;
} turns = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

static void begin_turn(const struct request *req, struct body *body)
{
	int64_t most = req->server->conf->threads / TURNS_PART;

	if (body->has_turn)
		return;
	pthread_mutex_lock(&turns.lock);
	while (turns.taken > 0 && turns.taken >= most)
		pthread_cond_wait(&turns.ended, &turns.lock);
	turns.taken++;
	pthread_mutex_unlock(&turns.lock);
	body->has_turn = true;
}

void body_end_turn(struct connection *connection)
{
	if (!connection->body.has_turn)
		return;
	connection->body.has_turn = false;
	pthread_mutex_lock(&turns.lock);
	turns.taken--;
	pthread_mutex_unlock(&turns.lock);
	pthread_cond_signal(&turns.ended);
}

enum kn_err body_text(struct request *req, struct bytes *text, const char **why)
{
	struct body *body = &request_connection(req)->body;
	uint64_t most = image_cap(req->server->conf);
	char chunk[CHUNK_BYTES];
	enum kn_err err;
	size_t n = 0;

	if (body->cap > most)
		body->cap = most;
	do {
		err = body_next(req, chunk, sizeof(chunk), &n);
		bytes_put(text, chunk, n);
		if (body->read > MIB)
			begin_turn(req, body);
	} while (err == KN_OK && n > 0 && !text->failed);
	bytes_put_u8(text, 0);
	if (err == KN_OK && text->failed)
		err = KN_ERR_NOMEM;
	if (err == KN_ERR_INVALID)
		*why = "The body ended early";
	return err;
}

enum kn_err body_json(struct request *req, json_object **out, const char **why)
{
	struct bytes text = {0};
	enum kn_err err = body_text(req, &text, why);

	*out = NULL;
	if (err == KN_OK && text.len > 1) {
		err = json_parse_bounded((const char *)text.data, text.len - 1, VALUES_MAX, out);
		if (err == KN_ERR_INVALID)
			*why = "The body is not valid JSON";
	}
	free(text.data);
	return err;
}

enum kn_err body_spool_write(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kn_err_from_errno(errno);
		at += n;
		len -= (size_t)n;
	}
	return KN_OK;
}

static enum kn_err read_file(struct request *req, const char **why)
{
	char chunk[CHUNK_BYTES];
	size_t n = 0;
	int fd;
	enum kn_err err;

	if (req->body_file != NULL)
		return KN_OK; /* nginx has done it */
	err = asset_spool(req->server->conf, &fd, &req->body_file);
	if (err != KN_OK)
		return err;
	do {
		err = body_next(req, chunk, sizeof(chunk), &n);
		if (err == KN_OK)
			err = body_spool_write(fd, chunk, n);
	} while (err == KN_OK && n > 0);
	if (close(fd) != 0 && err == KN_OK)
		err = kn_err_from_errno(errno);
	if (err == KN_ERR_INVALID)
		*why = "The body ended early";
	req->body_bytes = request_connection(req)->body.read;
	return err;
}

/* What a full disk is kept from; a small request without a file is none. */
static bool is_upload(const struct request *req)
{
	return req->route->body == ROUTE_FILE || req->route->cap == ROUTE_CAP_UPLOAD ||
	       req->content_length > MIB;
}

static bool has_room(const struct request *req)
{
	const struct conf *conf = req->server->conf;
	/* What nginx has spooled takes its place already. */
	uint64_t bytes = req->content_length > 0 && req->body_file == NULL
				 ? (uint64_t)req->content_length
				 : 0;

	return fs_has_room(conf->data_path, conf->disk_high_water, bytes) &&
	       fs_has_room(conf->video_storage_path, conf->disk_high_water, bytes);
}

enum kn_err body_admit(struct request *req)
{
	struct body *body = &request_connection(req)->body;
	const char *spooled;
	enum kn_err err = KN_OK;

	body->cap = route_cap(req);
	if (req->route->body == ROUTE_NO_BODY)
		return KN_OK;
	if (req->content_length > 0 && (uint64_t)req->content_length > body->cap)
		return KN_ERR_TOO_LARGE;
	spooled = request_param(req, "KINORA_BODY_FILE");
	if (spooled != NULL && spooled[0] != '\0')
		err = body_spooled_open(req, spooled, &body->fd);
	if (err == KN_OK && is_upload(req) && !has_room(req))
		err = KN_ERR_FULL;
	return err;
}

/* What is left of it are the fields: their handler may wait for long. */
static enum kn_err read_form(struct request *req, const char **why)
{
	enum kn_err err = form_read(req, why);

	body_end_turn(request_connection(req));
	return err;
}

enum kn_err body_read(struct request *req, const char **why)
{
	*why = NULL;
	switch (req->route->body) {
	case ROUTE_NO_BODY:
		break;
	case ROUTE_JSON:
		/* Whatever Content-Type says: clients leave it out, and curl calls a form all that
		 * it sends. What is a form is no JSON. */
		return body_json(req, &req->json, why);
	case ROUTE_FORM:
		return read_form(req, why);
	case ROUTE_FILE:
		return read_file(req, why);
	}
	return KN_OK;
}

void body_drain(struct connection *connection)
{
	char chunk[CHUNK_BYTES];
	size_t left = DRAIN_MAX, n = 1;

	while (n > 0 && left > 0) {
		n = stream_read(connection, chunk, sizeof(chunk));
		left -= n < left ? n : left;
	}
	/* n is 0 at the end of the body, and after an error, which closes the connection by itself.
	 */
	if (n > 0)
		connection->fcgx.keepConnection = 0;
}
