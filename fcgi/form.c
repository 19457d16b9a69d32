#include "form_priv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct form *form_new(void)
{
	return calloc(1, sizeof(struct form));
}

struct form_field *form_add(struct form *form, const char *name)
{
	struct form_field *grown = realloc(form->v, (form->n + 1) * sizeof(*grown));
	char *copy = strdup(name);

	if (grown != NULL)
		form->v = grown;
	if (grown == NULL || copy == NULL) {
		free(copy);
		return NULL;
	}
	form->v[form->n] = (struct form_field){.name = copy};
	return &form->v[form->n++];
}

static struct form_field *find(const struct form *form, const char *name)
{
	for (size_t i = form->n; i > 0; i--)
		if (strcmp(form->v[i - 1].name, name) == 0)
			return &form->v[i - 1];
	return NULL;
}

const struct form_field *form_find(const struct form *form, const char *name)
{
	return find(form, name);
}

const char *form_text(const struct form *form, const char *name)
{
	const struct form_field *field = find(form, name);

	return field != NULL ? field->value : NULL;
}

char *form_take_file(struct form *form, const char *name)
{
	struct form_field *field = find(form, name);
	char *path = NULL;

	if (field != NULL) {
		path = field->path;
		field->path = NULL;
	}
	return path;
}

void form_free(struct form **form)
{
	if (*form == NULL)
		return;
	for (size_t i = 0; i < (*form)->n; i++) {
		struct form_field *field = &(*form)->v[i];

		if (field->path != NULL)
			unlink(field->path);
		free(field->path);
		free(field->name);
		free(field->value);
		free(field->filename);
	}
	free((*form)->v);
	free(*form);
	*form = NULL;
}
