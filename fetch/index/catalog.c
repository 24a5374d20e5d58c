#include "fetch/index/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "fetch/index/index.h"

/* Bounds of what a server can make us read; the largest seen are a tenth of these. */
#define INDEX_MAX         ((uint64_t)64 << 20)
#define STREAMS_INDEX_MAX ((uint64_t)1 << 20)
#define STREAMS_MAX       ((uint64_t)256 << 20)

int catalog_open(const struct image_source *source, struct catalog *out, struct error *err)
{
    struct http_options options = {source->ca_file, source->connect_timeout_ms, source->idle_timeout_ms,
                                   source->attempts};
    struct catalog c = {.mode = source->mode ? source->mode : "system", .events = &source->events};
    int failed =
        url_parse("the server", source->server ? source->server : IMAGE_DEFAULT_SERVER, &c.server, err);

    if (!failed)
        failed = http_new(&options, &c.http, err);
    if (failed) {
        catalog_close(&c);
        return failed;
    }
    *out = c;
    return 0;
}

void catalog_close(struct catalog *c)
{
    http_free(&c->http);
    url_free(&c->server);
}

void tell_status(const struct image_events *events, const char *sentence)
{
    if (events && events->status)
        events->status(events->context, sentence);
}

int pump(struct http_file *f, const char *name, const struct image_events *events, take_fn *take,
         void *context, struct error *err)
{
    uint64_t done = f->offset, total = f->total == HTTP_LENGTH_UNKNOWN ? 0 : f->total;
    const void *bytes;
    ssize_t n;

    while ((n = http_read(f, &bytes, err)) > 0) {
        int failed = take(context, bytes, (size_t)n, err);

        if (failed)
            return failed;
        done += (uint64_t)n;
        if (events && events->progress)
            events->progress(events->context, name, done, total);
    }
    if (n == 0 && done != total && events && events->progress)
        events->progress(events->context, name, done, done);
    return (int)n;
}

/* Read a file of the server's. -ENOENT where it has none, without an error that anybody should see. */
static int read_file(struct catalog *c, const char *path, take_fn *take, void *context, struct error *err)
{
    cleanup_http_file struct http_file f = {0};
    cleanup_url struct url u = {0};
    const char *slash = strrchr(path, '/');
    int failed = url_below(&c->server, path, &u, err);

    if (!failed)
        failed = http_open(c->http, &u, NULL, &f, err);
    if (failed)
        return failed;
    return pump(&f, slash ? slash + 1 : path, c->events, take, context, err);
}

struct index_context {
    struct index_reader reader;
    uint64_t seen;
};

static int take_index(void *context, const void *bytes, size_t length, struct error *err)
{
    struct index_context *x = context;
    int failed;

    x->seen += length;
    failed = x->seen > INDEX_MAX ? -EFBIG : index_feed(&x->reader, bytes, length);
    return failed ? error_set(err, failed, "cannot read the server's image index") : 0;
}

static int read_index(struct catalog *c, const struct image_name *filter, const char *suffix,
                      struct image_list *out, struct error *err)
{
    struct index_context x = {.reader.filter = filter};
    cleanup_free char *path = format_string("meta/1.0/index-%s%s", c->mode, suffix);
    int failed =
        path ? read_file(c, path, take_index, &x, err) : error_set(err, ENOMEM, "cannot read the index");

    if (!failed && index_end(&x.reader) < 0)
        failed = error_set(err, ENOMEM, "cannot read the server's image index");
    if (failed) {
        index_reader_free(&x.reader);
        return failed;
    }
    *out = x.reader.list;
    return 0;
}

struct streams_context {
    struct streams *reader;
    uint64_t seen, max;
};

static int take_streams(void *context, const void *bytes, size_t length, struct error *err)
{
    struct streams_context *x = context;

    x->seen += length;
    if (x->seen > x->max)
        return error_set(err, EFBIG, "cannot read the server's list of images (simplestreams)");
    return streams_feed(x->reader, bytes, length, err);
}

/* Read one document of simplestreams; frees the reader. Positive where its callback has seen enough. */
static int read_streams(struct catalog *c, const char *path, struct streams *reader, uint64_t max,
                        struct error *err)
{
    struct streams_context x = {reader, 0, max};
    int failed = reader ? read_file(c, path, take_streams, &x, err)
                        : error_set(err, ENOMEM, "cannot read the server's list of images");

    if (failed)
        streams_free(reader);
    else
        failed = streams_end(reader, err);
    if (failed == -EBADMSG) {
        error_context(err, "%s", c->server.host);
        error_remedy(err, "the server is broken, or something between here and it answers in its place");
    }
    return failed;
}

/* Give every build in the server's simplestreams to `each`. -ENOENT where the server has no simplestreams. */
static int each_build(struct catalog *c, streams_build_fn *each, void *context, struct error *err)
{
    cleanup_string_list struct string_list lists = {0};
    int failed = read_streams(c, "streams/v1/index.json", streams_index(&lists), STREAMS_INDEX_MAX, err);

    for (size_t i = 0; !failed && i < lists.count; i++) {
        failed = read_streams(c, lists.items[i], streams_products(each, context), STREAMS_MAX, err);
        if (failed == -ENOENT) /* promised by index.json, so this is not the absence of simplestreams */
            return error_text(err, EBADMSG, "%s lacks the list of images %s, which its index names",
                              c->server.host, lists.items[i]);
    }
    return failed > 0 ? 0 : failed;
}

