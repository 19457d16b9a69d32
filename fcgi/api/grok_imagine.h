/* What the files of the Grok Imagine dialect share. The contract: docs/api/grok-imagine.md. */
#ifndef GROK_IMAGINE_H
#define GROK_IMAGINE_H

#include "fcgi/request.h"
#include "lib/job.h"
#include "lib/store/store.h"

#define GROK_IMAGINE_CLASS "grok_imagine/grok"

/* --- grok_imagine_check.c: what a request may say --- */

/* Faults in the shape of pydantic v1, one object each:
 * {"loc":["body","prompt"],"msg":"field required","type":"value_error.missing"}. */
struct faults {
	json_object *list; /* NULL while there are none */
};
/* ctx may be NULL; it is consumed. */
void fault_add(struct faults *faults, const char *where, const char *field, const char *msg,
	       const char *type, json_object *ctx);
/* Answers 422 with the list, which it consumes, if there is any fault. */
bool faults_answer(struct request *req, struct faults *faults);

/* A member that must be a string; else NULL and a fault. Absent or null is a fault only if
 * required. */
const char *check_string(struct faults *faults, json_object *body, const char *field,
			 bool required);

/* The body of a creation; faults are added, strings live as long as the body. */
struct creation {
	const char *model, *prompt, *image; /* image NULL: none */
};
void check_creation(struct faults *faults, json_object *body, struct creation *out);

/* status, limit and after of a list. */
struct listing {
	int state; /* enum job_state, or -1 */
	int64_t limit;
	const char *after; /* NULL: from the newest */
};
void check_listing(struct faults *faults, struct request *req, struct listing *out);
/* What a job's state is called here. */
const char *grok_imagine_status(enum job_state state);

/* --- grok_imagine_image.c --- */

/* Decodes a data URL or bare base64 and keeps it as the input "image" of the job, which has its id.
 * KN_ERR_INVALID: *why (static) says what is wrong, nothing is kept. */
enum kn_err image_keep(struct server *server, struct job *job, const char *text, const char **why);
/* The input as a data URL, or as bare base64; NULL when the job has none. */
enum kn_err image_text(struct server *server, const struct job *job, bool data_url,
		       json_object **out);
bool image_is_data_url(const char *text);

/* --- grok_imagine_extension.c --- */

void extension_poll(struct request *req);
void extension_complete(struct request *req);
void extension_error(struct request *req);

/* --- grok_imagine.c --- */

/* Fetches a job of this dialect, or answers 404. */
struct job *grok_imagine_job(struct request *req, const char *id);
/* Answers with the job as the API reference shows it. */
void grok_imagine_respond(struct request *req, int status, const struct job *job);

#endif
