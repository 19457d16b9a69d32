#include "http.h"

#include "fcgi/events.h"
#include "fcgi/gate.h"
#include "fcgi/request_payload.h"
#include "fcgi/response.h"
#include "fcgi/router.h"
#include "fcgi/serve.h"
#include "fcgi/work.h"
#include "lib/asset.h"
#include "lib/conf.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/store/store.h"

#include <ctype.h>
#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

enum { REQUESTS_MAX = 8, JOBS_MAX = 2 * REQUESTS_MAX, OUT_BUFFER = 4096 };

/* What $NAME stands for. */
static struct {
	char id[ID_SIZE], token[TOKEN_SIZE], key[API_KEY_SIZE];
	char session[SESSION_TOKEN_SIZE], csrf[SESSION_TOKEN_SIZE];
} names;

static char *directory; /* of the server */

/* --- the server --- */

static void remove_directory(void)
{
	fs_remove_tree(directory);
	free(directory);
}

static struct conf *make_conf(void)
{
	char data[PATH_MAX];
	/* No examples: they would be files of the machine. */
	const char *const sets[] = {data,
				    "examples_path=/nonexistent",
				    "daily_job_limit=1000000000",
				    "max_image_size=64K",
				    "max_upload_size=1M",
				    "cors_origins=https://a.example",
				    "link_secret=secret",
				    "cache_size=4M"};
	const struct conf_source source = {
		.file = "/dev/null", .sets = sets, .sets_n = sizeof(sets) / sizeof(sets[0])};
	struct conf *conf = NULL;
	char *message = NULL;

	snprintf(data, sizeof(data), "data_path=%s", directory);
	if (conf_load(&source, &conf, &message) != KN_OK)
		log_fatal("%s", message);
	return conf;
}

/* In the place of libsodium's: the same hash at its least cost, for a login's cost is all the cost
 * of a run. */
int crypto_pwhash_str(char out[crypto_pwhash_STRBYTES], const char *const password,
		      unsigned long long length, unsigned long long passes, size_t memory)
{
	(void)passes, (void)memory;
	return crypto_pwhash_str_alg(out, password, length, crypto_pwhash_OPSLIMIT_MIN,
				     crypto_pwhash_MEMLIMIT_MIN, crypto_pwhash_ALG_DEFAULT);
}

/* A key and a session that count against no limit. */
static void sign_in(struct gate *gate)
{
	const struct api_key_spec spec = {
		.name = "fuzz", .hour_limit = INT32_MAX, .day_limit = INT32_MAX};
	struct session session;
	struct api_key key;
	const char *why;

	assert(api_keys_create(gate->keys, &spec, names.key, &key) == KN_OK);
	assert(accounts_register(gate->accounts, "fuzz", "password of fuzz", &why) == KN_OK);
	assert(accounts_login(gate->accounts, "fuzz", "password of fuzz", names.session) == KN_OK);
	assert(accounts_session(gate->accounts, names.session, 0, &session) == KN_OK);
	memcpy(names.csrf, session.csrf, sizeof(names.csrf));
}

static void start(struct server *server)
{
	const char *tmp = getenv("TMPDIR");
	struct store_options options = {.on_change_arg = server};
	struct conf *conf;

	assert(asprintf(&directory, "%s/kinora-fuzz-XXXXXX", tmp != NULL ? tmp : "/tmp") > 0);
	assert(mkdtemp(directory) != NULL && sodium_init() >= 0);
	atexit(remove_directory);
	log_init("fuzz", LOG_LEVEL_ERROR);
	conf = make_conf();
	server->conf = conf;
	options.dir = conf->db_path;
	options.cache_bytes = (uint64_t)conf->cache_size;
	assert(asset_prepare(conf) == KN_OK && store_open(&options, &server->store) == KN_OK);
	server->events = events_new();
	assert(server->events != NULL && gate_open(server->store, &server->gate) == KN_OK);
	sign_in(server->gate);
	events_shutdown(server->events); /* nobody waits for what does not come */
}

