#include "fetch/index/streams.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yajl/yajl_parse.h>

#include "core/base/str.h"
#include "fetch/index/index.h"

#define DEPTH_MAX 16
#define LISTS_MAX 8
#define TEXT_MAX  512
/* The parser buffers a string until it is complete; this many bytes without a token are an error. */
#define TOKEN_MAX (1024 * 1024)

/* Names on the path from the root to the position of the parser; deeper ones are not stored. */
enum { LEVEL_TOP, LEVEL_PRODUCT, LEVEL_PART, LEVEL_BUILD, LEVEL_GROUP, LEVEL_ITEM, LEVEL_FIELD, LEVELS };

struct item {
    char path[TEXT_MAX], sha256[SHA256_HEX + 1];
    uint64_t size;
};

struct streams {
    yajl_handle parser;
    size_t quiet;                 /* bytes since the last token */
    int depth;                    /* of open maps and arrays */
    char names[LEVELS][TEXT_MAX]; /* names[i] is the key in the map at depth i + 1 */
    bool arrays;                  /* inside an array, whose contents are ignored */
    int array_depth;
    /* products */
    streams_build_fn *each;
    void *context;
    struct item item, rootfs, meta; /* of the build being read */
    /* index.json */
    struct string_list *paths;
    bool is_images;
    int result; /* of a callback: positive to stop, or a negative errno */
};

static bool streams_copy_text(char *to, size_t size, const unsigned char *text, size_t length)
{
    if (length >= size)
        return false;
    memcpy(to, text, length);
    to[length] = '\0';
    return strlen(to) == length && !strchr(to, '\t') && !text_has_control(to);
}

static bool streams_is_at(const struct streams *s, int depth)
{
    return s->depth == depth && !s->arrays;
}

/* products -> P -> versions -> B -> items -> K: whether the names at the current depth match this. */
static bool streams_is_build_path(const struct streams *s)
{
    return strcmp(s->names[LEVEL_TOP], "products") == 0 && strcmp(s->names[LEVEL_PART], "versions") == 0;
}

static bool streams_is_item_path(const struct streams *s)
{
    return streams_is_build_path(s) && strcmp(s->names[LEVEL_GROUP], "items") == 0;
}

static const char *streams_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* A field of an item. */
static void streams_take_item_text(struct streams *s, const unsigned char *text, size_t length)
{
    const char *field = s->names[LEVEL_FIELD];

    if (strcmp(field, "path") == 0 && !streams_copy_text(s->item.path, sizeof(s->item.path), text, length))
        s->item.path[0] = '\0';
    if (strcmp(field, "sha256") != 0 || length != SHA256_HEX)
        return;
    for (size_t i = 0; i < length; i++) {
        if (!isxdigit(text[i])) {
            s->item.sha256[0] = '\0';
            return;
        }
        s->item.sha256[i] = (char)tolower(text[i]);
    }
    s->item.sha256[length] = '\0';
}

/* At the end of an item: use it if its name is that of a known file. */
static void streams_end_item(struct streams *s)
{
    const char *name = streams_base_name(s->item.path);

    if (strcmp(name, "rootfs.tar.xz") == 0)
        s->rootfs = s->item;
    else if (strcmp(name, "meta.tar.xz") == 0)
        s->meta = s->item;
}

static int streams_end_build(struct streams *s)
{
    char *slash = strrchr(s->rootfs.path, '/');
    struct streams_build build = {s->names[LEVEL_PRODUCT], s->names[LEVEL_BUILD], s->rootfs.path,
                                  s->rootfs.sha256,        s->meta.sha256,        s->rootfs.size};

    if (!slash)
        return 0;
    *slash = '\0';
    s->result = s->each(s->context, &build);
    return s->result;
}

/* Callbacks of yajl return 1 to continue and 0 to stop; the reason is then in `result`. */
static int streams_stop(struct streams *s, int result)
{
    s->result = result;
    return 0;
}

static int streams_on_open(struct streams *s)
{
    s->quiet = 0;
    if (++s->depth > DEPTH_MAX)
        return streams_stop(s, -EBADMSG);
    if (streams_is_at(s, LEVEL_BUILD + 2)) /* the map of one build */
        s->rootfs = s->meta = (struct item){0};
    if (streams_is_at(s, LEVEL_ITEM + 2))
        s->item = (struct item){0};
    if (s->paths && streams_is_at(s, LEVEL_PRODUCT + 2)) {
        s->is_images = false;
        s->item = (struct item){0};
    }
    if (s->depth <= LEVELS)
        s->names[s->depth - 1][0] = '\0';
    return 1;
}

/* At the end of an entry of index.json: {"index": {NAME: {"datatype": ..., "path": ...}}}. */
static int streams_end_index_entry(struct streams *s)
{
    if (strcmp(s->names[LEVEL_TOP], "index") != 0 || !s->is_images || !s->item.path[0])
        return 1;
    if (s->paths->count >= LISTS_MAX)
        return streams_stop(s, -EBADMSG);
    return string_list_add(s->paths, s->item.path) < 0 ? streams_stop(s, -ENOMEM) : 1;
}

static int streams_on_map(void *context)
{
    return streams_on_open(context);
}

static int streams_on_map_end(void *context)
{
    struct streams *s = context;
    int go_on = 1;

    if (s->paths && streams_is_at(s, LEVEL_PRODUCT + 2))
        go_on = streams_end_index_entry(s);
    if (s->each && streams_is_at(s, LEVEL_ITEM + 2) && streams_is_item_path(s))
        streams_end_item(s);
    if (s->each && streams_is_at(s, LEVEL_BUILD + 2) && streams_is_build_path(s))
        go_on = streams_end_build(s) == 0;
    s->depth--;
    return go_on;
}

