/*
 * JSON written as it goes, for answers that are asked for all the time: a tree
 * of objects costs ten times as much. Commas come by themselves. A name
 * needs no escapes; it is NULL for what stands in an array or alone.
 */
#ifndef KN_JSON_TEXT_H
#define KN_JSON_TEXT_H

#include "bytes.h"

/* kind: '{' or '['. */
void json_text_open(struct bytes *to, const char *name, char kind);
/* kind: '}' or ']'. */
void json_text_close(struct bytes *to, char kind);
/* Valid UTF-8; NULL becomes null. */
void json_text_string(struct bytes *to, const char *name, const char *text);
void json_text_int(struct bytes *to, const char *name, int64_t value);

#endif
