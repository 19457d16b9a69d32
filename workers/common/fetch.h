/*
 * Pictures from the internet, for URLs that strangers give. https alone, and gs://; no address
 * of ours, at any hop, however it is written or resolved: each is checked when the socket is
 * opened, so a name that resolves differently the second time gains nothing.
 */
#ifndef FETCH_H
#define FETCH_H

#include "lib/err.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum {
	FETCH_MAX_BYTES = 20 << 20,
	FETCH_MAX_SECONDS = 30,
	FETCH_MAX_REDIRECTS = 3,
};

/*
 * Into `file`: a PNG, JPEG, WebP or GIF by its content. gcs_endpoint is what gs://bucket/path is
 * relative to, "" for Google's; its own host and port may be private and plain http, for emulators,
 * and are the only ones that may. why gets a sentence for the user, without secrets.
 * KN_ERR_INVALID: the URL is not acceptable; KN_ERR_FORBIDDEN: an address is; KN_ERR_TOO_LARGE,
 * KN_ERR_TIMEOUT, KN_ERR_MEDIA_TYPE, KN_ERR_IO. After a failure there is no file.
 */
enum kn_err fetch_picture(const char *url, const char *gcs_endpoint, const char *file, char *why,
			  size_t why_size);

/* Whether an address is on the public internet: not private, loopback, link-local, shared,
 * multicast, documentation, or an IPv6 form that embeds such an IPv4 address. Other families are
 * not. */
bool fetch_address_is_public(const struct sockaddr *address, socklen_t len);

#endif
