/* Building forms: for form_read.c and tests. */
#ifndef FORM_PRIV_H
#define FORM_PRIV_H

#include "form.h"
#include "request.h"

/* Fields of one form; it is held in memory. */
enum { FORM_FIELDS_MAX = 64 };

/* An empty form, or NULL. */
struct form *form_new(void);
/* A field with a copy of its name and nothing else, for the caller to fill in before the next one
 * is added; NULL when memory is out. */
struct form_field *form_add(struct form *form, const char *name);

/* Reads req's body into req->form, whatever its encoding. */
enum kn_err form_read(struct request *req, const char **why);
/* The members of a JSON object as fields. KN_ERR_INVALID: not an object. */
enum kn_err form_from_json(json_object *object, struct form *form);

#endif