struct listing {
    const struct image_name *filter;
    struct image_list list;
    struct image_sums sums; /* of the last one listed */
};

static void keep_sums(struct image_sums *sums, const struct streams_build *build)
{
    memcpy(sums->rootfs, build->rootfs_sha256, strlen(build->rootfs_sha256) + 1);
    memcpy(sums->meta, build->meta_sha256, strlen(build->meta_sha256) + 1);
}

/* List the newest build of each product. A product's builds come one after the other. */
static int list_build(void *context, const struct streams_build *build)
{
    struct listing *l = context;
    cleanup_free char *product = strdup(build->product);
    struct image_name name;
    int failed;

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
    failed = image_list_add(&l->list, name.dist, name.release, name.arch, name.variant, build->build,
                            build->folder);
    if (!failed)
        keep_sums(&l->sums, build);
    return failed;
}

/*
 * The list from wherever the server has one. 0, or 1 where it is from simplestreams, which has told the last
 * image's sums as well.
 */
static int list_images(struct catalog *c, const struct image_name *filter, struct listing *out,
                       struct error *err)
{
    const char *const suffixes[] = {".7", ""};
    int failed = -ENOENT;

    tell_status(c->events, "Downloading the image index");
    for (size_t i = 0; i < ARRAY_LENGTH(suffixes) && failed == -ENOENT; i++)
        failed = read_index(c, filter, suffixes[i], &out->list, err);
    if (failed != -ENOENT)
        return failed;
    out->filter = filter;
    failed = each_build(c, list_build, out, err);
    if (failed)
        image_list_free(&out->list);
    if (failed == -ENOENT) {
        cleanup_free char *text = url_text(&c->server);

        error_text(err, ENOENT, "%s has no index of images", text ? text : c->server.host);
        error_remedy(
            err, "it must have meta/1.0/index-%s or streams/v1/index.json: check the server's name and path",
            c->mode);
        return -ENOENT;
    }
    if (failed)
        return failed;
    error_clear(err);
    return 1;
}

int catalog_list(struct catalog *c, const struct image_name *filter, struct image_list *out,
                 struct error *err)
{
    struct listing l = {0};
    int failed = list_images(c, filter, &l, err);

    if (failed < 0)
        return failed;
    *out = l.list;
    return 0;
}

struct sums_wanted {
    const char *folder;
    struct image_sums *sums;
};

static int look_for_sums(void *context, const struct streams_build *build)
{
    struct sums_wanted *w = context;

    if (!streams_same_path(build->folder, w->folder))
        return 0;
    keep_sums(w->sums, build);
    return 1;
}

/* The distinct values of one of the four fields, of images that are those wanted in all fields before it. */
static int field_values(const struct image_list *images, const char *const wanted[4], size_t field,
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

/* Which part of a name the server does not have, and what it has there. Without an answer: --list. */
static int explain_absence(struct catalog *c, const struct image_name *name, struct error *err)
{
    static const char *const fields[] = {"distributions", "releases", "architectures", "variants"};
    const char *const wanted[] = {name->dist, name->release, name->arch, name->variant};
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    cleanup_string_list struct string_list values = {0}, next = {0};
    struct error ignored = ERROR_INIT;
    struct listing all = {0};
    size_t field = 0, shown;

    error_text(err, ENOENT, "%s has no image of %s %s for %s, variant %s", c->server.host, name->dist,
               name->release, name->arch, name->variant);
    error_remedy(err, "--list names the images that there are");
    c->events = NULL;
    if (list_images(c, &(struct image_name){0}, &all, &ignored) < 0)
        return -ENOENT;
    if (field_values(&all.list, wanted, 0, &values) == 0) {
        /* The last field of which the wanted images have a value. */
        while (field < 3 && field_values(&all.list, wanted, field + 1, &next) == 0 && next.count) {
            string_list_clear(&values);
            values = next;
            next = (struct string_list){0};
            field++;
        }
        for (shown = 0; shown < values.count && text.length < 150; shown++)
            if (strbuf_printf(&text, "%s%.40s", shown ? ", " : "", values.items[shown]) < 0)
                break;
        if (shown)
            error_remedy(err, "the %s there are: %s%s; --list names the images", fields[field],
                         strbuf_text(&text), shown < values.count ? ", ..." : "");
    }
    image_list_free(&all.list);
    return -ENOENT;
}

int catalog_find(struct catalog *c, const struct image_name *name, struct image_list *out,
                 struct image_sums *sums, struct error *err)
{
    struct listing l = {0};
    int from = list_images(c, name, &l, err), failed = from;
    struct sums_wanted wanted = {NULL, sums};

    memset(sums, 0, sizeof(*sums));
    if (from < 0)
        return from;
    if (l.list.count == 0) {
        image_list_free(&l.list);
        return explain_absence(c, name, err);
    }
    wanted.folder = l.list.items[0].path;
    if (from == 1) {
        *sums = l.sums;
        failed = 0;
    } else {
        tell_status(c->events, "Downloading the list of checksums");
        failed = each_build(c, look_for_sums, &wanted, err);
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
