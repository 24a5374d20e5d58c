/*
 * Writing JSON (RFC 8259) piece by piece into a buffer. Commas are added automatically: the caller passes the
 * key for a member of an object, NULL for an element of an array.
 */
#ifndef LXCBOX_CORE_ENCODING_JSON_H
#define LXCBOX_CORE_ENCODING_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/str.h"

/* Begin or end an object ('{' and '}') or an array ('[' and ']'). All functions return 0 or -ENOMEM. */
int json_open(struct strbuf *out, const char *key, char bracket);
int json_close(struct strbuf *out, char bracket);

/* Bytes that are not UTF-8 become U+FFFD. NULL text: null. */
int json_string(struct strbuf *out, const char *key, const char *text);
int json_number(struct strbuf *out, const char *key, int64_t number);
int json_bool(struct strbuf *out, const char *key, bool value);

/* An array of strings. */
int json_strings(struct strbuf *out, const char *key, const struct string_list *list);

/* Append a value that the functions above wrote, for people: each member and element on a line of its own,
 * indented by 4 spaces for each level. */
int json_indent(struct strbuf *out, const char *value);

#endif
