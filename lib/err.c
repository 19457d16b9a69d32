#include "err.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	int status;
	const char *text;
} errors[] = {
#define X(code, name, status, text) {name, status, text},
	KN_ERR_TABLE(X)
#undef X
};

static enum kn_err known(enum kn_err err)
{
	return (unsigned)err < KN_ERR_COUNT ? err : KN_ERR_INTERNAL;
}

const char *kn_err_name(enum kn_err err)
{
	return errors[known(err)].name;
}

int kn_err_status(enum kn_err err)
{
	return errors[known(err)].status;
}

const char *kn_err_text(enum kn_err err)
{
	return errors[known(err)].text;
}

enum kn_err kn_err_from_name(const char *name)
{
	for (size_t i = 0; name != NULL && i < KN_ERR_COUNT; i++)
		if (strcmp(errors[i].name, name) == 0)
			return (enum kn_err)i;
	return KN_ERR_INTERNAL;
}

enum kn_err kn_err_from_errno(int errnum)
{
	switch (errnum) {
	case 0:
		return KN_OK;
	case ENOSPC:
	case EDQUOT:
		return KN_ERR_FULL;
	case ENOMEM:
		return KN_ERR_NOMEM;
	case ENOENT:
		return KN_ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return KN_ERR_ACCESS;
	case EEXIST:
		return KN_ERR_EXISTS;
	case EFBIG:
		return KN_ERR_TOO_LARGE;
	default:
		return KN_ERR_IO;
	}
}
