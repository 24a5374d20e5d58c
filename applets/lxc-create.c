/* lxc-create: create a container from a template. See lxc-create.1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "applets/mapped.h"
#include "applets/new_network.h"
#include "applets/oci_image.h"
#include "applets/progress.h"
#include "applets/template_notes.h"
#include "applets/unpack_place.h"
#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/config/global.h"
#include "core/storage/create.h"
#include "core/storage/template_busybox.h"
#include "core/storage/template_image.h"
#include "core/storage/template_run.h"
#include "fetch/index/image.h"

struct lxc_create_options {
    struct container_options container;
    const char *config, *template, *storage, *dir;
    const char *lvname, *vgname, *thinpool, *rbdname, *rbdpool, *rbduser, *zfsroot, *fstype, *fssize;
    bool help, mapped;
};

static const struct option_row lxc_create_table[] = {
    OPT_STRING('f', "config", "FILE", struct lxc_create_options, config,
               "the configuration to start from (lxc.default_config)"),
    OPT_STRING('t', "template", "TEMPLATE", struct lxc_create_options, template,
               "download, oci, busybox, local, none, or an executable template"),
    OPT_STRING('B', "bdev", "KIND", struct lxc_create_options, storage,
               "storage of the rootfs: dir, btrfs, loop, best, or overlay with -t oci (dir)"),
    OPT_STRING(0, "dir", "DIR", struct lxc_create_options, dir, "create the rootfs at DIR"),
    OPT_STRING(0, "lvname", "NAME", struct lxc_create_options, lvname, NULL),
    OPT_STRING(0, "vgname", "NAME", struct lxc_create_options, vgname, NULL),
    OPT_STRING(0, "thinpool", "NAME", struct lxc_create_options, thinpool, NULL),
    OPT_STRING(0, "rbdname", "NAME", struct lxc_create_options, rbdname, NULL),
    OPT_STRING(0, "rbdpool", "NAME", struct lxc_create_options, rbdpool, NULL),
    OPT_STRING(0, "zfsroot", "PATH", struct lxc_create_options, zfsroot, NULL),
    OPT_STRING(0, "rbduser", "NAME", struct lxc_create_options, rbduser, NULL),
    OPT_STRING(0, "fstype", "TYPE", struct lxc_create_options, fstype,
               "with -B loop: the type of file system (ext4)"),
    OPT_STRING(0, "fssize", "SIZE[bkmgt]", struct lxc_create_options, fssize,
               "with -B loop: the size, in MiB without a unit (1g)"),
    OPT_FLAG(0, "mapped", struct lxc_create_options, mapped,
             "map ids: root of the container is an ordinary user of the host"),
    OPT_FLAG('h', NULL, struct lxc_create_options, help, "with -t: print the template's options"),
    OPT_GROUP(container_options_table, struct lxc_create_options, container),
    OPT_REST("template options"),
    OPT_END,
};

/* A built-in template: its options follow "--". */
struct template
{
    const char *name;
    const char *summary;
    const struct option_row *options;
    size_t options_size;
    create_fill *fill; /* fills the rootfs; its context is struct template_context; NULL: no rootfs */
    /* Complete the options before the container is created. Returns 1 if nothing is to be created. May be
     * NULL. */
    int (*prepare)(void *options, const struct create_options *create, struct error *err);
    bool command; /* the first operand ends the options: a command follows */
};

/* The context of a template's `fill`. */
struct template_context {
    void *options;
    bool quiet;
    char **argv; /* operands after the options; NULL at the end */
    int message; /* write end of a pipe for a message to print after the container has been created */
};

struct busybox_options {
    const char *busybox;
};

static const struct option_row busybox_table[] = {
    OPT_STRING(0, "busybox-path", "FILE", struct busybox_options, busybox,
               "the static busybox to use (the host's)"),
    OPT_END,
};

static int template_fill_busybox(void *context, struct create_place *place, struct error *err)
{
    const struct template_context *f = context;
    const struct busybox_options *o = f->options;

    return template_busybox(o->busybox, place, err);
}

struct image_options {
    const char *dist, *release, *arch, *variant, *server, *ca_file; /* download */
    bool list, flush_cache, force_cache, verbose, trust_config;
    const char *metadata, *rootfs; /* local */
    bool no_dev;
    char *answers[3];
};

