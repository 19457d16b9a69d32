/* Where the store and the files of jobs lie: as configured, or all in one directory (a backup). */
#ifndef CTL_PLACE_H
#define CTL_PLACE_H

#include "lib/conf.h"

#include <limits.h>
#include <stdbool.h>

struct place {
	struct conf
		conf; /* for asset_path(); its strings belong to the configuration, or are these: */
	char store[PATH_MAX], data[PATH_MAX], videos[PATH_MAX];
};

/* KN_ERR_INVALID: a path is too long. */
enum kn_err place_configured(const struct conf *conf, struct place *out);
enum kn_err place_at(const struct conf *conf, const char *dir, struct place *out);
/* Beside everything of a place: where it is made before it is moved there. */
enum kn_err place_staging(const struct place *place, struct place *out);

/* Whether there is a store in the directory. KN_ERR_NOT_FOUND: no. KN_ERR_ACCESS: that may not be
 * known. */
enum kn_err place_find_store(const char *dir);

/* When root asks: acts as the owner of the directory from here on, to leave no files that the
 * service cannot open. */
void place_act_as_owner(const char *dir);

#endif
