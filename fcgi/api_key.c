#include "auth.h"

enum kn_err auth_key(struct request *req)
{
	(void)req;
	return KN_ERR_UNAUTHORIZED;
}