static const struct option_row download_table[] = {
    OPT_STRING('d', "dist", "DIST", struct image_options, dist, "the distribution, for example debian"),
    OPT_STRING('r', "release", "RELEASE", struct image_options, release, "its release, for example bookworm"),
    OPT_STRING('a', "arch", "ARCH", struct image_options, arch,
               "the architecture, for example amd64 (this machine's)"),
    OPT_STRING(0, "variant", "VARIANT", struct image_options, variant, "the image's variant (default)"),
    OPT_STRING(0, "server", "SERVER", struct image_options, server,
               "HOST[:PORT][/PREFIX] or URL (" IMAGE_DEFAULT_SERVER ")"),
    OPT_STRING(0, "ca-file", "FILE", struct image_options, ca_file,
               "trust these certificate authorities (SSL_CERT_FILE, else built in)"),
    OPT_FLAG('l', "list", struct image_options, list, "list the matching images, and create nothing"),
    OPT_FLAG(0, "flush-cache", struct image_options, flush_cache, "remove the local copy first"),
    OPT_FLAG(0, "force-cache", struct image_options, force_cache,
             "use the local copy even if it has expired"),
    OPT_FLAG('v', "verbose", struct image_options, verbose, "report how the files were verified"),
    OPT_FLAG(0, "trust-config", struct image_options, trust_config, TRUST_CONFIG_HELP),
    OPT_END,
};

static const struct option_row local_table[] = {
    OPT_STRING('f', "fstree", "FILE", struct image_options, rootfs, "the tarball of the root file system"),
    OPT_STRING('m', "metadata", "FILE", struct image_options, metadata,
               "the metadata: a tarball or a directory"),
    OPT_FLAG(0, "no-dev", struct image_options, no_dev, "omit the files of the tarball in /dev"),
    OPT_FLAG(0, "trust-config", struct image_options, trust_config, TRUST_CONFIG_HELP),
    OPT_END,
};

static struct image_source image_source(const struct image_options *o, bool mapped, bool quiet)
{
    struct image_source source = {
        .server = o->server, .mode = mapped ? "user" : "system", .ca_file = o->ca_file};

    if (!quiet)
        source.events = progress_events(stdout);
    return source;
}

static int images_print(const struct image_options *o, const struct create_options *create, struct error *err)
{
    cleanup_image_list struct image_list list = {0};
    const struct image_name filter = {o->dist, o->release, o->arch, o->variant};
    int mapped = create_maps_ids(create, err), r;

    if (mapped < 0)
        return mapped;
    struct image_source source = image_source(o, mapped, false);
    r = image_list(&source, &filter, &list, err);
    if (r < 0)
        return r;
    puts("\n---\nDIST\tRELEASE\tARCH\tVARIANT\tBUILD\n---");
    for (size_t i = 0; i < list.count; i++)
        printf("%s\t%s\t%s\t%s\t%s\n", list.items[i].dist, list.items[i].release, list.items[i].arch,
               list.items[i].variant, list.items[i].build);
    puts("---");
    return 0;
}

/* Ask for a value unless an option has set it. */
static int image_ask(const char *question, bool empty_ok, const char **value, char **answer,
                     struct error *err)
{
    size_t room = 0;
    ssize_t n;

    if (*value)
        return 0;
    printf("%s: ", question);
    fflush(stdout);
    n = getline(answer, &room, stdin);
    if (n > 0 && (*answer)[n - 1] == '\n')
        (*answer)[--n] = '\0';
    if (n < 0)
        putchar('\n');
    if (n < 0 || (n == 0 && !empty_ok))
        return error_text(err, EINVAL, "no image chosen");
    *value = *answer;
    return 0;
}

