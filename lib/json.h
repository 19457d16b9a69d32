/* json-c with the strictness that outside bytes need. */
#ifndef KN_JSON_H
#define KN_JSON_H

#include "err.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 32 };

/* At the start of a thread that reads JSON all the time. It changes the speed alone. */
void json_begin_thread(void);

/*
 * Parses one JSON value as RFC 8259 has it: valid UTF-8, at most JSON_DEPTH_MAX
 * deep, nothing but white space after it, no NUL in its strings. On success *out is the caller's to
 * put; the value null is a NULL *out. KN_ERR_INVALID: it is not that.
 */
enum kn_err json_parse_strict(const char *text, size_t len, json_object **out);
/* The same, with at most `max` values, lists and objects included: it bounds the memory that
 * strangers can make us take. */
enum kn_err json_parse_bounded(const char *text, size_t len, size_t max, json_object **out);

/* A member's text, or NULL when it is absent, null or no string. */
const char *json_get_string(json_object *object, const char *name);
/* A member's integer, or def when it is absent or no integer. */
int64_t json_get_int(json_object *object, const char *name, int64_t def);
/* An integer, or a number whose fraction json_object_get_int64() cuts off. */
bool json_is_number(const json_object *value);
/* A member that is an array or an object, or NULL when it is absent or something else. */
json_object *json_get_array(json_object *object, const char *name);
json_object *json_get_object(json_object *object, const char *name);

/* Adds a string, or null for NULL. */
void json_add_string(json_object *object, const char *name, const char *text);
void json_add_int(json_object *object, const char *name, int64_t value);

#endif
