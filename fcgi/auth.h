/* Who may call a route, by the route's table entry. */
#ifndef AUTH_H
#define AUTH_H

#include "request.h"

/* KN_ERR_UNAUTHORIZED or KN_ERR_FORBIDDEN when the request may not have its route. */
enum kn_err auth_check(struct request *req);

/* ROUTE_KEY: an API key or a session. In api_key.c. */
enum kn_err auth_key(struct request *req);

#endif