static int template_prepare_download(void *options, const struct create_options *create, struct error *err)
{
    struct image_options *o = options;
    bool named = o->dist && o->release;
    int r = 0;

    if (!o->list && !named && !isatty(STDIN_FILENO)) {
        error_text(err, EINVAL, "no image named");
        return error_remedy(err, "give -d DIST -r RELEASE [-a ARCH] after \"--\"; --list prints the images");
    }
    if (o->list || !named) {
        r = images_print(o, create, err);
        if (r < 0 || o->list)
            return r < 0 ? r : 1;
    }
    if (!named) {
        r = image_ask("Distribution", false, &o->dist, &o->answers[0], err);
        if (r == 0)
            r = image_ask("Release", false, &o->release, &o->answers[1], err);
        if (r == 0)
            r = image_ask("Architecture", true, &o->arch, &o->answers[2], err);
    }
    o->arch = image_arch(o->arch && *o->arch ? o->arch : NULL);
    if (!o->variant)
        o->variant = "default";
    return r;
}

static int template_prepare_local(void *options, const struct create_options *create, struct error *err)
{
    const struct image_options *o = options;

    (void)create;
    if (o->rootfs)
        return 0;
    error_text(err, EINVAL, "no root file system named");
    return error_remedy(err, "give -f TARBALL, and -m METADATA, after \"--\"");
}

/* Report how the files of the image were verified. */
static void checks_print(const struct template_context *f, const struct image_metadata *meta)
{
    const struct image_options *o = f->options;
    bool tls = !o->server || !starts_with(o->server, "http://");
    const char *const words[] = {[IMAGE_CHECK_NONE] =
                                     tls ? "no checksum on the server; verified only by its certificate"
                                         : "no checksum on the server",
                                 [IMAGE_CHECK_SHA256] = "SHA-256 equals that of the server",
                                 [IMAGE_CHECK_CACHED] = "from the cache",
                                 [IMAGE_CHECK_LOCAL] = "a local file"};
    bool fetched = meta->rootfs_check == IMAGE_CHECK_NONE || meta->rootfs_check == IMAGE_CHECK_SHA256;

    if (f->quiet)
        return;
    if (o->verbose || meta->rootfs_check == IMAGE_CHECK_NONE)
        printf("rootfs.tar.xz: %s\n", words[meta->rootfs_check]);
    if (o->verbose || meta->meta_check == IMAGE_CHECK_NONE)
        printf("meta.tar.xz: %s\n", words[meta->meta_check]);
    if (fetched && !tls)
        puts("The image came without TLS: an attacker on the network could have replaced it and its "
             "checksums");
    if (o->verbose)
        printf("%llu files unpacked, %llu device nodes left out\n",
               (unsigned long long)meta->unpacked.entries,
               (unsigned long long)meta->unpacked.devices_skipped);
    if (meta->unpacked.xattrs_skipped)
        printf("%llu extended attributes could not be set on this file system\n",
               (unsigned long long)meta->unpacked.xattrs_skipped);
}

/* Pass on the message of the image, without control characters. */
static void message_pass(const struct template_context *f, const char *text)
{
    char line[4096];
    size_t n = 0;

    for (; text[n] && n < sizeof(line); n++)
        line[n] = text[n];
    text_make_printable(line, n, "\n\t");
    if (write(f->message, line, n) < 0)
        return; /* the message is lost */
}

static int template_fill_image(const struct template_context *f, struct create_place *place, bool local,
                               struct error *err)
{
    const struct image_options *o = f->options;
    cleanup_image_metadata struct image_metadata meta = {0};
    cleanup_free struct unpack_id_range *ranges = calloc(place->config->idmap_count + 1, sizeof(*ranges));
    cleanup_string_list struct string_list notes = {0};
    bool mapped = place->config->idmap_count > 0;
    struct image_request request = {.source = image_source(o, mapped, f->quiet),
                                    .name = {o->dist, o->release, o->arch, o->variant},
                                    .flush_cache = o->flush_cache,
                                    .force_cache = o->force_cache};
    int r;

    if (!ranges)
        return error_set(err, ENOMEM, "cannot unpack the image");
    request.unpack = unpack_place(place->config, ranges);
    request.unpack.skip_dev = o->no_dev;
    r = local ? image_unpack_local(o->rootfs, o->metadata, request.source.mode, &request.unpack,
                                   &request.source.events, place->rootfs_fd, &meta, err)
              : image_fetch(&request, place->rootfs_fd, &meta, err);
    if (r == 0)
        r = template_image(
            place,
            &(struct template_texts){meta.config, meta.fstab, meta.templates, .trusted = o->trust_config},
            &notes, err);
    if (r < 0)
        return r;
    checks_print(f, &meta);
    notes_print("lxc-create", place, &notes);
    if (meta.create_message)
        message_pass(f, meta.create_message);
    return 0;
}

