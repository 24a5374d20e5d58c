/* lxc-images: list the images of the cache, and remove those that are not needed. See lxc-images.1. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/encoding/json.h"
#include "core/encoding/json_read.h"
#include "core/storage/image_store.h"
#include "core/storage/list.h"
#include "fetch/index/cache.h"
#include "fetch/index/cache_list.h"
#include "fetch/registry/store.h"

#define IMAGE_JSON_SIZE_MAX (1 << 20)
#define DAY_SECONDS         86400
#define DIGEST_DIGITS       12 /* of a digest in the table */

struct lxc_images_options {
    struct container_options container;
    bool json, all;
    const char *older_than;
};

static const struct option_row lxc_images_table[] = {
    OPT_FLAG(0, "json", struct lxc_images_options, json, "list: print JSON"),
    OPT_FLAG('a', "all", struct lxc_images_options, all, "prune: also images that containers were made from"),
    OPT_STRING(0, "older-than", "DAYS", struct lxc_images_options, older_than,
               "prune: only images that were not fetched or checked in the last DAYS days"),
    OPT_STRING('P', "lxcpath", "DIR", struct lxc_images_options, container.lxcpath,
               "the directory of the containers"),
    OPT_STRING('o', "logfile", "FILE", struct lxc_images_options, container.logfile, "write the log to FILE"),
    OPT_STRING('l', "logpriority", "LEVEL", struct lxc_images_options, container.loglevel,
               "log messages of LEVEL and above (ERROR)"),
    OPT_FLAG('q', "quiet", struct lxc_images_options, container.quiet, "print only errors on standard error"),
    OPT_END,
};

/* The containers of lxcpath that were made from images of registries: names[i] from images[i]. */
struct made {
    struct string_list names, images;
};

static void made_free(struct made *m)
{
    string_list_clear(&m->names);
    string_list_clear(&m->images);
}

#define cleanup_made __attribute__((cleanup(made_free)))

/* A container without an image.json, or with one that is no JSON, was not made from an image. A file that
 * exists and cannot be read is an error: an image must not seem unused by it. */
static int made_add(struct made *m, const struct container *c, struct error *err)
{
    cleanup_free char *path = container_path(c, "image.json"), *text = NULL;
    cleanup_json struct json_document *json = NULL;
    size_t length = 0;
    const char *image;
    int r = path ? file_read(AT_FDCWD, path, IMAGE_JSON_SIZE_MAX, &text, &length) : -ENOMEM;

    if (r == -ENOENT || r == -ENOTDIR)
        return 0;
    if (r < 0)
        return error_set(err, r, "cannot read %s/image.json", c->name);
    if (json_read("image.json", text, length, &json, NULL) < 0)
        return 0;
    image = json_get_text(json_root(json), "image");
    if (!image)
        return 0;
    r = string_list_add(&m->names, c->name);
    if (r == 0)
        r = string_list_add(&m->images, image);
    return r < 0 ? error_set(err, r, "cannot read %s/image.json", c->name) : 0;
}

static int made_read(const char *lxcpath, struct made *m, struct error *err)
{
    cleanup_container_list struct container_list list = {0};
    int r = container_list_read_names(lxcpath, &list, err);

    for (size_t i = 0; r == 0 && i < list.count; i++)
        r = made_add(m, &(struct container){.name = list.items[i].name, .lxcpath = lxcpath}, err);
    return r;
}

/* The name for lxc-create's --url. NULL: out of memory. */
static char *image_url(const struct store_image *image)
{
    return format_string("docker://%s", image->name ? image->name : "");
}

/* The containers that were made from an image. 0 or -ENOMEM. */
static int made_from(const struct made *m, const char *url, struct string_list *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < m->images.count; i++)
        if (strcmp(m->images.items[i], url) == 0)
            r = string_list_add(out, m->names.items[i]);
    return r;
}