struct server *http_server(void)
{
	static struct server server;

	if (server.conf == NULL)
		start(&server);
	return &server;
}

/* --- streams --- */

static void fill(FCGX_Stream *stream)
{
	struct http_exchange *exchange = stream->data;
	size_t n;

	if (exchange->body_left == 0) {
		stream->isClosed = 1;
		return;
	}
	n = fuzz_next_chunk(&exchange->chunks, exchange->body_left);
	/* libfcgi's type is not const; nothing writes to it. */
	stream->rdNext = (unsigned char *)(uintptr_t)exchange->body;
	stream->stop = stream->stopUnget = stream->wrNext = stream->rdNext + n;
	exchange->body += n;
	exchange->body_left -= n;
}

static void empty(FCGX_Stream *stream, int close)
{
	struct http_exchange *exchange = stream->data;
	static unsigned char buffer[OUT_BUFFER];

	(void)close;
	if (stream->wrNext > buffer)
		bytes_put(&exchange->sent, buffer, (size_t)(stream->wrNext - buffer));
	stream->wrNext = stream->rdNext = buffer;
	stream->stop = stream->rdNext = buffer + sizeof(buffer);
}

/* --- a request --- */

static void add_param(struct http_exchange *exchange, const char *name, const char *value)
{
	char **to = &exchange->params[exchange->params_n];

	if (exchange->params_n + 1 == sizeof(exchange->params) / sizeof(exchange->params[0]))
		return;
	assert(asprintf(to, "%s=%s", name, value) >= 0);
	exchange->params_n++;
}

/* "Name: value" as nginx passes it on: without white space around, NAME with "_" for "-". */
static void add_header(struct http_exchange *exchange, char *line)
{
	char *value = strchr(line, ':'), *end;
	char name[128];

	if (value == NULL)
		return;
	*value++ = '\0';
	value += strspn(value, " \t");
	for (end = value + strlen(value); end > value && strchr(" \t\r", end[-1]) != NULL;)
		*--end = '\0';
	for (char *c = line; *c != '\0'; c++)
		*c = (char)(isalnum((unsigned char)*c) ? toupper((unsigned char)*c) : '_');
	if (strcmp(line, "CONTENT_TYPE") == 0 || strcmp(line, "CONTENT_LENGTH") == 0 ||
	    strcmp(line, "REMOTE_ADDR") == 0)
		snprintf(name, sizeof(name), "%s", line);
	else
		snprintf(name, sizeof(name), "HTTP_%s", line);
	add_param(exchange, name, value);
}

/* "METHOD PATH?QUERY"; nginx has decoded the path, but here it may be anything. */
static void add_line(struct http_exchange *exchange, char *line)
{
	char *path = strchr(line, ' '), *query;

	line[strcspn(line, "\r")] = '\0';
	path = path != NULL ? path : strchr(line, '\0');
	if (*path != '\0')
		*path++ = '\0';
	query = strchr(path, '?');
	if (query != NULL)
		*query++ = '\0';
	add_param(exchange, "REQUEST_METHOD", line);
	add_param(exchange, "DOCUMENT_URI", path);
	add_param(exchange, "QUERY_STRING", query != NULL ? query : "");
}

static bool has_param(const struct http_exchange *exchange, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < exchange->params_n; i++)
		if (strncmp(exchange->params[i], name, len) == 0 && exchange->params[i][len] == '=')
			return true;
	return false;
}

static void add_rest(struct http_exchange *exchange, const char *dialects, size_t body)
{
	char length[24];

	snprintf(length, sizeof(length), "%zu", body);
	add_param(exchange, "KINORA_DIALECTS", dialects);
	if (!has_param(exchange, "REMOTE_ADDR"))
		add_param(exchange, "REMOTE_ADDR", "127.0.0.1");
	if (!has_param(exchange, "CONTENT_LENGTH") && body > 0)
		add_param(exchange, "CONTENT_LENGTH", length);
}

