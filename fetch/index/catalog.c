#include "fetch/index/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "fetch/index/index.h"

/* Limits of the data read from a server; the largest seen are a tenth of these. */
#define INDEX_MAX         ((uint64_t)64 << 20)
#define STREAMS_INDEX_MAX ((uint64_t)1 << 20)
#define STREAMS_MAX       ((uint64_t)256 << 20)

int catalog_open(const struct image_source *source, struct catalog *out, struct error *err)
{
    struct http_options options = {.ca_file = source->ca_file,
                                   .connect_timeout_ms = source->connect_timeout_ms,
                                   .idle_timeout_ms = source->idle_timeout_ms,
                                   .attempts = source->attempts};
    struct catalog c = {.mode = source->mode ? source->mode : "system", .events = &source->events};
    int r = url_parse("the server", source->server ? source->server : IMAGE_DEFAULT_SERVER, &c.server, err);

    if (!r)
        r = http_new(&options, &c.http, err);
    if (r) {
        catalog_close(&c);
        return r;
    }
    *out = c;
    return 0;
}

void catalog_close(struct catalog *c)
{
    http_free(&c->http);
    url_free(&c->server);
}

void catalog_status(const struct image_events *events, const char *sentence)
{
    if (events && events->status)
        events->status(events->context, sentence);
}

int catalog_pump(struct http_file *f, const char *name, const struct image_events *events, take_fn *take,
                 void *context, struct error *err)
{
    uint64_t done = f->offset, total = f->total == HTTP_LENGTH_UNKNOWN ? 0 : f->total;
    const void *bytes;
    ssize_t n;

    while ((n = http_read(f, &bytes, err)) > 0) {
        int r = take(context, bytes, (size_t)n, err);

        if (r)
            return r;
        done += (uint64_t)n;
        if (events && events->progress)
            events->progress(events->context, name, done, total);
    }
    if (n == 0 && done != total && events && events->progress)
        events->progress(events->context, name, done, done);
    return (int)n;
}

/* Read a file from the server. -ENOENT if it does not exist; `err` is then not meant for the user. */
static int catalog_read_file(struct catalog *c, const char *path, take_fn *take, void *context,
                             struct error *err)
{
    cleanup_http_file struct http_file f = {0};
    cleanup_url struct url u = {0};
    const char *slash = strrchr(path, '/');
    int r = url_below(&c->server, path, &u, err);

    if (!r)
        r = http_open(c->http, &u, NULL, &f, err);
    if (r)
        return r;
    return catalog_pump(&f, slash ? slash + 1 : path, c->events, take, context, err);
}

struct index_context {
    struct index_reader reader;
    uint64_t seen;
};

static int catalog_take_index(void *context, const void *bytes, size_t length, struct error *err)
{
    struct index_context *x = context;
    int r;

    x->seen += length;
    r = x->seen > INDEX_MAX ? -EFBIG : index_feed(&x->reader, bytes, length);
    return r ? error_set(err, r, "cannot read the image index of the server") : 0;
}

static int catalog_read_index(struct catalog *c, const struct image_name *filter, const char *suffix,
                              struct image_list *out, struct error *err)
{
    struct index_context x = {.reader.filter = filter};
    cleanup_free char *path = format_string("meta/1.0/index-%s%s", c->mode, suffix);
    int r = path ? catalog_read_file(c, path, catalog_take_index, &x, err)
                 : error_set(err, ENOMEM, "cannot read the index");

    if (!r && index_end(&x.reader) < 0)
        r = error_set(err, ENOMEM, "cannot read the image index of the server");
    if (r) {
        index_reader_free(&x.reader);
        return r;
    }
    *out = x.reader.list;
    return 0;
}

struct streams_context {
    struct streams *reader;
    uint64_t seen, max;
};

static int catalog_take_streams(void *context, const void *bytes, size_t length, struct error *err)
{
    struct streams_context *x = context;

    x->seen += length;
    if (x->seen > x->max)
        return error_set(err, EFBIG, "cannot read the list of images of the server (simplestreams)");
    return streams_feed(x->reader, bytes, length, err);
}

