#include "core/encoding/json_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#define BLOCK_SIZE ((size_t)16 << 10)

/* Values and texts are taken from blocks, which are freed together. */
struct block {
    struct block *next;
    size_t used, size;
    _Alignas(struct json_value) char bytes[];
};

/* An open object or array while parsing. */
struct level {
    struct json_value *value, *last;
};

struct json_document {
    struct block *blocks;
    struct json_value *root;
    size_t values;
    struct level levels[JSON_DEPTH_MAX];
    size_t depth;
    const char *name; /* of the member whose value follows */
    int code;         /* why parsing was stopped; 0: it was not */
};

static void *document_take(struct json_document *d, size_t size)
{
    struct block *b = d->blocks;
    void *out;

    size = (size + _Alignof(struct json_value) - 1) & ~(_Alignof(struct json_value) - 1);
    if (!b || b->size - b->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

        b = malloc(sizeof(*b) + room);
        if (!b)
            return NULL;
        *b = (struct block){d->blocks, 0, room};
        d->blocks = b;
    }
    out = b->bytes + b->used;
    b->used += size;
    return out;
}

/* Callbacks of yajl return 1 to continue and 0 to stop. */
static int document_stop(struct json_document *d, int code)
{
    d->code = code;
    return 0;
}

static const char *document_copy(struct json_document *d, const void *text, size_t length)
{
    char *copy;

    if (memchr(text, '\0', length)) {
        document_stop(d, -EILSEQ);
        return NULL;
    }
    copy = document_take(d, length + 1);
    if (!copy) {
        document_stop(d, -ENOMEM);
        return NULL;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

static struct json_value *document_add(struct json_document *d, enum json_type type)
{
    struct level *in = d->depth ? &d->levels[d->depth - 1] : NULL;
    struct json_value *v;

    if (++d->values > JSON_VALUES_MAX) {
        document_stop(d, -EFBIG);
        return NULL;
    }
    v = document_take(d, sizeof(*v));
    if (!v) {
        document_stop(d, -ENOMEM);
        return NULL;
    }
    *v = (struct json_value){.type = type, .name = d->name};
    d->name = NULL;
    if (!in) {
        d->root = v;
        return v;
    }
    if (in->last)
        in->last->next = v;
    else
        in->value->first = v;
    in->last = v;
    in->value->count++;
    return v;
}

static int document_add_text(struct json_document *d, enum json_type type, const void *text, size_t length)
{
    const char *copy = document_copy(d, text, length);
    struct json_value *v = copy ? document_add(d, type) : NULL;

    if (v)
        v->text = copy;
    return v != NULL;
}

static int document_on_null(void *context)
{
    return document_add(context, JSON_NULL) != NULL;
}

static int document_on_bool(void *context, int truth)
{
    struct json_value *v = document_add(context, JSON_BOOL);

    if (v)
        v->truth = truth;
    return v != NULL;
}

static int document_on_number(void *context, const char *digits, size_t length)
{
    return document_add_text(context, JSON_NUMBER, digits, length);
}

static int document_on_text(void *context, const unsigned char *text, size_t length)
{
    return document_add_text(context, JSON_TEXT, text, length);
}

static int document_open(struct json_document *d, enum json_type type)
{
    struct json_value *v;

    if (d->depth == JSON_DEPTH_MAX)
        return document_stop(d, -EFBIG);
    v = document_add(d, type);
    if (!v)
        return 0;
    d->levels[d->depth++] = (struct level){v, NULL};
    return 1;
}

static int document_on_object(void *context)
{
    return document_open(context, JSON_OBJECT);
}

static int document_on_array(void *context)
{
    return document_open(context, JSON_ARRAY);
}

static int document_on_end(void *context)
{
    struct json_document *d = context;

    d->depth--;
    return 1;
}

static int document_on_name(void *context, const unsigned char *name, size_t length)
{
    struct json_document *d = context;

    d->name = document_copy(d, name, length);
    return d->name != NULL;
}

static const yajl_callbacks document_callbacks = {
    .yajl_null = document_on_null,
    .yajl_boolean = document_on_bool,
    .yajl_number = document_on_number,
    .yajl_string = document_on_text,
    .yajl_start_map = document_on_object,
    .yajl_map_key = document_on_name,
    .yajl_end_map = document_on_end,
    .yajl_start_array = document_on_array,
    .yajl_end_array = document_on_end,
};

static int document_explain(const struct json_document *d, const char *what, struct error *err)
{
    switch (d->code) {
    case -ENOMEM:
        return error_set(err, ENOMEM, "cannot read %s", what);
    case -EFBIG:
        return error_text(err, EFBIG, "%s has more than %d values or more than %d levels", what,
                          JSON_VALUES_MAX, JSON_DEPTH_MAX);
    case -EILSEQ:
        return error_text(err, EBADMSG, "%s has a text with a NUL", what);
    default:
        return error_text(err, EBADMSG, "%s is not JSON", what);
    }
}

int json_read(const char *what, const void *bytes, size_t length, struct json_document **out,
              struct error *err)
{
    cleanup_json struct json_document *d = calloc(1, sizeof(*d));
    yajl_handle parser = d ? yajl_alloc(&document_callbacks, NULL, d) : NULL;
    yajl_status status;

    if (!parser)
        return error_set(err, ENOMEM, "cannot read %s", what);
    status = yajl_parse(parser, bytes, length);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(parser);
    yajl_free(parser);
    if (status != yajl_status_ok || !d->root)
        return document_explain(d, what, err);
    *out = d;
    d = NULL;
    return 0;
}

void json_free(struct json_document **document)
{
    struct json_document *d = *document;

    if (!d)
        return;
    while (d->blocks) {
        struct block *b = d->blocks;

        d->blocks = b->next;
        free(b);
    }
    free(d);
    *document = NULL;
}

const struct json_value *json_root(const struct json_document *document)
{
    return document->root;
}

const struct json_value *json_get(const struct json_value *value, const char *name)
{
    const struct json_value *found = NULL;

    if (!value || value->type != JSON_OBJECT)
        return NULL;
    json_for_each(member, value)
    {
        if (strcmp(member->name, name) == 0)
            found = member;
    }
    return found && found->type != JSON_NULL ? found : NULL;
}

const char *json_get_text(const struct json_value *value, const char *name)
{
    const struct json_value *member = json_get(value, name);

    return member && member->type == JSON_TEXT ? member->text : NULL;
}

bool json_has_twice(const struct json_value *value, const char *name)
{
    unsigned count = 0;

    if (!value || value->type != JSON_OBJECT)
        return false;
    json_for_each(member, value) count += strcmp(member->name, name) == 0;
    return count > 1;
}

int json_int64(const struct json_value *value, int64_t min, int64_t max, int64_t *out)
{
    if (!value || value->type != JSON_NUMBER)
        return -EINVAL;
    return parse_int64(value->text, 10, min, max, out) < 0 ? -ERANGE : 0;
}

int json_uint64(const struct json_value *value, uint64_t max, uint64_t *out)
{
    if (!value || value->type != JSON_NUMBER)
        return -EINVAL;
    return parse_uint64(value->text, 10, max, out) < 0 ? -ERANGE : 0;
}

int json_text_list(const struct json_value *value, struct string_list *out)
{
    if (value && value->type != JSON_ARRAY)
        return -EINVAL;
    json_for_each(item, value)
    {
        if (item->type != JSON_TEXT)
            return -EINVAL;
        if (string_list_add(out, item->text) < 0)
            return -ENOMEM;
    }
    return 0;
}
