#include "fetch/registry/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

#include "core/base/cleanup.h"
#include "core/encoding/json_read.h"

#include "core/base/str.h"

#define OCI    "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

enum document_kind { DOCUMENT_UNKNOWN, DOCUMENT_INDEX, DOCUMENT_MANIFEST, DOCUMENT_SCHEMA_1 };

static const struct {
    const char *name;
    enum document_kind kind;
} document_types[] = {
    {OCI "index.v1+json", DOCUMENT_INDEX},
    {OCI "manifest.v1+json", DOCUMENT_MANIFEST},
    {DOCKER "distribution.manifest.list.v2+json", DOCUMENT_INDEX},
    {DOCKER "distribution.manifest.v2+json", DOCUMENT_MANIFEST},
    {DOCKER "distribution.manifest.v1+json", DOCUMENT_SCHEMA_1},
    {DOCKER "distribution.manifest.v1+prettyjws", DOCUMENT_SCHEMA_1},
};

/* The compression is found by content: registries hold layers whose type states another one. */
static const char *const layer_types[] = {
    OCI "layer.v1.tar",
    OCI "layer.v1.tar+gzip",
    OCI "layer.v1.tar+zstd",
    OCI "layer.nondistributable.v1.tar",
    OCI "layer.nondistributable.v1.tar+gzip",
    OCI "layer.nondistributable.v1.tar+zstd",
    DOCKER "image.rootfs.diff.tar",
    DOCKER "image.rootfs.diff.tar.gzip",
    DOCKER "image.rootfs.diff.tar.zstd",
    DOCKER "image.rootfs.foreign.diff.tar",
    DOCKER "image.rootfs.foreign.diff.tar.gzip",
};

static const char *const config_types[] = {
    OCI "config.v1+json",
    DOCKER "container.image.v1+json",
};

/* Names of an architecture: of the kernel, of Debian, then of Go. */
static const struct {
    const char *name, *architecture, *variant;
} architectures[] = {
    {"x86_64", "amd64", NULL},      {"x86-64", "amd64", NULL},    {"i386", "386", NULL},
    {"i486", "386", NULL},          {"i586", "386", NULL},        {"i686", "386", NULL},
    {"x86", "386", NULL},           {"aarch64", "arm64", NULL},   {"armv8l", "arm", "v7"},
    {"armv7l", "arm", "v7"},        {"armv7", "arm", "v7"},       {"armhf", "arm", "v7"},
    {"armv6l", "arm", "v6"},        {"armv6", "arm", "v6"},       {"armv5tel", "arm", "v5"},
    {"armel", "arm", "v5"},         {"ppc64el", "ppc64le", NULL}, {"powerpc64le", "ppc64le", NULL},
    {"mips64el", "mips64le", NULL}, {"mipsel", "mipsle", NULL},   {"loongarch64", "loong64", NULL},
};

void manifest_free(struct manifest *m)
{
    for (size_t i = 0; i < m->layer_count; i++)
        free(m->layers[i].url);
    free(m->layers);
    *m = (struct manifest){0};
}

void manifest_document_free(struct manifest_document *d)
{
    manifest_free(&d->manifest);
    *d = (struct manifest_document){0};
}

const char *platform_architecture(const char *name, const char **variant)
{
    static struct utsname machine;

    *variant = NULL;
    if (!name) {
        uname(&machine);
        name = machine.machine;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(architectures); i++) {
        if (strcasecmp(name, architectures[i].name) == 0) {
            *variant = architectures[i].variant;
            return architectures[i].architecture;
        }
    }
    return name;
}

static bool media_type_is_one_of(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; text && i < count; i++)
        if (strcmp(text, list[i]) == 0)
            return true;
    return false;
}

static enum document_kind document_kind_of_type(const char *type)
{
    for (size_t i = 0; type && i < ARRAY_LENGTH(document_types); i++)
        if (strcmp(type, document_types[i].name) == 0)
            return document_types[i].kind;
    return DOCUMENT_UNKNOWN;
}

static int document_refuse_schema_1(struct error *err)
{
    error_text(err, ENOTSUP, "the manifest is of schema 1, which was replaced in 2017");
    return error_remedy(err, "push the image again with a current tool");
}

/*
 * A document is what its content says, and its type must agree: one that could be read as either would let a
 * registry show different images to different readers of one digest (CVE-2021-41190).
 */
