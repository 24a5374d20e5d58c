#include "fetch/registry/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/encoding/json.h"
#include "core/encoding/json_read.h"

#define FILES_MAX   10000
#define BLOCK_SIZE  ((size_t)128 << 10)
#define LINKS_MAX   8
#define CONFIG_TYPE "application/vnd.oci.image.config.v1+json"
#define LAYER_TYPE  "application/vnd.oci.image.layer.v1.tar"

static void archive_done(struct archive **a)
{
    if (*a)
        archive_read_free(*a);
}

void archive_files_free(struct archive_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->items[i].name);
        free(files->items[i].link);
    }
    free(files->items);
    *files = (struct archive_files){0};
}

void archive_remove(const struct store *store, const struct archive_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->items[i].added)
            store_remove(store, &files->items[i].blob.digest);
}

static int files_add(struct archive_files *files, const struct archive_file *file)
{
    struct archive_file *items = files->items;

    if ((files->count & (files->count - 1)) == 0) {
        items = reallocarray(files->items, files->count ? 2 * files->count : 1, sizeof(*items));
        if (!items)
            return -ENOMEM;
        files->items = items;
    }
    items[files->count++] = *file;
    return 0;
}

static const char *name_without_dot(const char *name)
{
    while (starts_with(name, "./"))
        name += 2;
    return name;
}

/* A link to "../x" in the directory of the link, or "x" from the top, as old versions of docker write them.
 */
static const struct archive_file *files_find(const struct archive_files *files, const char *name)
{
    cleanup_free char *target = NULL;

    for (int links = 0; name && links < LINKS_MAX; links++) {
        const struct archive_file *found = NULL;
        char *next;

        for (size_t i = 0; i < files->count; i++)
            if (strcmp(files->items[i].name, name_without_dot(name)) == 0)
                found = &files->items[i];
        if (!found || !found->link)
            return found;
        next = strdup(starts_with(found->link, "../") ? found->link + 3 : found->link);
        free(target);
        name = target = next;
    }
    return NULL;
}

/* store_source: the data of the current entry. */
static ssize_t entry_read(void *context, const void **bytes, struct error *err)
{
    struct archive *a = context;
    size_t length = 0;
    la_int64_t offset;
    int r;

    do {
        r = archive_read_data_block(a, bytes, &length, &offset);
    } while (r >= ARCHIVE_WARN && r != ARCHIVE_EOF && length == 0);
    if (r == ARCHIVE_EOF)
        return 0;
    return r < ARCHIVE_WARN ? error_text(err, EBADMSG, "the archive is damaged") : (ssize_t)length;
}

static int entry_take(struct archive *a, struct archive_entry *e, const struct store *store,
                      struct archive_files *files, struct error *err)
{
    const char *name = archive_entry_pathname(e), *link = archive_entry_hardlink(e);
    struct archive_file file = {0};
    int r = 0;

    if (!link && archive_entry_filetype(e) == AE_IFLNK)
        link = archive_entry_symlink(e);
    if (!name || (!link && archive_entry_filetype(e) != AE_IFREG))
        return 0;
    if (files->count >= FILES_MAX)
        return error_text(err, EFBIG, "the archive has more than %d files", FILES_MAX);
    if (!link)
        r = store_add(store, entry_read, a, &file.blob, &file.added, err);
    if (r < 0)
        return r;
    file.name = strdup(name_without_dot(name));
    file.link = link ? strdup(link) : NULL;
    if (file.name && (file.link || !link) && files_add(files, &file) == 0)
        return 0;
    if (file.added)
        store_remove(store, &file.blob.digest);
    free(file.name);
    free(file.link);
    return error_set(err, ENOMEM, "cannot read the archive");
}

int archive_read_files(const char *path, const struct store *store, struct archive_files *out,
                       struct error *err)
{
    __attribute__((cleanup(archive_done))) struct archive *a = archive_read_new();
    struct archive_entry *e;
    int r, code = 0;

    *out = (struct archive_files){0};
    if (!a || archive_read_support_format_tar(a) != ARCHIVE_OK)
        return error_set(err, ENOMEM, "cannot read %s", path);
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_zstd(a);
    if (archive_read_open_filename(a, path, BLOCK_SIZE) != ARCHIVE_OK)
        return error_set(err, archive_errno(a) > 0 ? archive_errno(a) : EIO, "cannot open %s", path);
    while (code == 0 && (r = archive_read_next_header(a, &e)) != ARCHIVE_EOF)
        code = r < ARCHIVE_WARN ? error_text(err, EBADMSG, "it is not a tar archive")
                                : entry_take(a, e, store, out, err);
    return code < 0 ? error_context(err, "%s", path) : 0;
}

static int archive_read_json(const struct archive_files *files, const struct store *store, const char *name,
                             struct json_document **out, struct error *err)
{
    cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
    const struct archive_file *file = files_find(files, name);
    int r;

    if (!file || !file->blob.digest.text[0])
        return error_text(err, ENOENT, "the archive has no file %.200s", name);
    r = store_read(store, &file->blob.digest, MANIFEST_SIZE_MAX, &bytes, err);
    return r < 0 ? r : json_read(name, strbuf_text(&bytes), bytes.length, out, err);
}