/* Read one document of simplestreams; frees the reader. Positive if its callback has stopped it. */
static int catalog_read_streams(struct catalog *c, const char *path, struct streams *reader, uint64_t max,
                                struct error *err)
{
    struct streams_context x = {reader, 0, max};
    int r = reader ? catalog_read_file(c, path, catalog_take_streams, &x, err)
                   : error_set(err, ENOMEM, "cannot read the list of images of the server");

    if (r)
        streams_free(reader);
    else
        r = streams_end(reader, err);
    if (r == -EBADMSG) {
        error_context(err, "%s", c->server.host);
        error_remedy(
            err, "the server is broken, or another host between here and the server responds instead of it");
    }
    return r;
}

/*
 * Call `each` for every build in the simplestreams of the server. -ENOENT if the server has no simplestreams.
 */
static int catalog_each_build(struct catalog *c, streams_build_fn *each, void *context, struct error *err)
{
    cleanup_string_list struct string_list lists = {0};
    int r = catalog_read_streams(c, "streams/v1/index.json", streams_index(&lists), STREAMS_INDEX_MAX, err);

    for (size_t i = 0; !r && i < lists.count; i++) {
        r = catalog_read_streams(c, lists.items[i], streams_products(each, context), STREAMS_MAX, err);
        if (r == -ENOENT) /* listed in index.json, so simplestreams are not absent */
            return error_text(err, EBADMSG, "%s does not have the list of images %s, which its index names",
                              c->server.host, lists.items[i]);
    }
    return r > 0 ? 0 : r;
}

struct listing {
    const struct image_name *filter;
    struct image_list list;
    struct image_sums sums; /* of the last one listed */
};

static void catalog_keep_sums(struct image_sums *sums, const struct streams_build *build)
{
    memcpy(sums->rootfs, build->rootfs_sha256, strlen(build->rootfs_sha256) + 1);
    memcpy(sums->meta, build->meta_sha256, strlen(build->meta_sha256) + 1);
}

/* List the newest build of each product. The builds of a product are consecutive. */
static int catalog_list_build(void *context, const struct streams_build *build)
{
    struct listing *l = context;
    cleanup_free char *product = strdup(build->product);
    struct image_name name;
    int r;

    if (!product)
        return -ENOMEM;
    if (!streams_split_product(product, &name) || !image_name_is_safe(build->build) ||
        !image_matches(l->filter, name.dist, name.release, name.arch, name.variant))
        return 0;
    if (l->list.count > 0) {
        struct image_entry *last = &l->list.items[l->list.count - 1];
        struct image_name before = {last->dist, last->release, last->arch, last->variant};

        if (image_matches(&before, name.dist, name.release, name.arch, name.variant)) {
            if (strcmp(last->build, build->build) >= 0)
                return 0;
            free(last->dist);
            l->list.count--;
        }
    }
    r = image_list_add(&l->list, name.dist, name.release, name.arch, name.variant, build->build,
                       build->directory);
    if (!r)
        catalog_keep_sums(&l->sums, build);
    return r;
}

/*
 * Read the list from either source. 0, or 1 if it is from simplestreams, which also has the checksums of the
 * last image.
 */
static int catalog_list_images(struct catalog *c, const struct image_name *filter, struct listing *out,
                               struct error *err)
{
    const char *const suffixes[] = {".7", ""};
    int r = -ENOENT;

    catalog_status(c->events, "Downloading the image index");
    for (size_t i = 0; i < ARRAY_LENGTH(suffixes) && r == -ENOENT; i++)
        r = catalog_read_index(c, filter, suffixes[i], &out->list, err);
    if (r != -ENOENT)
        return r;
    out->filter = filter;
    r = catalog_each_build(c, catalog_list_build, out, err);
    if (r)
        image_list_free(&out->list);
    if (r == -ENOENT) {
        cleanup_free char *text = url_text(&c->server);

        error_text(err, ENOENT, "%s does not have an index of images", text ? text : c->server.host);
        error_remedy(
            err, "it must have meta/1.0/index-%s or streams/v1/index.json: check name and path of the server",
            c->mode);
        return -ENOENT;
    }
    if (r)
        return r;
    error_clear(err);
    return 1;
}

