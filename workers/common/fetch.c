#include "workers/common/fetch.h"

#include "lib/clock.h"
#include "workers/common/picture.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define GOOGLE_ENDPOINT "https://storage.googleapis.com"

enum { CONNECT_SECONDS = 10, SLOW_BYTES = 1024, SLOW_SECONDS = 10 };

struct range {
	const char *net;
	int bits;
};

/* What the IANA registries call special, of IPv4 … */
static const struct range special_v4[] = {
	{"0.0.0.0", 8},      {"10.0.0.0", 8},     {"100.64.0.0", 10}, {"127.0.0.0", 8},
	{"169.254.0.0", 16}, {"172.16.0.0", 12},  {"192.0.0.0", 24},  {"192.0.2.0", 24},
	{"192.88.99.0", 24}, {"192.168.0.0", 16}, {"198.18.0.0", 15}, {"198.51.100.0", 24},
	{"203.0.113.0", 24}, {"224.0.0.0", 4},    {"240.0.0.0", 4},
};

/* … and of the one IPv6 block that is public at all, which leaves mapped, NAT64, local and
 * multicast outside: 2001::/23 holds Teredo, 2002::/16 is 6to4. */
static const struct range public_v6 = {"2000::", 3};
static const struct range special_v6[] = {
	{"2001::", 23},
	{"2001:db8::", 32},
	{"2002::", 16},
	{"3fff::", 20},
};

static bool in_range(int family, const unsigned char *address, const struct range *range)
{
	unsigned char net[sizeof(struct in6_addr)];
	int whole = range->bits / 8, rest = range->bits % 8;

	inet_pton(family, range->net, net);
	if (memcmp(address, net, (size_t)whole))
		return false;
	return !rest || !((address[whole] ^ net[whole]) >> (8 - rest));
}

static bool in_any(int family, const unsigned char *address, const struct range *ranges,
		   size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (in_range(family, address, &ranges[i]))
			return true;
	return false;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool fetch_address_is_public(const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	const unsigned char *bytes;

	if (address->sa_family == AF_INET && len >= sizeof(v4)) {
		memcpy(&v4, address, sizeof(v4));
		bytes = (const unsigned char *)&v4.sin_addr;
		return !in_any(AF_INET, bytes, special_v4, COUNT(special_v4));
	}
	if (address->sa_family == AF_INET6 && len >= sizeof(v6)) {
		memcpy(&v6, address, sizeof(v6));
		bytes = v6.sin6_addr.s6_addr;
		return in_range(AF_INET6, bytes, &public_v6) &&
		       !in_any(AF_INET6, bytes, special_v6, COUNT(special_v6));
	}
	return false;
}

struct fetch {
	CURL *curl;
	CURLU *url;      /* of this hop */
	CURLU *endpoint; /* of gs:// */
	bool from_gs;    /* only a gs:// URL may reach a private endpoint */
	bool at_endpoint;
	bool forbidden; /* an address was refused */
	FILE *file;
	int64_t bytes;
	int64_t deadline; /* monotonic µs, over all hops */
	char *why;
	size_t why_size;
};

static enum kn_err refuse(struct fetch *f, enum kn_err err, const char *text)
{
	snprintf(f->why, f->why_size, "The image could not be fetched: %s", text);
	return err;
}

/* Runs after the name is resolved and before the connection is made, for each address of each hop.
 */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch *f = arg;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    (!f->at_endpoint && !fetch_address_is_public(&address->addr, address->addrlen))) {
		f->forbidden = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take(char *data, size_t size, size_t count, void *arg)
{
	struct fetch *f = arg;
	size_t len = size * count;

	f->bytes += (int64_t)len;
	if (f->bytes > FETCH_MAX_BYTES)
		return 0;
	return fwrite(data, 1, len, f->file);
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *in_a = NULL, *in_b = NULL;
	bool same = !curl_url_get(a, part, &in_a, CURLU_DEFAULT_PORT) &&
		    !curl_url_get(b, part, &in_b, CURLU_DEFAULT_PORT) && !strcasecmp(in_a, in_b);

	curl_free(in_a);
	curl_free(in_b);
	return same;
}

static bool has_part(CURLU *url, CURLUPart part)
{
	char *value = NULL;
	bool has = !curl_url_get(url, part, &value, 0);

	curl_free(value);
	return has;
}

static bool is_https(CURLU *url)
{
	char *scheme = NULL;
	bool https = !curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) && !strcmp(scheme, "https");

	curl_free(scheme);
	return https;
}

