/* UTF-8, as clients send it. Lengths are bytes unless they say code points. */
#ifndef KN_TEXT_H
#define KN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Valid UTF-8 without NUL. */
bool text_is_utf8(const char *text, size_t len);
/* Code points of valid UTF-8. */
size_t text_length(const char *text, size_t len);
/* Nothing but white space, Unicode's included; true for "". */
bool text_is_blank(const char *text, size_t len);
/* How many bytes of the text fit into max bytes without splitting a character. */
size_t text_cut(const char *text, size_t len, size_t max);

#endif