/* A row of the list. The names are owned. */
struct row {
    const char *kind; /* "oci", "download", "interrupted", "unpacked" */
    char *name;
    const char *version; /* the digest, or the build; NULL: of an interrupted download */
    uint64_t size_bytes;
    int64_t fetched;
    struct string_list containers;
};

static const char *size_text(uint64_t bytes, char out[static 32])
{
    uint64_t tenths = bytes / ((1 << 20) / 10);

    snprintf(out, 32, "%" PRIu64 ".%" PRIu64 " MiB", tenths / 10, tenths % 10);
    return out;
}

static const char *age_text(int64_t fetched, char out[static 32])
{
    int64_t seconds = (int64_t)time(NULL) - fetched;

    if (fetched <= 0 || seconds < 0)
        return "-";
    if (seconds >= 2 * DAY_SECONDS)
        snprintf(out, 32, "%" PRId64 " days", seconds / DAY_SECONDS);
    else if (seconds >= 2 * 3600)
        snprintf(out, 32, "%" PRId64 " hours", seconds / 3600);
    else
        snprintf(out, 32, "%" PRId64 " minutes", seconds / 60);
    return out;
}

static int row_write(const struct row *row, bool as_json, struct strbuf *out)
{
    char size[32], age[32];
    const char *version = row->version ? row->version : "interrupted";
    bool has_digest = row->kind[0] == 'o' || row->kind[0] == 'u';
    int r;

    if (!as_json) {
        if (has_digest)
            version += strcspn(version, ":") + 1; /* "sha256:" */
        return strbuf_printf(out, "%-50s %-14.*s %11s  %s\n", row->name, has_digest ? DIGEST_DIGITS : 40,
                             version, size_text(row->size_bytes, size), age_text(row->fetched, age));
    }
    r = json_open(out, NULL, '{');
    if (r == 0)
        r = json_string(out, "kind", row->kind);
    if (r == 0)
        r = json_string(out, "name", row->name);
    if (r == 0)
        r = json_string(out, has_digest ? "digest" : "build", row->version);
    if (r == 0)
        r = json_number(out, "size", (int64_t)row->size_bytes);
    if (r == 0)
        r = json_number(out, "fetched", row->fetched);
    if (r == 0 && has_digest)
        r = json_strings(out, "containers", &row->containers);
    return r == 0 ? json_close(out, '}') : r;
}

/* 1 with *out open, 0 if there is no cache: listing and pruning do not make one. */
static int store_open_existing(struct store *out, struct error *err)
{
    cleanup_free char *base = cache_directory(NULL), *path = base ? format_string("%s/oci", base) : NULL;
    int r;

    if (!path)
        return error_set(err, ENOMEM, "cannot open the image cache");
    if (access(path, F_OK) < 0)
        return errno == ENOENT ? 0 : cache_error(err, errno, "open", path);
    r = store_open_cache(NULL, out, err);
    return r < 0 ? r : 1;
}

static int list_oci(const struct made *made, bool as_json, struct strbuf *out, struct error *err)
{
    cleanup_store struct store store = {.fd = -1, .lock = -1};
    cleanup_store_images struct store_images images = {0};
    int r = store_open_existing(&store, err);

    if (r == 1)
        r = store_images(&store, &images, err);
    for (size_t i = 0; r == 0 && i < images.count; i++) {
        const struct store_image *image = &images.items[i];
        cleanup_free char *url = image_url(image);
        struct row row = {
            .kind = "oci", .name = url, .version = image->descriptor.digest.text, .fetched = image->pulled};

        r = store_image_size(&store, image, &row.size_bytes, err);
        if (r == 0 &&
            (!url || made_from(made, url, &row.containers) < 0 || row_write(&row, as_json, out) < 0))
            r = error_set(err, ENOMEM, "cannot list the images");
        string_list_clear(&row.containers);
    }
    return r;
}

/* "debian/bookworm/amd64/default". NULL: out of memory. */
static char *entry_name(const struct cache_entry *e)
{
    return format_string("%s/%s/%s/%s", e->dist, e->release, e->arch, e->variant);
}

