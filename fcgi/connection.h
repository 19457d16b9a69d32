/*
 * What one request thread owns and uses again for each request: the FastCGI
 * connection and the memory for reading and answering. For the server's own
 * files; handlers see struct request.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "arena.h"
#include "body.h"
#include "lib/bytes.h"

#define NO_FCGI_DEFINES
#include <fcgiapp.h>
#include <stdbool.h>

struct response {
	int status;        /* 0: nothing answered yet */
	bool by_nginx;     /* X-Accel-Redirect: the length is the file's */
	struct bytes head; /* header lines so far, each with its CRLF */
	struct bytes body;
};

struct connection {
	FCGX_Request fcgx;
	struct arena arena;
	struct body body;
	struct response res;
	struct bytes out; /* the answer as it is sent */
};

struct request;
struct server;

/* Fills the request from the FastCGI parameters. */
void request_begin(struct request *req, struct connection *connection, struct server *server);
/* Frees what the request holds, keeps what the connection does. */
void request_end(struct request *req);
struct connection *request_connection(const struct request *req);

/* response_header() for a value that needs neither formatting nor checking. */
void response_header_plain(struct request *req, const char *name, const char *value);

/* Puts a refusal into headers: nginx takes no more than 403 from a check, and no body. */
void response_to_check(struct request *req);
/* Sends what was answered, in one write; a 500 when nothing was. */
void response_send(struct request *req);
/* Ready for the next answer; and for none any more. */
void response_reset(struct connection *connection);
void response_free(struct connection *connection);

#endif
