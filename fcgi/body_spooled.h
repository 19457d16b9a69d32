/*
 * A body that nginx has written to data_path/spool (client_body_in_file_only)
 * and names in the parameter KINORA_BODY_FILE instead of sending it. It becomes
 * req->body_file, so that attaching it is a rename.
 */
#ifndef BODY_SPOOLED_H
#define BODY_SPOOLED_H

#include "request.h"

/* Only the last part of the name counts, and it must look like nginx's: whatever the parameter
 * says, it is a file in spool/, our own, and of the request's length. KN_ERR_INTERNAL otherwise,
 * and the log says why: it is a fault of nginx's configuration. */
enum kn_err body_spooled_open(struct request *req, const char *name, int *fd);

#endif
