/* Pictures from xAI's image endpoint, or another that speaks like OpenAI's. */
#ifndef T3D_REMOTE_H
#define T3D_REMOTE_H

#include "model.h"

struct remote_request {
	const char *base_url; /* "https://api.x.ai/v1" */
	const char *key, *prompt;
};

/*
 * One picture, as the service encoded it. On failure why gets a sentence for
 * people (never the key), and KN_ERR_BUSY and KN_ERR_TIMEOUT are worth another
 * attempt; KN_ERR_TOO_LARGE, KN_ERR_INVALID and KN_ERR_FORBIDDEN are not.
 */
enum kn_err remote_picture(const struct remote_request *request, struct blob *out, char *why,
			   size_t why_size);

#endif
