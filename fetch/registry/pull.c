#include "fetch/registry/pull.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "fetch/registry/archive.h"
#include "fetch/registry/pull_layers.h"
#include "fetch/registry/store.h"

#define INDEX_NEST_MAX 3
#define TAGS_SHOWN     12

struct pull {
    const struct pull_request *request;
    struct registry_options options;
    struct registry *registry;  /* NULL: not asked, or the image is in files */
    struct store store;         /* the cache */
    struct store layout;        /* the user's directory; fd -1: none */
    const struct store *from;   /* which of the two has the image */
    struct archive_files files; /* of an archive; removed from the cache at the end */
    struct string_list added;   /* digests that are not to be kept in the cache */
    struct digest tag_digest, manifest_digest;
    struct manifest manifest;
    struct image_config config;
    struct strbuf config_text;
};

static int pull_no_memory(struct error *err)
{
    return error_set(err, ENOMEM, "cannot get the image");
}

static void pull_forget(struct pull *p)
{
    archive_remove(&p->store, &p->files);
    for (size_t i = 0; i < p->added.count; i++) {
        struct digest d;

        if (digest_parse("it", p->added.items[i], &d, NULL) == 0)
            store_remove(&p->store, &d);
    }
}

void pull_close(struct pull **pull)
{
    struct pull *p = *pull;

    if (!p)
        return;
    if (p->store.fd >= 0)
        pull_forget(p);
    registry_close(&p->registry);
    store_close(&p->store);
    store_close(&p->layout);
    archive_files_free(&p->files);
    string_list_clear(&p->added);
    manifest_free(&p->manifest);
    image_config_free(&p->config);
    strbuf_free(&p->config_text);
    free(p);
    *pull = NULL;
}

const struct manifest *pull_manifest(const struct pull *p)
{
    return &p->manifest;
}

const struct image_config *pull_config(const struct pull *p)
{
    return &p->config;
}

const struct strbuf *pull_config_text(const struct pull *p)
{
    return &p->config_text;
}

const struct digest *pull_manifest_digest(const struct pull *p)
{
    return &p->manifest_digest;
}

const struct digest *pull_tag_digest(const struct pull *p)
{
    return &p->tag_digest;
}

static void pull_status(const struct pull *p, const char *sentence)
{
    const struct image_events *events = &p->request->events;

    if (events->status)
        events->status(events->context, sentence);
}

/* With --no-cache, what this process adds to the cache is removed at the end. */
static int pull_mark_added(struct pull *p, const struct digest *digest, struct error *err)
{
    if (!p->request->no_cache || string_list_has(&p->added, digest->text))
        return 0;
    return string_list_add(&p->added, digest->text) < 0 ? pull_no_memory(err) : 0;
}

static bool pull_has(const struct pull *p, const struct digest *digest)
{
    uint64_t size = 0;
    cleanup_fd int fd = store_open_blob(p->from, digest, &size);

    return fd >= 0;
}

static int pull_registry(struct pull *p, struct error *err)
{
    return p->registry ? 0 : registry_open(&p->options, &p->registry, err);
}

/* Download a manifest or index into the cache. */
static int pull_download_manifest(struct pull *p, const char *which, struct digest *digest,
                                  struct strbuf *bytes, char **media_type, struct error *err)
{
    int r = pull_registry(p, err);

    if (r == 0)
        r = registry_manifest(p->registry, which, bytes, media_type, digest, err);
    if (r < 0)
        return r;
    if (!pull_has(p, digest))
        r = pull_mark_added(p, digest, err);
    return r == 0 ? store_put(&p->store, digest, strbuf_text(bytes), bytes->length, err) : r;
}

/* A tag that does not exist: name some that do. */
static int pull_suggest_tags(struct pull *p, int code, struct error *err)
{
    cleanup_string_list struct string_list tags = {0};
    cleanup_strbuf struct strbuf list = STRBUF_INIT;

    if (code != -ENOENT || !err || registry_tags(p->registry, TAGS_SHOWN + 1, &tags, NULL) < 0 ||
        tags.count == 0)
        return code;
    for (size_t i = 0; i < tags.count && i < TAGS_SHOWN; i++)
        if (strbuf_printf(&list, "%s%s", i ? ", " : "", tags.items[i]) < 0)
            return code;
    return error_remedy(err, "it has the tags %s%s", strbuf_text(&list),
                        tags.count > TAGS_SHOWN ? ", ..." : "");
}