/* "unpacked, for 3 containers". NULL: out of memory. */
static char *unpacked_name(const struct stored_image *image)
{
    return format_string("unpacked, for %zu container%s", image->containers.count,
                         image->containers.count == 1 ? "" : "s");
}

static int list_downloads(bool as_json, struct strbuf *out, struct error *err)
{
    cleanup_cache_entries struct cache_entries entries = {0};
    int r = cache_list(NULL, &entries, err);

    for (size_t i = 0; r == 0 && i < entries.count; i++) {
        const struct cache_entry *e = &entries.items[i];
        cleanup_free char *name = entry_name(e);
        const struct row row = {.kind = e->build ? "download" : "interrupted",
                                .name = name,
                                .version = e->build,
                                .size_bytes = e->size_bytes,
                                .fetched = e->fetched};

        if (!name || row_write(&row, as_json, out) < 0)
            r = error_set(err, ENOMEM, "cannot list the images");
    }
    return r;
}

/* The trees that containers share. */
static int list_unpacked(const char *lxcpath, bool as_json, struct strbuf *out, struct error *err)
{
    cleanup_stored_images struct stored_images images = {0};
    int r = image_store_list(lxcpath, &images, err);

    for (size_t i = 0; r == 0 && i < images.count; i++) {
        const struct stored_image *image = &images.items[i];
        cleanup_free char *name = unpacked_name(image), *digest = format_string("sha256:%s", image->key);
        const struct row row = {.kind = "unpacked",
                                .name = name,
                                .version = digest,
                                .size_bytes = image->size_bytes,
                                .fetched = image->made,
                                .containers = image->containers};

        if (!name || !digest || row_write(&row, as_json, out) < 0)
            r = error_set(err, ENOMEM, "cannot list the images");
    }
    return r;
}

static int images_list(const struct lxc_images_options *o, const char *lxcpath, const struct made *made,
                       struct error *err)
{
    cleanup_strbuf struct strbuf rows = STRBUF_INIT, out = STRBUF_INIT;
    int r = o->json ? json_open(&rows, NULL, '[') : 0;

    if (r == 0)
        r = list_oci(made, o->json, &rows, err);
    if (r == 0)
        r = list_downloads(o->json, &rows, err);
    if (r == 0)
        r = list_unpacked(lxcpath, o->json, &rows, err);
    if (r < 0)
        return r;
    if (o->json)
        r = json_close(&rows, ']') < 0 || json_indent(&out, strbuf_text(&rows)) < 0 ? -ENOMEM : 0;
    else if (rows.length)
        r = strbuf_printf(&out, "%-50s %-14s %11s  %s\n%s", "NAME", "DIGEST", "SIZE", "AGE",
                          strbuf_text(&rows));
    if (r < 0)
        return error_set(err, ENOMEM, "cannot list the images");
    fputs(strbuf_text(&out), stdout);
    if (o->json)
        putchar('\n');
    return 0;
}

struct prune {
    const struct lxc_images_options *options;
    const struct made *made;
    int64_t before; /* images that were fetched later than this stay */
    bool no_memory;
    uint64_t unpacked_bytes; /* that were freed */
};

static void prune_report(const struct prune *p, const char *name)
{
    if (!p->options->container.quiet)
        printf("Removed %s\n", name);
}

/* When memory is exhausted, everything stays. */
static bool prune_keeps(void *context, const struct store_image *image)
{
    struct prune *p = context;
    cleanup_string_list struct string_list containers = {0};
    cleanup_free char *url = image_url(image);

    if (!url || made_from(p->made, url, &containers) < 0) {
        p->no_memory = true;
        return true;
    }
    if ((containers.count && !p->options->all) || image->pulled > p->before)
        return true;
    prune_report(p, url);
    return false;
}

static void prune_status(void *context, const char *sentence)
{
    const struct prune *p = context;

    if (!p->options->container.quiet)
        printf("%s\n", sentence);
}