static int template_fill_download(void *context, struct create_place *place, struct error *err)
{
    return template_fill_image(context, place, false, err);
}

static int template_fill_local(void *context, struct create_place *place, struct error *err)
{
    return template_fill_image(context, place, true, err);
}

static int template_prepare_oci(void *options, const struct create_options *create, struct error *err)
{
    (void)create;
    return oci_image_prepare(options, err);
}

static int template_fill_oci(void *context, struct create_place *place, struct error *err)
{
    const struct template_context *f = context;
    const struct oci_image_output to = {"lxc-create", f->quiet ? NULL : stdout};

    return oci_image_fill(f->options, f->argv, &to, place, err);
}

static const struct option_row no_options[] = {OPT_END};

static const struct template templates[] = {
    {"download", "an image from a server", download_table, sizeof(struct image_options),
     template_fill_download, template_prepare_download, false},
    {"busybox", "a system made of one static busybox; needs no network", busybox_table,
     sizeof(struct busybox_options), template_fill_busybox, NULL, false},
    {"local", "a tarball of your own", local_table, sizeof(struct image_options), template_fill_local,
     template_prepare_local, false},
    {"oci", "an image of a registry, a directory or an archive", oci_template_table,
     sizeof(struct oci_image_options), template_fill_oci, template_prepare_oci, true},
    {"none", "no root file system, only a configuration", no_options, 1, NULL, NULL, false},
};

static const struct template *template_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(templates); i++)
        if (strcmp(templates[i].name, name) == 0)
            return &templates[i];
    return NULL;
}

static int template_print_help(const struct template *t, struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;

    if (strbuf_printf(&text, "Template %s: %s.\n\n", t->name, t->summary) < 0 ||
        options_help(t->options, &text) < 0)
        return error_set(err, ENOMEM, "cannot print the help of template %s", t->name);
    fputs(strbuf_text(&text), stdout);
    return 0;
}

/* Refuse the options of block storage, which lxcbox does not create. */
static int storage_refuse_options(const struct lxc_create_options *o, struct error *err)
{
    const struct {
        const char *name, *value;
    } rows[] = {{"lvname", o->lvname},   {"vgname", o->vgname},   {"thinpool", o->thinpool},
                {"rbdname", o->rbdname}, {"rbdpool", o->rbdpool}, {"rbduser", o->rbduser},
                {"zfsroot", o->zfsroot}};

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (!rows[i].value)
            continue;
        error_text(err, ENOTSUP, "--%s is for block storage, which lxcbox does not create", rows[i].name);
        return error_remedy(err, "create and mount it, and name a new directory on it with --dir");
    }
    return 0;
}

static int size_read(const char *text, uint64_t *bytes, struct error *err)
{
    static const char units[] = "bkmgt";
    cleanup_free char *number = text ? strdup(text) : NULL;
    size_t length = number ? strlen(number) : 0;
    const char *unit = length ? strchr(units, number[length - 1] | 0x20) : NULL;
    int shift = unit ? (int)(unit - units) * 10 : 20;

    *bytes = 0;
    if (unit)
        number[--length] = '\0';
    while (length && number[length - 1] == ' ')
        number[--length] = '\0';
    if (!text || (number && parse_uint64(number, 10, (uint64_t)INT64_MAX >> shift, bytes) == 0 && *bytes)) {
        *bytes <<= shift;
        return 0;
    }
    error_text(err, EINVAL, "--fssize: \"%s\" is not a size", text);
    return error_remedy(err, "write 500m, 2g, or a number of MiB");
}

static void message_print(int fd)
{
    char text[4096];
    ssize_t n = read(fd, text, sizeof(text));

    if (n > 0)
        printf("\n---\n%.*s", (int)n, text);
}