/* A blob of a known size, downloaded into memory and kept. */
static int pull_small_blob(struct pull *p, const struct descriptor *d, struct strbuf *out, struct error *err)
{
    cleanup_http_file struct http_file f = {0};
    struct digest is;
    int r;

    if (pull_has(p, &d->digest))
        return store_read(p->from, &d->digest, (size_t)d->size_bytes, out, err);
    if (p->request->reference->kind != REFERENCE_REGISTRY || p->request->policy == PULL_NEVER)
        return error_text(err, ENOENT, "%s lacks the blob %s", p->from->path, d->digest.text);
    r = pull_registry(p, err);
    if (r == 0)
        r = registry_blob(p->registry, d, 0, &f, err);
    if (r < 0)
        return r;
    r = http_read_rest(&f, (size_t)d->size_bytes, out, err);
    if (r == -EFBIG)
        return error_text(err, EBADMSG, "the configuration of the image is longer than the manifest states");
    if (r < 0)
        return r;
    is = digest_of_bytes(strbuf_text(out), out->length);
    if (!digest_equal(&is, &d->digest))
        return error_text(err, EBADMSG, "the configuration of the image has the digest %s instead of %s",
                          is.text, d->digest.text);
    r = pull_mark_added(p, &d->digest, err);
    return r == 0 ? store_put(&p->store, &d->digest, strbuf_text(out), out->length, err) : r;
}

/* Read a manifest or index that a digest names, downloading it if need be. */
static int pull_read_manifest(struct pull *p, const struct descriptor *d, struct strbuf *bytes,
                              char **media_type, struct error *err)
{
    struct digest digest;

    if (d->size_bytes > MANIFEST_SIZE_MAX)
        return error_text(err, EFBIG, "the manifest has %llu bytes, which is more than %zu",
                          (unsigned long long)d->size_bytes, MANIFEST_SIZE_MAX);
    if (pull_has(p, &d->digest))
        return store_read(p->from, &d->digest, MANIFEST_SIZE_MAX, bytes, err);
    if (p->request->reference->kind != REFERENCE_REGISTRY || p->request->policy == PULL_NEVER)
        return error_text(err, ENOENT, "%s lacks the manifest %s", p->from->path, d->digest.text);
    return pull_download_manifest(p, d->digest.text, &digest, bytes, media_type, err);
}

/* From what a name stands for, by way of indexes, to the manifest for the platform. */
static int pull_choose(struct pull *p, struct descriptor d, struct error *err)
{
    for (int nest = 0; nest < INDEX_NEST_MAX; nest++) {
        cleanup_manifest_document struct manifest_document document = {0};
        cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
        cleanup_free char *media_type = NULL;
        int r = pull_read_manifest(p, &d, &bytes, &media_type, err);

        if (r == 0)
            r = manifest_parse(strbuf_text(&bytes), bytes.length, media_type, &p->request->platform,
                               &document, err);
        if (r < 0)
            return r;
        if (!document.is_index) {
            p->manifest_digest = d.digest;
            p->manifest = document.manifest;
            document.manifest = (struct manifest){0};
            return 0;
        }
        d = document.chosen;
    }
    return error_text(err, ELOOP, "the index leads to another index more than %d times", INDEX_NEST_MAX);
}

/* The name of an image in index.json of the cache. */
static char *pull_cache_name(const struct pull *p)
{
    const struct reference *r = p->request->reference;

    return format_string("%s/%s%s%s", r->host, r->path, r->tag ? ":" : "", r->tag ? r->tag : "");
}

