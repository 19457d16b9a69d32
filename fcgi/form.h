/*
 * Fields and files of a form, whatever its encoding: multipart/form-data,
 * application/x-www-form-urlencoded, or the members of a JSON object. Files are
 * spooled to data_path/incoming as they come; memory does not grow with them.
 */
#ifndef FORM_H
#define FORM_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct form_field {
	char *name;
	char *value; /* text, NUL-terminated UTF-8; NULL for a file */
	size_t len;
	bool is_null;   /* JSON null */
	bool is_json;   /* of a JSON value that is no string: value is how JSON writes it */
	char *filename; /* as the client says, for nothing but messages; NULL for a field */
	char *path;     /* spooled file; unlinked with the form unless form_take_file() */
	uint64_t bytes;
};

struct form {
	struct form_field *v;
	size_t n;
};

/* The last field of that name, or NULL. */
const struct form_field *form_find(const struct form *form, const char *name);
/* Its text, or NULL when there is none or it is a file or null. */
const char *form_text(const struct form *form, const char *name);
/* Hands the spooled file's path to the caller (malloc'd), who unlinks or renames it. NULL if there
 * is none. */
char *form_take_file(struct form *form, const char *name);
void form_free(struct form **form);

#endif