static int archive_refuse_name(const struct reference *reference, struct error *err)
{
    if (reference->tag)
        return error_text(err, ENOENT, "the archive has no image with the name %s", reference->tag);
    error_text(err, EINVAL, "the archive has several images");
    return error_remedy(err, "put :NAME behind the file");
}

static int oci_find(const struct reference *reference, const struct store *store,
                    const struct archive_files *files, struct descriptor *out, struct error *err)
{
    cleanup_json struct json_document *json = NULL;
    const struct json_value *entries, *found = NULL;
    size_t count = 0;
    int r = archive_read_json(files, store, "index.json", &json, err);

    if (r < 0)
        return r;
    entries = json_get(json_root(json), "manifests");
    json_for_each(entry, entries)
    {
        const char *name = json_get_text(json_get(entry, "annotations"), "org.opencontainers.image.ref.name");

        if (!reference->tag || (name && strcmp(name, reference->tag) == 0)) {
            found = entry;
            count++;
        }
    }
    if (count != 1)
        return archive_refuse_name(reference, err);
    r = digest_parse("index.json", json_get_text(found, "digest"), &out->digest, err);
    if (r == 0 && json_uint64(json_get(found, "size"), INT64_MAX, &out->size_bytes) < 0)
        r = error_text(err, EBADMSG, "index.json states no valid size");
    return r;
}

/* manifest.json of docker: [{"Config": "x.json", "RepoTags": ["nginx:1.27"], "Layers": ["y/layer.tar"]}]. */
static bool docker_has_tag(const struct json_value *image, const char *tag)
{
    json_for_each(name, json_get(image, "RepoTags"))
    {
        if (name->type == JSON_TEXT && strcmp(name->text, tag) == 0)
            return true;
    }
    return false;
}

static int docker_write_descriptor(struct strbuf *out, const char *key, const struct archive_files *files,
                                   const struct json_value *name, const char *type, struct error *err)
{
    const struct archive_file *file = name && name->type == JSON_TEXT ? files_find(files, name->text) : NULL;
    int r;

    if (!file)
        return error_text(err, EBADMSG, "the archive lacks the file %.200s, which manifest.json names",
                          name && name->type == JSON_TEXT ? name->text : "?");
    r = json_open(out, key, '{');
    if (r == 0)
        r = json_string(out, "mediaType", type);
    if (r == 0)
        r = json_string(out, "digest", file->blob.digest.text);
    if (r == 0)
        r = json_number(out, "size", (int64_t)file->blob.size_bytes);
    if (r == 0)
        r = json_close(out, '}');
    return r < 0 ? error_set(err, ENOMEM, "cannot read the archive") : 0;
}

static int docker_compose(const struct json_value *image, const struct archive_files *files,
                          struct strbuf *out, struct error *err)
{
    int r = json_open(out, NULL, '{');

    if (r == 0)
        r = json_number(out, "schemaVersion", 2);
    if (r == 0)
        r = docker_write_descriptor(out, "config", files, json_get(image, "Config"), CONFIG_TYPE, err);
    if (r == 0)
        r = json_open(out, "layers", '[');
    json_for_each(layer, json_get(image, "Layers"))
    {
        if (r == 0)
            r = docker_write_descriptor(out, NULL, files, layer, LAYER_TYPE, err);
    }
    if (r == 0)
        r = json_close(out, ']');
    if (r == 0)
        r = json_close(out, '}');
    return r == -ENOMEM ? error_set(err, ENOMEM, "cannot read the archive") : r;
}

static int docker_find(const struct reference *reference, const struct store *store,
                       struct archive_files *files, struct descriptor *out, struct error *err)
{
    cleanup_json struct json_document *json = NULL;
    cleanup_strbuf struct strbuf manifest = STRBUF_INIT;
    const struct json_value *found = NULL;
    struct archive_file file = {0};
    size_t count = 0;
    int r = archive_read_json(files, store, "manifest.json", &json, err);

    if (r < 0)
        return r;
    if (json_root(json)->type != JSON_ARRAY)
        return error_text(err, EBADMSG, "manifest.json has no list of images");
    json_for_each(image, json_root(json))
    {
        if (!reference->tag || docker_has_tag(image, reference->tag)) {
            found = image;
            count++;
        }
    }
    if (count != 1)
        return archive_refuse_name(reference, err);
    r = docker_compose(found, files, &manifest, err);
    if (r < 0)
        return r;
    file.blob =
        (struct descriptor){digest_of_bytes(strbuf_text(&manifest), manifest.length), manifest.length, NULL};
    file.name = strdup("");
    file.added = true;
    if (!file.name || files_add(files, &file) < 0) {
        free(file.name);
        return error_set(err, ENOMEM, "cannot read the archive");
    }
    *out = file.blob;
    return store_put(store, &file.blob.digest, strbuf_text(&manifest), manifest.length, err);
}

int archive_find(const struct reference *reference, const struct store *store, struct archive_files *files,
                 struct descriptor *out, struct error *err)
{
    int r = reference->kind == REFERENCE_OCI_ARCHIVE ? oci_find(reference, store, files, out, err)
                                                     : docker_find(reference, store, files, out, err);

    return r < 0 ? error_context(err, "%s", reference->path) : 0;
}