/* What the cache knows of the name. Returns 1, 0 or a negative errno. */
static int pull_cached(struct pull *p, struct descriptor *out, struct error *err)
{
    cleanup_store_images struct store_images list = {0};
    cleanup_free char *name = pull_cache_name(p);
    int r = name ? store_images(&p->store, &list, err) : pull_no_memory(err);

    for (size_t i = 0; r == 0 && i < list.count; i++) {
        if (list.items[i].name && strcmp(list.items[i].name, name) == 0 &&
            pull_has(p, &list.items[i].descriptor.digest)) {
            *out = list.items[i].descriptor;
            return 1;
        }
    }
    return r;
}

static int pull_note(struct pull *p, const struct descriptor *d, const char *media_type, struct error *err)
{
    cleanup_free char *name = pull_cache_name(p);
    struct store_image image = {name, *d, (char *)media_type, (int64_t)time(NULL)};

    if (p->request->no_cache)
        return 0;
    return name ? store_set(&p->store, &image, err) : pull_no_memory(err);
}

static int pull_refuse_offline(const struct pull *p, struct error *err)
{
    error_text(err, ENOENT, "%s is not in the image cache %s", p->request->reference->path, p->store.path);
    return error_remedy(err, "leave out --pull=never to download it");
}

/* Download what the tag stands for now, and keep the name. */
static int pull_tag(struct pull *p, struct descriptor *out, struct error *err)
{
    const char *tag = p->request->reference->tag;
    cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
    cleanup_free char *media_type = NULL;
    int r;

    pull_status(p, "Downloading the manifest");
    r = pull_download_manifest(p, tag, &out->digest, &bytes, &media_type, err);
    if (r < 0)
        return pull_suggest_tags(p, r, err);
    out->size_bytes = bytes.length;
    return pull_note(p, out, media_type, err);
}

/* What a tag of a registry stands for. */
static int pull_find_tag(struct pull *p, struct descriptor *out, struct error *err)
{
    enum pull_policy policy = p->request->policy;
    struct digest now;
    int cached = p->request->no_cache ? 0 : pull_cached(p, out, err), r;

    if (cached < 0)
        return cached;
    if (policy == PULL_NEVER)
        return cached ? 0 : pull_refuse_offline(p, err);
    if (!cached || policy == PULL_ALWAYS)
        return pull_tag(p, out, err);
    if (policy == PULL_MISSING)
        return 0;
    r = pull_registry(p, err);
    if (r == 0)
        r = registry_resolve(p->registry, p->request->reference->tag, &now, err);
    if (r < 0)
        return pull_suggest_tags(p, r, err);
    if (r == 1 && digest_equal(&now, &out->digest)) {
        pull_status(p, "The image in the cache is current");
        return pull_note(p, out, NULL, err);
    }
    return pull_tag(p, out, err);
}

static int pull_find_in_registry(struct pull *p, struct descriptor *out, struct error *err)
{
    const struct reference *reference = p->request->reference;
    cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
    cleanup_free char *media_type = NULL;
    int r;

    if (!reference->digest.text[0])
        return pull_find_tag(p, out, err);
    out->digest = reference->digest;
    if (pull_has(p, &out->digest))
        return 0;
    if (p->request->policy == PULL_NEVER)
        return pull_refuse_offline(p, err);
    pull_status(p, "Downloading the manifest");
    r = pull_download_manifest(p, reference->digest.text, &out->digest, &bytes, &media_type, err);
    out->size_bytes = bytes.length;
    return r < 0 ? r : pull_note(p, out, media_type, err);
}

static int pull_find_in_layout(struct pull *p, struct descriptor *out, struct error *err)
{
    const struct reference *reference = p->request->reference;
    cleanup_store_images struct store_images list = {0};
    size_t found = 0;
    int r = store_open_layout(reference->path, &p->layout, err);

    if (r == 0)
        r = store_images(&p->layout, &list, err);
    if (r < 0)
        return r;
    p->from = &p->layout;
    for (size_t i = 0; i < list.count; i++) {
        if (!reference->tag || (list.items[i].name && strcmp(list.items[i].name, reference->tag) == 0)) {
            *out = list.items[i].descriptor;
            found++;
        }
    }
    if (found == 1)
        return 0;
    if (reference->tag)
        return error_text(err, ENOENT, "%s has no image with the name %s", reference->path, reference->tag);
    error_text(err, EINVAL, "%s has %zu images", reference->path, list.count);
    return error_remedy(err, "put :NAME behind the directory");
}