void http_begin(struct http_exchange *exchange, const char *dialects, const uint8_t *text,
		size_t size)
{
	char *line = fuzz_take_line(&text, &size);
	bool more = true;

	memset(exchange, 0, sizeof(*exchange));
	add_line(exchange, line);
	free(line);
	while (more && size > 0) {
		line = fuzz_take_line(&text, &size);
		more = line[0] != '\0' && line[0] != '\r';
		if (more)
			add_header(exchange, line);
		free(line);
	}
	add_rest(exchange, dialects, size);
	exchange->body = text;
	exchange->body_left = size;
	exchange->chunks = (struct fuzz_chunks){.state = (uint32_t)size, .max = 1 + size % 4096};
	exchange->in = (FCGX_Stream){.isReader = 1, .fillBuffProc = fill, .data = exchange};
	exchange->out = (FCGX_Stream){.emptyBuffProc = empty, .data = exchange};
	empty(&exchange->out, 0);
	exchange->connection.fcgx.in = &exchange->in;
	exchange->connection.fcgx.out = &exchange->out;
	exchange->connection.fcgx.envp = exchange->params;
	exchange->connection.fcgx.ipcFd = -1;
	request_begin(&exchange->req, &exchange->connection, http_server());
}

void http_end(struct http_exchange *exchange)
{
	request_end(&exchange->req);
	response_free(&exchange->connection);
	arena_free(&exchange->connection.arena);
	free(exchange->sent.data);
	for (size_t i = 0; i < exchange->params_n; i++)
		free(exchange->params[i]);
}

/* --- the answer --- */

/* "Name: value", and nothing that could be taken for another line. */
static void check_header(const char *line)
{
	size_t name = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");

	assert(name > 0 && line[name] == ':' && line[name + 1] == ' ');
	for (const char *c = line + name + 2; *c != '\0'; c++)
		assert((unsigned char)*c >= 0x20 && *c != 0x7f);
	if (strncmp(line, "X-Accel-Redirect: ", 18) == 0)
		assert(line[18] == '/' && line[19] == '_' && strstr(line, "..") == NULL);
}

static bool has_text(json_object *body, const char *name)
{
	const char *text = json_get_string(body, name);
	json_object *list = json_get_array(body, name);

	return (text != NULL && text[0] != '\0') ||
	       (list != NULL && json_object_array_length(list) > 0);
}

/* An error says what it is in the dialect's words. */
static void check_error(const struct request *req, int status, json_object *body)
{
	const struct dialect *dialect = req->dialect != NULL ? req->dialect : router_dialect(req);

	/* Text-to-Video's document wants 500 for a film that is gone. */
	assert(status < 500 || status == 503 || status == 507 ||
	       strncmp(req->path, "/api/v1/download/", 17) == 0);
	if (dialect == &dialect_grok_imagine)
		assert(has_text(body, "detail"));
	else
		assert(has_text(body, "error"));
	assert(dialect != &dialect_worker || has_text(body, "message"));
	assert(dialect != &dialect_vivid_flow || has_text(body, "details"));
}

static void remember(json_object *body)
{
	const char *token = json_get_string(body, "token");

	if (token != NULL && strlen(token) < sizeof(names.token))
		memcpy(names.token, token, strlen(token) + 1);
}

static void check_body(const struct request *req, int status, const char *text, size_t len)
{
	json_object *body;

	if (strcmp(req->method, "HEAD") == 0 || status == 204) {
		assert(len == 0);
		return;
	}
	if (req->res->by_nginx)
		return;
	assert(json_parse_strict(text, len, &body) == KN_OK);
	assert(json_object_is_type(body, json_type_object));
	if (status >= 400)
		check_error(req, status, body);
	else
		remember(body);
	json_object_put(body);
}

