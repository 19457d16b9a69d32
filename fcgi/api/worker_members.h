/*
 * The members of a worker's JSON body. They are read one after the other; the
 * first that is of the wrong type is remembered, and counts as absent.
 */
#ifndef WORKER_MEMBERS_H
#define WORKER_MEMBERS_H

#include "fcgi/request.h"

struct members {
	json_object *body; /* an object, or NULL */
	const char *wrong; /* name of the first wrong member, or NULL */
};

/* No body is as good as an empty one. False: answered 400, the body is another JSON value. */
bool members_begin(struct request *req, struct members *out);
const char *member_text(struct members *from, const char *name, const char *def);
/* What is out of range counts as the nearest end of it. */
int64_t member_int(struct members *from, const char *name, int64_t min, int64_t max, int64_t def);
bool member_bool(struct members *from, const char *name);
/* Fills list with the strings of an array, and returns how many. What is no list of strings, or
 * longer than max, is wrong. */
size_t member_list(struct members *from, const char *name, const char **list, size_t max);
/* Answers 400 for the wrong member, if there is any. */
bool members_answer(struct request *req, const struct members *members);

#endif
