/*
 * The parameters of Vivid Flow's two models (API documentation 2.0, "Generate
 * Video"): one table of names, types, ranges and defaults.
 */
#ifndef VIVID_PARAMS_H
#define VIVID_PARAMS_H

#include "fcgi/form.h"
#include "lib/err.h"

#include <json-c/json.h>

enum { VIVID_PROMPT_MAX = 2000 }; /* code points */

struct vivid_request {
	const char *prompt;    /* into the form, as image_url */
	const char *model;     /* "wan2.1" or "veo3.1" */
	const char *image_url; /* NULL: an image was uploaded */
	json_object *params;   /* every parameter of the model, defaults filled in */
};

/* Checks all fields. On KN_ERR_INVALID *details holds one text per fault. Both objects are the
 * caller's, whatever is returned. */
enum kn_err vivid_params_check(const struct form *form, struct vivid_request *out,
			       json_object **details);

#endif