/* gs://bucket/path at the endpoint: its path, then ours. */
static enum kn_err set_gs_url(struct fetch *f, const char *object)
{
	char *base = NULL, path[2048];
	size_t len;

	if (object[0] == '/' || !strchr(object, '/') || strstr(object, ".."))
		return refuse(f, KN_ERR_INVALID, "a gs:// URL is gs://bucket/path");
	curl_url_get(f->endpoint, CURLUPART_PATH, &base, 0);
	len = base ? strlen(base) : 0;
	if (len && base[len - 1] == '/')
		len--;
	snprintf(path, sizeof(path), "%.*s/%s", (int)len, base ? base : "", object);
	curl_free(base);
	curl_url_cleanup(f->url);
	f->url = curl_url_dup(f->endpoint);
	if (!f->url || curl_url_set(f->url, CURLUPART_PATH, path, CURLU_URLENCODE))
		return refuse(f, KN_ERR_INVALID, "the URL is not valid");
	return KN_OK;
}

static enum kn_err set_url(struct fetch *f, const char *url)
{
	if (!strncasecmp(url, "gs://", 5)) {
		f->from_gs = true;
		return set_gs_url(f, url + 5);
	}
	if (curl_url_set(f->url, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME))
		return refuse(f, KN_ERR_INVALID, "the URL is not valid");
	return KN_OK;
}

/* The rules for a hop, the first or one that a redirect names. */
static enum kn_err check_hop(struct fetch *f)
{
	f->at_endpoint = f->from_gs && same_part(f->url, f->endpoint, CURLUPART_SCHEME) &&
			 same_part(f->url, f->endpoint, CURLUPART_HOST) &&
			 same_part(f->url, f->endpoint, CURLUPART_PORT);
	if (!f->at_endpoint && !is_https(f->url))
		return refuse(f, KN_ERR_INVALID, "only https:// and gs:// URLs are allowed");
	if (has_part(f->url, CURLUPART_USER) || has_part(f->url, CURLUPART_PASSWORD))
		return refuse(f, KN_ERR_INVALID, "a URL with a user or password is not allowed");
	return KN_OK;
}

static void set_options(struct fetch *f, int64_t left_ms)
{
	CURL *curl = f->curl;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_CURLU, f->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, f->at_endpoint ? "http,https" : "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L); /* each hop is checked here */
	/* A proxy from the environment would connect where we may not. */
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, f);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)FETCH_MAX_BYTES);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left_ms);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "kinora");
}

static enum kn_err explain(struct fetch *f, CURLcode code)
{
	static const struct {
		CURLcode code;
		enum kn_err err;
		const char *text;
	} causes[] = {
		{CURLE_FILESIZE_EXCEEDED, KN_ERR_TOO_LARGE, "it is larger than 20 MiB"},
		{CURLE_OPERATION_TIMEDOUT, KN_ERR_TIMEOUT, "the server took too long"},
		{CURLE_URL_MALFORMAT, KN_ERR_INVALID, "the URL is not valid"},
		{CURLE_COULDNT_RESOLVE_HOST, KN_ERR_IO, "its host is unknown"},
		{CURLE_COULDNT_CONNECT, KN_ERR_IO, "its server does not answer"},
		{CURLE_SSL_CONNECT_ERROR, KN_ERR_IO, "no TLS connection could be made"},
		{CURLE_PEER_FAILED_VERIFICATION, KN_ERR_IO,
		 "the certificate of its server is not valid"},
		{CURLE_PARTIAL_FILE, KN_ERR_IO, "the server ended it too early"},
	};

