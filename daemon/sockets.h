/*
 * The two listening sockets, which kinorad holds for the responder: requests
 * wait in them while there is none. They come from systemd, from a responder that
 * outlived its kinorad, or are made here.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "lib/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct sockets {
	char *fcgi_path, *control_path;
	int fcgi, control;
	bool from_systemd;
};

/* *orphan: the responder that serves them already, or 0. What went wrong is logged. */
enum kn_err sockets_open(const char *run_path, struct sockets *out, pid_t *orphan);
/* Closes them; with `unlink_too` those that systemd does not own go from the file system. */
void sockets_close(struct sockets *sockets, bool unlink_too);

#endif