static int template_create(const struct template *t, void *options, const struct create_options *create,
                           char **argv, bool quiet, const struct container *c, struct error *err)
{
    cleanup_fd int message = -1, message_in = -1;
    struct template_context f = {options, quiet, argv, -1};
    int fds[2], r = t->prepare ? t->prepare(options, create, err) : 0;

    if (r != 0)
        return r < 0 ? r : 0;
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_set(err, errno, "cannot create container %s", c->name);
    message = fds[0];
    message_in = f.message = fds[1];
    r = container_create(c, create, t->fill, &f, err);
    if (r == 0 && !quiet) {
        message_print(message);
        new_network_print(create, c);
    }
    /* Erase an incomplete progress bar before the error is printed. */
    if (r < 0 && !quiet && isatty(STDOUT_FILENO)) {
        fputs("\r\033[K", stdout);
        fflush(stdout);
    }
    return r;
}

static int template_run_builtin(const struct template *t, const struct lxc_create_options *o,
                                const struct container *c, struct invocation *in, struct error *err)
{
    cleanup_free void *options = calloc(1, t->options_size);
    struct create_options create = {.template_name = t->name,
                                    .config_file = o->config,
                                    .storage = o->storage,
                                    .shares = t->fill == template_fill_oci,
                                    .dir = o->dir,
                                    .rootfs = t->fill != NULL,
                                    .fstype = o->fstype};
    bool help = false, version = false;
    char bridge[IFNAMSIZ];
    int operands, r;

    if (!options)
        return error_set(err, ENOMEM, "cannot create container %s", c->name);
    r = size_read(o->fssize, &create.size_bytes, err);
    if (r == 0)
        r = mapped_read(o->mapped, &create.mapped, err);
    if (r < 0)
        return r;
    /* options_parse() skips argv[0]: here that is the element before the first operand. */
    r = options_parse(t->options, t->command, options, in->argc + 1, in->argv - 1, &operands, &help, &version,
                      err);
    if (r < 0)
        return error_context(err, "template %s", t->name);
    if (help)
        return template_print_help(t, err);
    if (operands && !t->command) {
        error_text(err, EINVAL, "template %s: unexpected argument \"%s\"", t->name, in->argv[0]);
        return error_remedy(err, "lxc-create -t %s -h lists its options", t->name);
    }
    r = new_network(&create, bridge, err);
    return r < 0 ? r : template_create(t, options, &create, in->argv, o->container.quiet, c, err);
}

static int create_check_options(const struct lxc_create_options *o, const struct invocation *in,
                                struct error *err)
{
    if (!o->template) {
        error_text(err, EINVAL, "no template given");
        return error_remedy(err, "give -t download, -t busybox, -t local, or -t none for no rootfs");
    }
    if (!o->container.name && (in->argc == 0 || in->argv[0][0] == '-')) {
        error_text(err, EINVAL, "no container named");
        return error_remedy(err, "give its name, or -n NAME");
    }
    return storage_refuse_options(o, err);
}

static int lxc_create_run(struct invocation *in, struct error *err)
{
    const struct lxc_create_options *o = in->options;
    const struct template *t = o->template ? template_find(o->template) : NULL;
    struct container c;
    int r;

    if (o->help && t)
        return template_print_help(t, err);
    if (o->help && o->template)
        return template_run_help(o->template, err);
    r = create_check_options(o, in, err);
    if (r == 0)
        r = container_select(&o->container, in, &c, err);
    if (r < 0)
        return r;
    if (t)
        return template_run_builtin(t, o, &c, in, err);
    struct create_options create = {.template_name = o->template,
                                    .config_file = o->config,
                                    .storage = o->storage,
                                    .dir = o->dir,
                                    .rootfs = true,
                                    .fstype = o->fstype};
    struct template_run run = {o->template, in->argv};
    char bridge[IFNAMSIZ];
    r = size_read(o->fssize, &create.size_bytes, err);
    if (r == 0)
        r = mapped_read(o->mapped, &create.mapped, err);
    if (r == 0)
        r = new_network(&create, bridge, err);
    if (r == 0)
        r = container_create(&c, &create, template_run, &run, err);
    if (r == 0 && !o->container.quiet)
        new_network_print(&create, &c);
    return r;
}

APPLET(lxc_create, .name = "lxc-create", .summary = "Create a container from a template",
       .usage = "[-n] NAME -t TEMPLATE [OPTION]... [-- TEMPLATE-OPTION...]", .options = lxc_create_table,
       .operands_max = OPERANDS_ANY, .options_size = sizeof(struct lxc_create_options),
       .run = lxc_create_run);