	if (f->forbidden)
		return refuse(f, KN_ERR_FORBIDDEN, "its address is not on the public internet");
	if (f->bytes > FETCH_MAX_BYTES)
		code = CURLE_FILESIZE_EXCEEDED;
	for (size_t i = 0; i < COUNT(causes); i++)
		if (causes[i].code == code)
			return refuse(f, causes[i].err, causes[i].text);
	return refuse(f, KN_ERR_IO, curl_easy_strerror(code));
}

/* One request. *next is where a redirect leads (curl_free), NULL when the file is here. */
static enum kn_err hop(struct fetch *f, char **next)
{
	int64_t left_ms = (f->deadline - clock_mono_us()) / USEC_PER_MSEC;
	char *location = NULL, text[64];
	long status = 0;
	CURLcode code;

	*next = NULL;
	if (left_ms <= 0)
		return explain(f, CURLE_OPERATION_TIMEDOUT);
	if (fseek(f->file, 0, SEEK_SET) || ftruncate(fileno(f->file), 0))
		return refuse(f, KN_ERR_IO, "it could not be stored");
	f->bytes = 0;
	set_options(f, left_ms);
	code = curl_easy_perform(f->curl);
	if (code)
		return explain(f, code);
	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(f->curl, CURLINFO_REDIRECT_URL, &location);
	if (location && status >= 300 && status < 400) {
		*next = strdup(location); /* libcurl's goes with the next request */
		return *next ? KN_OK : KN_ERR_NOMEM;
	}
	if (status == 200)
		return KN_OK;
	snprintf(text, sizeof(text), "the server answered with status %ld", status);
	return refuse(f, KN_ERR_IO, text);
}

static enum kn_err follow(struct fetch *f)
{
	char *next = NULL;
	enum kn_err err = KN_OK;

	for (int hops = 0; !err && hops <= FETCH_MAX_REDIRECTS; hops++) {
		err = check_hop(f);
		if (!err)
			err = hop(f, &next);
		if (err || !next)
			return err;
		if (curl_url_set(f->url, CURLUPART_URL, next, CURLU_NON_SUPPORT_SCHEME))
			err = refuse(f, KN_ERR_INVALID, "it redirects to an invalid URL");
		free(next);
	}
	return err ? err : refuse(f, KN_ERR_IO, "it redirects too often");
}

enum kn_err fetch_picture(const char *url, const char *gcs_endpoint, const char *file, char *why,
			  size_t why_size)
{
	struct fetch f = {.why = why, .why_size = why_size};
	enum kn_err err = KN_ERR_NOMEM;

	f.deadline = clock_mono_us() + FETCH_MAX_SECONDS * USEC_PER_SEC;
	snprintf(why, why_size, "The image could not be fetched");
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return KN_ERR_IO;
	f.curl = curl_easy_init();
	f.url = curl_url();
	f.endpoint = curl_url();
	f.file = fopen(file, "wbe");
	if (!f.curl || !f.url || !f.endpoint || !f.file)
		goto out;
	if (curl_url_set(f.endpoint, CURLUPART_URL, *gcs_endpoint ? gcs_endpoint : GOOGLE_ENDPOINT,
			 0)) {
		err = refuse(&f, KN_ERR_INVALID, "the gcs_endpoint of this server is not a URL");
		goto out;
	}
	err = set_url(&f, url);
	if (!err)
		err = follow(&f);
	if (!err && fflush(f.file))
		err = refuse(&f, KN_ERR_IO, "it could not be stored");
	if (!err && !picture_type(file))
		err = refuse(&f, KN_ERR_MEDIA_TYPE, "it is not a PNG, JPEG, WebP or GIF");
out:
	if (f.file)
		fclose(f.file);
	if (err)
		unlink(file);
	curl_url_cleanup(f.endpoint);
	curl_url_cleanup(f.url);
	curl_easy_cleanup(f.curl);
	curl_global_cleanup();
	return err;
}