static int document_find_kind(const struct json_value *root, const char *media_type, enum document_kind *kind,
                              struct error *err)
{
    static const char *const names[] = {"schemaVersion", "mediaType", "config", "layers", "manifests"};
    enum document_kind stated = document_kind_of_type(media_type);
    enum document_kind own = document_kind_of_type(json_get_text(root, "mediaType"));
    bool index = json_get(root, "manifests") != NULL;
    bool manifest = json_get(root, "config") || json_get(root, "layers");
    int64_t version;

    if (root->type != JSON_OBJECT)
        return error_text(err, EBADMSG, "the manifest is not a JSON object");
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (json_has_twice(root, names[i]))
            return error_text(err, EBADMSG, "the manifest has two members \"%s\"", names[i]);
    if (stated == DOCUMENT_SCHEMA_1 || own == DOCUMENT_SCHEMA_1 ||
        (json_int64(json_get(root, "schemaVersion"), 0, 99, &version) == 0 && version == 1))
        return document_refuse_schema_1(err);
    if (index && manifest)
        return error_text(err, EBADMSG, "the document is a manifest and an index at once");
    if (!index && !manifest)
        return error_text(err, EBADMSG, "the document is neither a manifest nor an index");
    *kind = index ? DOCUMENT_INDEX : DOCUMENT_MANIFEST;
    if ((stated && stated != *kind) || (own && own != *kind))
        return error_text(err, EBADMSG, "the media type of %s is that of %s",
                          index ? "an index" : "a manifest", index ? "a manifest" : "an index");
    return 0;
}

static int descriptor_parse(const struct json_value *value, const char *what, struct descriptor *out,
                            struct error *err)
{
    int r;

    if (!value || value->type != JSON_OBJECT)
        return error_text(err, EBADMSG, "the manifest lacks %s", what);
    r = digest_parse(what, json_get_text(value, "digest"), &out->digest, err);
    if (r < 0)
        return r;
    if (json_uint64(json_get(value, "size"), INT64_MAX, &out->size_bytes) < 0)
        return error_text(err, EBADMSG, "%s has no valid size", what);
    return 0;
}

static int layer_parse(const struct json_value *value, size_t number, struct descriptor *out,
                       struct error *err)
{
    const struct json_value *urls = json_get(value, "urls");
    const char *type = json_get_text(value, "mediaType"), *url = NULL;
    char what[32];
    int r;

    snprintf(what, sizeof(what), "layer %zu", number + 1);
    r = descriptor_parse(value, what, out, err);
    if (r < 0)
        return r;
    if (!media_type_is_one_of(type, layer_types, ARRAY_LENGTH(layer_types)))
        return error_text(err, ENOTSUP, "a layer has the type \"%.100s\", which is not supported",
                          type ? type : "");
    if (urls && urls->type == JSON_ARRAY && urls->first && urls->first->type == JSON_TEXT)
        url = urls->first->text;
    if (url && !(out->url = strdup(url)))
        return error_set(err, ENOMEM, "cannot read the manifest");
    return 0;
}

static int manifest_parse_layers(const struct json_value *layers, struct manifest *out, struct error *err)
{
    if (!layers || layers->type != JSON_ARRAY || layers->count == 0)
        return error_text(err, EBADMSG, "the manifest has no layers");
    if (layers->count > MANIFEST_LAYERS_MAX)
        return error_text(err, EFBIG, "the image has %zu layers, which is more than %d", layers->count,
                          MANIFEST_LAYERS_MAX);
    out->layers = calloc(layers->count, sizeof(*out->layers));
    if (!out->layers)
        return error_set(err, ENOMEM, "cannot read the manifest");
    json_for_each(layer, layers)
    {
        int r = layer_parse(layer, out->layer_count, &out->layers[out->layer_count], err);

        if (r < 0)
            return r;
        out->layer_count++;
    }
    return 0;
}

static int manifest_parse_image(const struct json_value *root, struct manifest *out, struct error *err)
{
    const struct json_value *config = json_get(root, "config");
    const char *type = json_get_text(config, "mediaType");
    int r = descriptor_parse(config, "its configuration", &out->config, err);

    if (r < 0)
        return r;
    if (!media_type_is_one_of(type, config_types, ARRAY_LENGTH(config_types))) {
        error_text(err, ENOTSUP, "it is not the image of a container but an artifact of the type \"%.100s\"",
                   type ? type : "");
        return error_remedy(err, "use an image that was built for containers");
    }
    if (out->config.size_bytes > MANIFEST_SIZE_MAX)
        return error_text(err, EFBIG, "the image has a configuration of %llu bytes, which is more than %zu",
                          (unsigned long long)out->config.size_bytes, MANIFEST_SIZE_MAX);
    return manifest_parse_layers(json_get(root, "layers"), out, err);
}