static int pull_find_in_archive(struct pull *p, struct descriptor *out, struct error *err)
{
    int r;

    pull_status(p, "Reading the archive");
    r = archive_read_files(p->request->reference->path, &p->store, &p->files, err);
    return r < 0 ? r : archive_find(p->request->reference, &p->store, &p->files, out, err);
}

static int pull_find(struct pull *p, struct descriptor *out, struct error *err)
{
    switch (p->request->reference->kind) {
    case REFERENCE_REGISTRY:
        return pull_find_in_registry(p, out, err);
    case REFERENCE_LAYOUT:
        return pull_find_in_layout(p, out, err);
    default:
        return pull_find_in_archive(p, out, err);
    }
}

/* The configuration must be that of the chosen manifest: as many layers, and for Linux. */
static int pull_check_config(const struct pull *p, struct error *err)
{
    if (p->config.diff_id_count != p->manifest.layer_count)
        return error_text(err, EBADMSG,
                          "the image has %zu layers in its manifest and %zu in its configuration",
                          p->manifest.layer_count, p->config.diff_id_count);
    if (p->config.os && strcmp(p->config.os, "linux") != 0)
        return error_text(err, ENOTSUP, "the image is for %s", p->config.os);
    if (p->config.architecture && strcmp(p->config.architecture, p->request->platform.architecture) != 0) {
        error_text(err, ENOENT, "the image is for linux/%s, and there is none for linux/%s",
                   p->config.architecture, p->request->platform.architecture);
        return error_remedy(err, "use it in spite of that with --arch %s", p->config.architecture);
    }
    return 0;
}

static int pull_read(struct pull *p, struct error *err)
{
    struct descriptor d = {0};
    int r = pull_find(p, &d, err);

    p->tag_digest = d.digest;
    if (r == 0)
        r = pull_choose(p, d, err);
    if (r == 0)
        r = pull_small_blob(p, &p->manifest.config, &p->config_text, err);
    if (r == 0)
        r = image_config_parse(strbuf_text(&p->config_text), p->config_text.length, &p->config, err);
    return r == 0 ? pull_check_config(p, err) : r;
}

static void pull_wait_status(void *context, const char *sentence)
{
    pull_status(context, sentence);
}

int pull_open(const struct pull_request *request, struct pull **out, struct error *err)
{
    cleanup_pull struct pull *p = calloc(1, sizeof(*p));
    cleanup_free char *name = reference_text(request->reference);
    int r;

    if (!p || !name)
        return pull_no_memory(err);
    *p = (struct pull){.request = request,
                       .options = request->registry,
                       .store = {.fd = -1, .lock = -1},
                       .layout = {.fd = -1, .lock = -1}};
    p->from = &p->store;
    p->options.reference = request->reference;
    p->options.status = pull_wait_status;
    p->options.context = p;
    r = store_open_cache(request->cache, &p->store, err);
    if (r == 0)
        r = pull_read(p, err);
    if (r < 0)
        return error_context(err, "%.300s", name);
    *out = p;
    p = NULL;
    return 0;
}

int pull_layers(struct pull *p, const bool *wanted, const struct pull_sink *sink, struct error *err)
{
    bool registry = p->request->reference->kind == REFERENCE_REGISTRY && p->request->policy != PULL_NEVER;
    /* The threads do not report: events belong to the calling thread. */
    struct registry_options options = p->options;
    struct layers_request request = {&p->manifest,        p->from, registry ? &options : NULL,
                                     &p->request->events, wanted,  sink};
    int r = 0;

    options.status = NULL;
    for (size_t i = 0; r == 0 && i < p->manifest.layer_count; i++)
        if ((!wanted || wanted[i]) && !pull_has(p, &p->manifest.layers[i].digest))
            r = pull_mark_added(p, &p->manifest.layers[i].digest, err);
    return r == 0 ? layers_pull(&request, err) : r;
}
