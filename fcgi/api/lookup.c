#include "lookup.h"

#include "lib/store/store.h"

#include <stdlib.h>
#include <string.h>

enum kn_err lookup_job(struct request *req, const char *id, enum job_api api, struct job **out)
{
	enum kn_err err;

	*out = NULL;
	if (!id_is_safe(id))
		return KN_ERR_NOT_FOUND;
	err = store_job_get(req->server->store, id, out);
	if (err == KN_OK && (*out)->api != api) {
		job_free(out);
		err = KN_ERR_NOT_FOUND;
	}
	if (err == KN_OK)
		request_set_job(req, id);
	return err;
}

enum kn_err lookup_number(struct request *req, const char *name, int64_t min, int64_t max,
			  int64_t def, int64_t *out)
{
	const char *text;
	enum kn_err err = request_query(req, name, &text);
	size_t n;

	*out = def;
	if (err != KN_OK || text == NULL)
		return err;
	n = strlen(text);
	if (n == 0 || n > 18 || strspn(text, "0123456789") != n)
		return KN_ERR_INVALID;
	*out = strtoll(text, NULL, 10);
	return *out >= min && *out <= max ? KN_OK : KN_ERR_INVALID;
}