int catalog_list(struct catalog *c, const struct image_name *filter, struct image_list *out,
                 struct error *err)
{
    struct listing l = {0};
    int r = catalog_list_images(c, filter, &l, err);

    if (r < 0)
        return r;
    *out = l.list;
    return 0;
}

struct sums_wanted {
    const char *directory;
    struct image_sums *sums;
};

static int catalog_find_sums(void *context, const struct streams_build *build)
{
    struct sums_wanted *w = context;

    if (!streams_same_path(build->directory, w->directory))
        return 0;
    catalog_keep_sums(w->sums, build);
    return 1;
}

/* The distinct values of one of the four fields, for images that match in all fields before it. */
static int catalog_field_values(const struct image_list *images, const char *const wanted[4], size_t field,
                                struct string_list *values)
{
    for (size_t i = 0; i < images->count; i++) {
        const struct image_entry *e = &images->items[i];
        const char *const has[] = {e->dist, e->release, e->arch, e->variant};
        const struct image_name before = {field > 0 ? wanted[0] : NULL, field > 1 ? wanted[1] : NULL,
                                          field > 2 ? wanted[2] : NULL, NULL};

        if (image_matches(&before, e->dist, e->release, e->arch, e->variant) &&
            !string_list_has(values, has[field]) && string_list_add(values, has[field]) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* Report which part of a name the server does not have, and the existing values. If that fails, refer to
 * --list. */
static int catalog_explain_absence(struct catalog *c, const struct image_name *name, struct error *err)
{
    static const char *const fields[] = {"distributions", "releases", "architectures", "variants"};
    const char *const wanted[] = {name->dist, name->release, name->arch, name->variant};
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    cleanup_string_list struct string_list values = {0}, next = {0};
    struct error ignored = ERROR_INIT;
    struct listing all = {0};
    size_t field = 0, shown;

    error_text(err, ENOENT, "%s does not have an image of %s %s for %s, variant %s", c->server.host,
               name->dist, name->release, name->arch, name->variant);
    error_remedy(err, "--list prints the available images");
    c->events = NULL;
    if (catalog_list_images(c, &(struct image_name){0}, &all, &ignored) < 0)
        return -ENOENT;
    if (catalog_field_values(&all.list, wanted, 0, &values) == 0) {
        /* The last field for which matching images exist. */
        while (field < 3 && catalog_field_values(&all.list, wanted, field + 1, &next) == 0 && next.count) {
            string_list_clear(&values);
            values = next;
            next = (struct string_list){0};
            field++;
        }
        for (shown = 0; shown < values.count && text.length < 150; shown++)
            if (strbuf_printf(&text, "%s%.40s", shown ? ", " : "", values.items[shown]) < 0)
                break;
        if (shown)
            error_remedy(err, "the available %s: %s%s; --list prints the images", fields[field],
                         strbuf_text(&text), shown < values.count ? ", ..." : "");
    }
    image_list_free(&all.list);
    return -ENOENT;
}

int catalog_find(struct catalog *c, const struct image_name *name, struct image_list *out,
                 struct image_sums *sums, struct error *err)
{
    struct listing l = {0};
    int from = catalog_list_images(c, name, &l, err), failed = from;
    struct sums_wanted wanted = {NULL, sums};

    memset(sums, 0, sizeof(*sums));
    if (from < 0)
        return from;
    if (l.list.count == 0) {
        image_list_free(&l.list);
        return catalog_explain_absence(c, name, err);
    }
    wanted.directory = l.list.items[0].path;
    if (from == 1) {
        *sums = l.sums;
        failed = 0;
    } else {
        catalog_status(c->events, "Downloading the list of checksums");
        failed = catalog_each_build(c, catalog_find_sums, &wanted, err);
        if (failed == -ENOENT)
            failed = 0;
    }
    if (failed < 0) {
        image_list_free(&l.list);
        return failed;
    }
    error_clear(err);
    *out = l.list;
    return 0;
}
