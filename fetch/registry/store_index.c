/* The names in a store, and what they keep from being pruned. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/encoding/json.h"
#include "core/encoding/json_read.h"
#include "fetch/index/cache.h"
#include "fetch/index/catalog.h"
#include "fetch/registry/store.h"

#define INDEX           "index.json"
#define INDEX_SIZE_MAX  ((size_t)8 << 20)
#define NAME_ANNOTATION "org.opencontainers.image.ref.name"
#define TIME_ANNOTATION "org.lxcbox.pulled"
#define NEST_MAX        4 /* index in index */

void store_images_free(struct store_images *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].media_type);
    }
    free(list->items);
    *list = (struct store_images){0};
}

static int image_parse(const struct json_value *entry, struct store_image *out, struct error *err)
{
    const struct json_value *annotations = json_get(entry, "annotations");
    const char *name = json_get_text(annotations, NAME_ANNOTATION), *type = json_get_text(entry, "mediaType");
    const char *pulled = json_get_text(annotations, TIME_ANNOTATION);
    int r =
        digest_parse("an image in index.json", json_get_text(entry, "digest"), &out->descriptor.digest, err);

    if (r < 0)
        return r;
    if (json_uint64(json_get(entry, "size"), INT64_MAX, &out->descriptor.size_bytes) < 0)
        return error_text(err, EBADMSG, "an image in index.json has no valid size");
    if (pulled && parse_int64(pulled, 10, 0, INT64_MAX, &out->pulled) < 0)
        out->pulled = 0;
    out->name = name ? strdup(name) : NULL;
    out->media_type = type ? strdup(type) : NULL;
    return (name && !out->name) || (type && !out->media_type)
               ? error_set(err, ENOMEM, "cannot read index.json")
               : 0;
}

static int images_parse(const char *text, size_t length, struct store_images *out, struct error *err)
{
    cleanup_json struct json_document *json = NULL;
    const struct json_value *entries;
    int r = json_read("index.json", text, length, &json, err);

    if (r < 0)
        return r;
    entries = json_get(json_root(json), "manifests");
    if (!entries || entries->type != JSON_ARRAY)
        return error_text(err, EBADMSG, "index.json has no list of images");
    out->items = calloc(entries->count + 1, sizeof(*out->items));
    if (!out->items)
        return error_set(err, ENOMEM, "cannot read index.json");
    json_for_each(entry, entries)
    {
        r = image_parse(entry, &out->items[out->count++], err);
        if (r < 0)
            return r;
    }
    return 0;
}

int store_images(const struct store *s, struct store_images *out, struct error *err)
{
    cleanup_free char *text = NULL;
    size_t length = 0;
    int r = file_read(s->fd, INDEX, INDEX_SIZE_MAX, &text, &length);

    *out = (struct store_images){0};
    if (r == -ENOENT && s->lock >= 0)
        return 0;
    if (r < 0)
        return error_set(err, r, "cannot read %s/" INDEX, s->path);
    r = images_parse(text, length, out, err);
    if (r < 0) {
        store_images_free(out);
        return error_context(err, "%s", s->path);
    }
    return 0;
}

static int image_write(struct strbuf *out, const struct store_image *image)
{
    cleanup_free char *pulled = format_string("%lld", (long long)image->pulled);
    int r = pulled ? json_open(out, NULL, '{') : -ENOMEM;

    if (r == 0 && image->media_type)
        r = json_string(out, "mediaType", image->media_type);
    if (r == 0)
        r = json_string(out, "digest", image->descriptor.digest.text);
    if (r == 0)
        r = json_number(out, "size", (int64_t)image->descriptor.size_bytes);
    if (r == 0 && image->name) {
        r = json_open(out, "annotations", '{');
        if (r == 0)
            r = json_string(out, NAME_ANNOTATION, image->name);
        if (r == 0)
            r = json_string(out, TIME_ANNOTATION, pulled);
        if (r == 0)
            r = json_close(out, '}');
    }
    return r == 0 ? json_close(out, '}') : r;
}

static int images_write(const struct store *s, const struct store_images *list, struct error *err)
{
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    int r = json_open(&out, NULL, '{');

    if (r == 0)
        r = json_number(&out, "schemaVersion", 2);
    if (r == 0)
        r = json_open(&out, "manifests", '[');
    for (size_t i = 0; r == 0 && i < list->count; i++)
        r = image_write(&out, &list->items[i]);
    if (r == 0)
        r = json_close(&out, ']');
    if (r == 0)
        r = json_close(&out, '}');
    if (r == 0)
        r = file_replace(s->fd, INDEX, strbuf_text(&out), out.length, 0644);
    return r < 0 ? cache_error(err, r, "write into", s->path) : 0;
}

/* Changes of index.json by several processes come one after the other. */
static int index_lock(const struct store *s, struct error *err)
{
    return store_lock_file(s, "index.lock", LOCK_EX, err);
}

static bool image_has_name(const struct store_image *image, const char *name)
{
    return image->name && strcmp(image->name, name) == 0;
}