static int streams_on_array(void *context)
{
    struct streams *s = context;
    int go_on = streams_on_open(s);

    if (!s->arrays) {
        s->arrays = true;
        s->array_depth = s->depth;
    }
    return go_on;
}

static int streams_on_array_end(void *context)
{
    struct streams *s = context;

    if (s->arrays && s->depth == s->array_depth)
        s->arrays = false;
    s->depth--;
    return 1;
}

static int streams_on_key(void *context, const unsigned char *key, size_t length)
{
    struct streams *s = context;

    s->quiet = 0;
    if (s->arrays || s->depth > LEVELS)
        return 1;
    if (!streams_copy_text(s->names[s->depth - 1], TEXT_MAX, key, length))
        s->names[s->depth - 1][0] = '\0'; /* too long to be a known name */
    return 1;
}

static int streams_on_string(void *context, const unsigned char *text, size_t length)
{
    struct streams *s = context;

    s->quiet = 0;
    if (s->each && streams_is_at(s, LEVEL_FIELD + 1))
        streams_take_item_text(s, text, length);
    if (s->paths && streams_is_at(s, LEVEL_PART + 1)) {
        const char *field = s->names[LEVEL_PART];

        if (strcmp(field, "path") == 0 &&
            !streams_copy_text(s->item.path, sizeof(s->item.path), text, length))
            s->item.path[0] = '\0';
        if (strcmp(field, "datatype") == 0)
            s->is_images = length == 15 && memcmp(text, "image-downloads", 15) == 0;
    }
    return 1;
}

static int streams_on_integer(void *context, long long number)
{
    struct streams *s = context;

    if (s->each && streams_is_at(s, LEVEL_FIELD + 1) && strcmp(s->names[LEVEL_FIELD], "size") == 0 &&
        number >= 0)
        s->item.size = (uint64_t)number;
    return 1;
}

/* Other numbers are ignored, and need not be converted to double. */
static int streams_on_number(void *context, const char *text, size_t length)
{
    char digits[24];
    uint64_t number;

    if (streams_copy_text(digits, sizeof(digits), (const unsigned char *)text, length) &&
        parse_uint64(digits, 10, INT64_MAX, &number) == 0)
        return streams_on_integer(context, (long long)number);
    return 1;
}

static struct streams *streams_begin(void)
{
    static const yajl_callbacks callbacks = {
        .yajl_number = streams_on_number,
        .yajl_string = streams_on_string,
        .yajl_start_map = streams_on_map,
        .yajl_map_key = streams_on_key,
        .yajl_end_map = streams_on_map_end,
        .yajl_start_array = streams_on_array,
        .yajl_end_array = streams_on_array_end,
    };
    struct streams *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->parser = yajl_alloc(&callbacks, NULL, s);
    if (!s->parser) {
        free(s);
        return NULL;
    }
    return s;
}

struct streams *streams_products(streams_build_fn *each, void *context)
{
    struct streams *s = streams_begin();

    if (s) {
        s->each = each;
        s->context = context;
    }
    return s;
}

struct streams *streams_index(struct string_list *paths)
{
    struct streams *s = streams_begin();

    if (s)
        s->paths = paths;
    return s;
}

void streams_free(struct streams *s)
{
    if (s) {
        yajl_free(s->parser);
        free(s);
    }
}

static int streams_explain(struct streams *s, yajl_status status, struct error *err)
{
    if (status == yajl_status_ok)
        return 0;
    if (status == yajl_status_client_canceled && s->result > 0)
        return 1;
    if (s->result < 0 && s->result != -EBADMSG)
        return error_set(err, s->result, "cannot read the list of images of the server");
    return error_text(err, EBADMSG, "the list of images of the server (simplestreams) is malformed");
}

int streams_feed(struct streams *s, const void *bytes, size_t length, struct error *err)
{
    s->quiet += length;
    if (s->quiet > TOKEN_MAX)
        return streams_explain(s, yajl_status_error, err);
    return streams_explain(s, yajl_parse(s->parser, bytes, length), err);
}

int streams_end(struct streams *s, struct error *err)
{
    int result = s->result > 0 ? 0 : streams_explain(s, yajl_complete_parse(s->parser), err);

    streams_free(s);
    return result > 0 ? 0 : result;
}

bool streams_split_product(char *product, struct image_name *out)
{
    const char **parts[] = {&out->dist, &out->release, &out->arch, &out->variant};
    char *at = product;

    for (int i = 0; i < 4; i++) {
        if (!at)
            return false;
        *parts[i] = at;
        at = strchr(at, ':');
        if (at)
            *at++ = '\0';
        if (!image_name_is_safe(*parts[i]))
            return false;
    }
    return !at;
}

/* The next character of a path, decoded if it is escaped. */
static int streams_next_character(const char **at)
{
    const char *p = *at;
    char digits[3];

    if (p[0] == '%' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2])) {
        digits[0] = p[1];
        digits[1] = p[2];
        digits[2] = '\0';
        *at += 3;
        return (int)strtol(digits, NULL, 16);
    }
    *at += *p != '\0';
    return (unsigned char)*p;
}

bool streams_same_path(const char *a, const char *b)
{
    a += strspn(a, "/");
    b += strspn(b, "/");
    while (*a && *b)
        if (streams_next_character(&a) != streams_next_character(&b))
            return false;
    return !*a && !*b;
}