/* Images of distributions do not have their containers recorded: without --all, those stay that a create
 * would use. */
static int prune_downloads(struct prune *p, const struct image_events *events, uint64_t *freed,
                           struct error *err)
{
    cleanup_cache_entries struct cache_entries entries = {0};
    int r = cache_list(NULL, &entries, err);

    for (size_t i = 0; r == 0 && i < entries.count; i++) {
        const struct cache_entry *e = &entries.items[i];
        cleanup_free char *name = entry_name(e);

        if (!name)
            return error_set(err, ENOMEM, "cannot prune the image cache");
        if (e->build && (e->fetched > p->before || !(e->expired || p->options->all)))
            continue;
        r = cache_remove(NULL, e, events, err);
        if (r == 0) {
            *freed += e->size_bytes;
            prune_report(p, name);
        }
    }
    return r;
}

static void prune_removed(void *context, const struct stored_image *image)
{
    struct prune *p = context;

    p->unpacked_bytes += image->size_bytes;
    if (!p->options->container.quiet)
        printf("Removed the unpacked image %.12s\n", image->key);
}

static int images_prune(struct prune *p, const char *lxcpath, struct error *err)
{
    cleanup_store struct store store = {.fd = -1, .lock = -1};
    const struct image_events events = {.context = p, .status = prune_status};
    uint64_t freed = 0;
    char size[32];
    int r = store_open_existing(&store, err);

    if (r == 1)
        r = store_prune(&store, prune_keeps, p, &events, &freed, err);
    if (r == 0 && p->no_memory)
        r = error_set(err, ENOMEM, "cannot prune the image cache");
    if (r == 0)
        r = prune_downloads(p, &events, &freed, err);
    if (r == 0)
        r = image_store_prune(lxcpath, p->before, prune_removed, p, err);
    freed += p->unpacked_bytes;
    if (r == 0 && !p->options->container.quiet)
        printf("Freed %" PRIu64 " bytes (%s)\n", freed, size_text(freed, size));
    return r;
}

static int older_than_read(const char *text, int64_t *before, struct error *err)
{
    int64_t days;

    *before = INT64_MAX;
    if (!text)
        return 0;
    if (parse_int64(text, 10, 0, 36500, &days) < 0) {
        error_text(err, EINVAL, "--older-than: \"%.60s\" is not a number of days", text);
        return error_remedy(err, "give a number from 0 to 36500");
    }
    *before = (int64_t)time(NULL) - days * DAY_SECONDS;
    return 0;
}

static int lxc_images_run(struct invocation *in, struct error *err)
{
    const struct lxc_images_options *o = in->options;
    const char *verb = in->argc > 0 ? in->argv[0] : "", *lxcpath;
    bool prune = strcmp(verb, "prune") == 0;
    cleanup_made struct made made = {0};
    struct prune p = {.options = o, .made = &made};
    int r;

    in->operands_max = 1;
    r = container_select_path(&o->container, in, &lxcpath, err);
    if (r < 0)
        return r;
    if (!prune && strcmp(verb, "list") != 0) {
        error_text(err, EINVAL, *verb ? "unknown command \"%.60s\"" : "no command given%s", verb);
        return error_remedy(err, "use list or prune");
    }
    if (prune && o->json)
        return error_text(err, EINVAL, "--json goes with list only");
    if (!prune && (o->all || o->older_than))
        return error_text(err, EINVAL, "--all and --older-than go with prune only");
    r = older_than_read(o->older_than, &p.before, err);
    if (r == 0)
        r = made_read(lxcpath, &made, err);
    if (r == 0)
        r = prune ? images_prune(&p, lxcpath, err) : images_list(o, lxcpath, &made, err);
    return r;
}

APPLET(lxc_images, .name = "lxc-images", .summary = "List and remove the images of the cache",
       .usage = "list|prune [OPTION]...", .options = lxc_images_table,
       .options_size = sizeof(struct lxc_images_options), .run = lxc_images_run);