int store_set(const struct store *s, const struct store_image *image, struct error *err)
{
    cleanup_store_images struct store_images list = {0};
    cleanup_fd int lock = index_lock(s, err);
    struct store_image *at = NULL;
    int r = lock < 0 ? lock : store_images(s, &list, err);

    if (r < 0)
        return r;
    if (!list.items && !(list.items = calloc(1, sizeof(*list.items))))
        return error_set(err, ENOMEM, "cannot write into the image cache");
    for (size_t i = 0; i < list.count; i++)
        if (image_has_name(&list.items[i], image->name))
            at = &list.items[i];
    if (at) {
        free(at->name);
        free(at->media_type);
    } else {
        at = &list.items[list.count++]; /* images_parse() leaves room for one more */
    }
    *at = (struct store_image){strdup(image->name), image->descriptor,
                               image->media_type ? strdup(image->media_type) : NULL, image->pulled};
    if (!at->name || (image->media_type && !at->media_type))
        return error_set(err, ENOMEM, "cannot write into the image cache");
    return images_write(s, &list, err);
}

/* Add the digests that a document leads to. What cannot be read leads to nothing. */
static int blobs_add(const struct store *s, const struct digest *digest, struct string_list *kept, int nest)
{
    cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
    cleanup_json struct json_document *json = NULL;
    const struct json_value *root;
    int r = string_list_add(kept, digest_hex(digest));

    if (r < 0 || nest > NEST_MAX || store_read(s, digest, MANIFEST_SIZE_MAX, &bytes, NULL) < 0 ||
        json_read("it", strbuf_text(&bytes), bytes.length, &json, NULL) < 0)
        return r;
    root = json_root(json);
    json_for_each(entry, json_get(root, "manifests"))
    {
        struct digest d;

        if (r == 0 && digest_parse("it", json_get_text(entry, "digest"), &d, NULL) == 0)
            r = blobs_add(s, &d, kept, nest + 1);
    }
    json_for_each(layer, json_get(root, "layers"))
    {
        struct digest d;

        if (r == 0 && digest_parse("it", json_get_text(layer, "digest"), &d, NULL) == 0)
            r = string_list_add(kept, digest_hex(&d));
    }
    if (r == 0) {
        struct digest d;

        if (digest_parse("it", json_get_text(json_get(root, "config"), "digest"), &d, NULL) == 0)
            r = string_list_add(kept, digest_hex(&d));
    }
    return r;
}

static int names_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Remove the files of a directory that are not in the sorted list. */
static int directory_prune(const struct store *s, const char *path, const struct string_list *kept,
                           uint64_t *freed)
{
    cleanup_fd int fd = openat(s->fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *e;

    if (!d)
        return -errno;
    fd = -1;
    while ((e = readdir(d))) {
        const char *name = e->d_name;
        struct stat st;

        if (name[0] == '.' ||
            (kept->count && bsearch(&name, kept->items, kept->count, sizeof(name), names_compare)))
            continue;
        if (fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) == 0 && unlinkat(dirfd(d), name, 0) == 0)
            *freed += (uint64_t)st.st_size;
    }
    return 0;
}

int store_image_size(const struct store *s, const struct store_image *image, uint64_t *bytes,
                     struct error *err)
{
    cleanup_string_list struct string_list blobs = {0};
    int r = blobs_add(s, &image->descriptor.digest, &blobs, 0);

    *bytes = 0;
    if (r < 0)
        return error_set(err, r, "cannot read the image cache %s", s->path);
    qsort(blobs.items, blobs.count, sizeof(*blobs.items), names_compare);
    for (size_t i = 0; i < blobs.count; i++) {
        cleanup_free char *path = format_string("blobs/sha256/%s", blobs.items[i]);
        struct stat st;

        if (i > 0 && strcmp(blobs.items[i], blobs.items[i - 1]) == 0) /* a layer may be used twice */
            continue;
        if (path && fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
            *bytes += (uint64_t)st.st_size;
    }
    return 0;
}

/* Closing the store releases the lock. */
static int prune_lock(struct store *s, const struct image_events *events, struct error *err)
{
    int r;

    if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    catalog_status(events, "Waiting for other processes that use the image cache");
    r = file_lock(s->lock, LOCK_EX);
    return r < 0 ? cache_error(err, r, "lock", s->path) : 0;
}

static int prune_locked(struct store *s, struct store_images *list, uint64_t *freed, struct error *err)
{
    cleanup_string_list struct string_list kept = {0}, none = {0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < list->count; i++)
        r = blobs_add(s, &list->items[i].descriptor.digest, &kept, 0);
    if (r < 0)
        return error_set(err, r, "cannot prune the image cache %s", s->path);
    if (kept.count)
        qsort(kept.items, kept.count, sizeof(*kept.items), names_compare);
    r = images_write(s, list, err);
    if (r < 0)
        return r;
    r = directory_prune(s, "blobs/sha256", &kept, freed);
    if (r == 0)
        r = directory_prune(s, "partial", &none, freed);
    return r < 0 ? cache_error(err, r, "prune", s->path) : 0;
}

int store_prune(struct store *s, bool (*keep)(void *context, const struct store_image *image), void *context,
                const struct image_events *events, uint64_t *freed, struct error *err)
{
    cleanup_store_images struct store_images list = {0};
    cleanup_fd int index = -1;
    size_t count = 0;
    int r = prune_lock(s, events, err);

    *freed = 0;
    if (r < 0)
        return r;
    index = index_lock(s, err);
    r = index < 0 ? index : store_images(s, &list, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < list.count; i++) {
        struct store_image image = list.items[i];

        if (keep(context, &image)) {
            list.items[i] = list.items[count];
            list.items[count++] = image;
        }
    }
    for (size_t i = count; i < list.count; i++) {
        free(list.items[i].name);
        free(list.items[i].media_type);
    }
    list.count = count;
    r = prune_locked(s, &list, freed, err);
    flock(s->lock, LOCK_SH);
    return r;
}
