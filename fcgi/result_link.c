#include "result_link.h"

#include "lib/clock.h"
#include "lib/conf.h"

#include <md5.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Expiries are rounded up to this, so that polls give one URL that caches can keep. */
enum { EXPIRY_STEP_SECONDS = 300 };

/* MD5 with the secret behind the message is what nginx computes; the secret has 128 bits or more.
 */
static void sign(const char *uri, long long expires, const char *secret,
		 char out[sodium_base64_ENCODED_LEN(MD5_DIGEST_LENGTH,
						    sodium_base64_VARIANT_URLSAFE_NO_PADDING)])
{
	unsigned char digest[MD5_DIGEST_LENGTH];
	char number[24];
	MD5_CTX md5;

	snprintf(number, sizeof(number), "%lld", expires);
	MD5Init(&md5);
	MD5Update(&md5, (const unsigned char *)number, strlen(number));
	MD5Update(&md5, (const unsigned char *)uri, strlen(uri));
	MD5Update(&md5, (const unsigned char *)" ", 1);
	MD5Update(&md5, (const unsigned char *)secret, strlen(secret));
	MD5Final(digest, &md5);
	sodium_bin2base64(out,
			  sodium_base64_ENCODED_LEN(MD5_DIGEST_LENGTH,
						    sodium_base64_VARIANT_URLSAFE_NO_PADDING),
			  digest, sizeof(digest), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

char *result_link(const struct request *req, const char *job_id, int64_t now)
{
	const struct conf *conf = req->server->conf;
	const char *base = request_base_url(req);
	char uri[ID_SIZE + 16], md5[32], *link = NULL;
	long long expires = now / USEC_PER_SEC + conf->link_seconds;

	if (base == NULL)
		return NULL;
	snprintf(uri, sizeof(uri), "/results/%s.mp4", job_id);
	if (conf->link_secret[0] != '\0') {
		expires += EXPIRY_STEP_SECONDS - expires % EXPIRY_STEP_SECONDS;
		sign(uri, expires, conf->link_secret, md5);
		if (asprintf(&link, "%s%s?expires=%lld&md5=%s", base, uri, expires, md5) < 0)
			link = NULL;
	} else if (asprintf(&link, "%s%s", base, uri) < 0) {
		link = NULL;
	}
	return link;
}
