/* What the conf_*.c files share among themselves. */
#ifndef KN_CONF_PRIV_H
#define KN_CONF_PRIV_H

#include "conf.h"

/* Where a value comes from, for messages: line 0 means that `where` says it all ("environment"). */
struct conf_place {
	const char *where;
	int line;
};

/* Parses text by the option's type into *field: a char * (replaced) or an int64_t. */
enum kn_err conf_value_parse(const struct conf_option *option, const char *text, void *field);
/* "a number from 1 to 65535", malloc'd. */
char *conf_value_allowed(const struct conf_option *option);
char *conf_value_print(const struct conf_option *option, const void *field);

/* Sets *message to "where:line: " and the rest, unless it is set already; returns KN_ERR_INVALID.
 */
enum kn_err conf_complain(char **message, const struct conf_place *place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Parses, or complains with what was found and what is allowed. */
enum kn_err conf_take(const struct conf_option *option, const char *text, void *field,
		      const struct conf_place *place, char **message);
/* The option among n of that name in any case, or NULL with a complaint that names the nearest. The
 * options lie `stride` bytes apart. */
const struct conf_option *conf_find(const void *options, size_t n, size_t stride, const char *name,
				    const struct conf_place *place, char **message);

/* Begins a section. */
enum kn_err conf_worker_begin(struct conf *conf, const char *name, const struct conf_place *place,
			      char **message);
/* "serves = …" and the like, for the section begun last. */
enum kn_err conf_worker_set(struct conf *conf, const char *name, const char *text,
			    const struct conf_place *place, char **message);
/* Completes what the file says of workers, or supplies the default ones, and checks them. */
enum kn_err conf_workers_finish(struct conf *conf, char **message);
void conf_workers_free(struct conf *conf);
/* The options of a section. */
size_t conf_worker_options_count(void);
const struct conf_option *conf_worker_option_at(size_t i);

#endif
