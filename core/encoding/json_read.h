/*
 * Reading JSON (RFC 8259) from untrusted sources into a tree. The bytes are parsed by yajl; the tree is
 * bounded in depth and in number of values, so that reading, walking and freeing it take bounded memory and
 * stack.
 *
 * All texts are UTF-8 without NUL. Of members with equal names the last one counts, as for most readers; a
 * caller that must not accept two of a name uses json_has_twice().
 */
#ifndef LXCBOX_CORE_ENCODING_JSON_READ_H
#define LXCBOX_CORE_ENCODING_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"

#define JSON_DEPTH_MAX  64
#define JSON_VALUES_MAX 200000

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

struct json_value {
    enum json_type type;
    bool truth;               /* of a JSON_BOOL */
    const char *text;         /* of a JSON_TEXT; the digits of a JSON_NUMBER; else NULL */
    const char *name;         /* of a member of an object; else NULL */
    struct json_value *next;  /* member or element after this one; NULL: this is the last one */
    struct json_value *first; /* member or element of an object or array; NULL: it is empty */
    size_t count;             /* of members or elements */
};

struct json_document;

/* json_for_each(member, value): the members or elements of `value`, which may be NULL. */
#define json_for_each(item, value)                                                                           \
    for (const struct json_value *item = (value) ? (value)->first : NULL; item; item = item->next)

#define cleanup_json __attribute__((cleanup(json_free)))

/*
 * Parse a whole document. `what` is its name for errors, "the manifest". Returns 0 with *out set, to be freed
 * with json_free(), or with `err` filled: -EBADMSG if it is not JSON or has a
 * NUL in a text, -EFBIG if it is too deep or has too many values, -ENOMEM.
 */
int json_read(const char *what, const void *bytes, size_t length, struct json_document **out,
              struct error *err);
void json_free(struct json_document **document);

const struct json_value *json_root(const struct json_document *document);

/* The member `name` of an object. NULL if the value is NULL, no object, or lacks it, or if the member is
 * null. */
const struct json_value *json_get(const struct json_value *value, const char *name);

/* The text of the member `name`; NULL if there is none or it is not a text. */
const char *json_get_text(const struct json_value *value, const char *name);

/* Whether an object has two members `name`. */
bool json_has_twice(const struct json_value *value, const char *name);

/*
 * An integer within the limits. Returns 0, or -ERANGE if it is outside of them or no integer, -EINVAL if the
 * value is NULL or no number. 1e3 and 5.0 are no integers.
 */
int json_int64(const struct json_value *value, int64_t min, int64_t max, int64_t *out);
int json_uint64(const struct json_value *value, uint64_t max, uint64_t *out);

/* Append the elements of an array of texts. NULL is an empty array. Returns 0, -EINVAL for another type,
 * -ENOMEM. */
int json_text_list(const struct json_value *value, struct string_list *out);

#endif
