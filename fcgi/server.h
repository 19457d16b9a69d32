/* What all requests share. Set up by main before the threads start, read-only afterwards. */
#ifndef SERVER_H
#define SERVER_H

struct conf;
struct events;
struct gate;
struct request_log;
struct store;

struct server {
	const struct conf *conf;
	struct store *store;
	struct events *events;   /* wakes those that wait for jobs or for changes */
	struct gate *gate;       /* keys, accounts and limits */
	struct request_log *log; /* JSON lines of requests and results */
};

#endif
