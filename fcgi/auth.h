/* Who may call a route, by the route's table entry. */
#ifndef AUTH_H
#define AUTH_H

#include "request.h"

#include <stdbool.h>

/* Whether the request may have its route; when not, it is answered. Comes before the body is read,
 * so that a stranger's upload costs nothing. */
bool auth_admit(struct request *req);

#endif