static int check_answer(struct http_exchange *exchange)
{
	char *at = (char *)exchange->sent.data, *line, *body;
	int status = 0;

	body = strstr(at, "\r\n\r\n");
	assert(body != NULL && sscanf(at, "Status: %d ", &status) == 1 && status >= 200);
	body[2] = '\0';
	for (; (line = at)[0] != '\0'; at += 2) {
		at = strstr(line, "\r\n");
		*at = '\0';
		check_header(line);
	}
	body += 4;
	check_body(&exchange->req, status, body,
		   exchange->sent.len - 1 - (size_t)(body - (char *)exchange->sent.data));
	return status;
}

/* What the log would have of it is JSON, too. */
static void check_payload(const struct request *req)
{
	char *text = request_payload_text(req);
	json_object *payload = NULL;

	if (text != NULL)
		assert(json_parse_strict(text, strlen(text), &payload) == KN_OK);
	json_object_put(payload);
	free(text);
}

/* --- all of it --- */

/* The text with what $NAME stands for in its place. */
static void substitute(struct bytes *to, const uint8_t *text, size_t size)
{
	const struct {
		const char *name, *value;
	} known[] = {{"$ID", names.id},
		     {"$TOKEN", names.token},
		     {"$KEY", names.key},
		     {"$SESSION", names.session},
		     {"$CSRF", names.csrf}};

	for (size_t i = 0; i < size;) {
		size_t k = 0, n = sizeof(known) / sizeof(known[0]);

		while (k < n && (size - i < strlen(known[k].name) ||
				 memcmp(text + i, known[k].name, strlen(known[k].name)) != 0))
			k++;
		if (k < n)
			bytes_put(to, known[k].value, strlen(known[k].value));
		else
			bytes_put_u8(to, text[i]);
		i += k < n ? strlen(known[k].name) : 1;
	}
}

static void run_one(const char *dialects, const uint8_t *text, size_t size)
{
	struct http_exchange exchange;
	struct bytes whole = {0};

	substitute(&whole, text, size);
	http_begin(&exchange, dialects, whole.data, whole.len);
	serve_answer(&exchange.req);
	response_send(&exchange.req);
	empty(&exchange.out, 1);
	bytes_put_u8(&exchange.sent, '\0');
	body_drain(&exchange.connection);
	check_answer(&exchange);
	check_payload(&exchange.req);
	if (exchange.req.job_id[0] != '\0')
		memcpy(names.id, exchange.req.job_id, sizeof(names.id));
	http_end(&exchange);
	free(whole.data);
}

static void check_directory(const char *name)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	dir = opendir(path);
	assert(dir != NULL);
	while ((entry = readdir(dir)) != NULL)
		assert(entry->d_name[0] == '.');
	closedir(dir);
}

/* Every job, and with it every file. */
static void remove_jobs(struct server *server)
{
	for (int api = 0; api < JOB_API_COUNT; api++) {
		struct store_query query = {.api = api, .state = -1, .limit = JOBS_MAX};
		struct store_page page = {0};

		assert(store_job_list(server->store, &query, &page) == KN_OK);
		for (size_t i = 0; i < page.n; i++)
			assert(work_delete(server, page.rows[i].id) == KN_OK);
		store_page_free(&page);
	}
	check_directory("incoming");
	check_directory("jobs");
	check_directory("videos");
	check_directory("output");
}

void http_run(const char *dialects, const uint8_t *text, size_t size)
{
	struct server *server = http_server();

	names.id[0] = names.token[0] = '\0';
	for (int i = 0; i < REQUESTS_MAX && size > 0; i++) {
		const uint8_t *end = memmem(text, size, "\n%%\n", 4);
		size_t len = end != NULL ? (size_t)(end - text) : size;

		run_one(dialects, text, len);
		len += end != NULL ? 4 : 0;
		text += len;
		size -= len;
	}
	remove_jobs(server);
}
