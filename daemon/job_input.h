/* What a worker reads on standard input. */
#ifndef JOB_INPUT_H
#define JOB_INPUT_H

#include "lib/conf.h"

#include <json-c/json.h>

/* job: as `claim` answers it. The text is malloc'd and ends with '\n'; NULL: out of memory. It has
 * secrets in it: it goes down the pipe and nowhere else. */
char *job_input_format(const struct conf *conf, json_object *job);

#endif