/* "v7" is 7; without a variant, what the architecture begins with. */
static int variant_number(const char *architecture, const char *variant)
{
    int64_t number;

    if (variant && (variant[0] == 'v' || variant[0] == 'V') &&
        parse_int64(variant + 1, 10, 1, 99, &number) == 0)
        return (int)number;
    if (variant && *variant)
        return -1;
    if (strcmp(architecture, "arm64") == 0)
        return 8;
    return strcmp(architecture, "arm") == 0 ? 7 : 1;
}

/* How well an entry of an index suits: 0 not at all; of two that suit, the larger one is better. */
static int platform_score(const struct platform *wanted, const struct json_value *entry)
{
    const struct json_value *platform = json_get(entry, "platform");
    const char *os = json_get_text(platform, "os"), *architecture = json_get_text(platform, "architecture");
    int has, limit = variant_number(wanted->architecture, wanted->variant);

    if (!os || !architecture || strcmp(os, "linux") != 0 || strcmp(architecture, wanted->architecture) != 0)
        return 0;
    has = variant_number(architecture, json_get_text(platform, "variant"));
    return has >= 1 && has <= limit ? has : 0;
}

static bool platform_is_unknown(const struct json_value *entry)
{
    const char *os = json_get_text(json_get(entry, "platform"), "os");

    return os && strcmp(os, "unknown") == 0;
}

/* Name the platforms that an index has. */
static int index_refuse(const struct json_value *entries, const struct platform *wanted, struct error *err)
{
    char list[200] = "";
    size_t length = 0;

    json_for_each(entry, entries)
    {
        const struct json_value *platform = json_get(entry, "platform");
        const char *os = json_get_text(platform, "os"),
                   *architecture = json_get_text(platform, "architecture");
        const char *variant = json_get_text(platform, "variant");
        int n;

        if (!os || !architecture || platform_is_unknown(entry))
            continue;
        n = snprintf(list + length, sizeof(list) - length, "%s%s/%s%s%s", length ? ", " : "", os,
                     architecture, variant ? "/" : "", variant ? variant : "");
        if (n < 0 || (size_t)n >= sizeof(list) - length) {
            list[length] = '\0';
            break;
        }
        length += (size_t)n;
    }
    text_make_printable(list, length, "");
    error_text(err, ENOENT, "the index has no image for linux/%s%s%s", wanted->architecture,
               wanted->variant ? "/" : "", wanted->variant ? wanted->variant : "");
    return length ? error_remedy(err, "it has %s: choose with --arch and --variant", list) : -ENOENT;
}

static int index_choose(const struct json_value *root, const struct platform *wanted, struct descriptor *out,
                        struct error *err)
{
    const struct json_value *entries = json_get(root, "manifests"), *best = NULL, *only = NULL;
    int best_score = 0;
    size_t without_platform = 0;

    if (entries->type != JSON_ARRAY)
        return error_text(err, EBADMSG, "the index has no list of manifests");
    if (entries->count > MANIFEST_INDEX_MAX)
        return error_text(err, EFBIG, "the index has %zu entries, which is more than %d", entries->count,
                          MANIFEST_INDEX_MAX);
    json_for_each(entry, entries)
    {
        int score = platform_score(wanted, entry);

        if (!json_get(entry, "platform")) {
            only = entry;
            without_platform++;
        }
        if (score > best_score) {
            best = entry;
            best_score = score;
        }
    }
    if (!best && without_platform == 1 && entries->count == 1)
        best = only; /* a layout with one image need not say for which platform it is */
    return best ? descriptor_parse(best, "an entry of the index", out, err)
                : index_refuse(entries, wanted, err);
}

int manifest_parse(const void *bytes, size_t length, const char *media_type, const struct platform *platform,
                   struct manifest_document *out, struct error *err)
{
    cleanup_json struct json_document *json = NULL;
    enum document_kind kind = DOCUMENT_UNKNOWN;
    int r = json_read("the manifest", bytes, length, &json, err);

    *out = (struct manifest_document){0};
    if (r < 0)
        return r;
    r = document_find_kind(json_root(json), media_type, &kind, err);
    if (r < 0)
        return r;
    out->is_index = kind == DOCUMENT_INDEX;
    r = out->is_index ? index_choose(json_root(json), platform, &out->chosen, err)
                      : manifest_parse_image(json_root(json), &out->manifest, err);
    if (r < 0)
        manifest_document_free(out);
    return r;
}
