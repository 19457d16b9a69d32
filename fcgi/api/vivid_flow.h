/* What the files of the Vivid Flow dialect share. */
#ifndef VIVID_FLOW_H
#define VIVID_FLOW_H

#include "fcgi/request.h"
#include "lib/job.h"

json_object *vivid_error_body(enum kn_err err, const char *text);
/* What GET /status/{id} says. */
json_object *vivid_status_body(const struct request *req, const struct job *job);

/* vivid_generate.c: POST /generate. */
void vivid_generate(struct request *req);

/* vivid_account.c: the account page's calls. Bodies are JSON objects. */
void vivid_show_account(struct request *req); /* {"username", "csrf_token"} */
void vivid_register(struct request *req);     /* {"username", "password"}: 201 and a session */
void vivid_login(struct request *req);        /* the same: 200 and a session */
void vivid_logout(struct request *req);       /* 204 */
void vivid_list_keys(struct request *req);    /* {"keys": […]} */
void vivid_create_key(struct request *req); /* {"name", "expires_in_days"?}: 201 {"key", "id", …} */
void vivid_revoke_key(struct request *req); /* 204 */

#endif
