/* lxc-create: make a container from a template. See lxc-create.1. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/applet.h"
#include "core/base/cleanup.h"
#include "core/storage/create.h"
#include "core/storage/template_busybox.h"
#include "core/storage/template_run.h"

struct lxc_create_options {
    struct container_options container;
    const char *config, *template, *storage, *dir;
    const char *lvname, *vgname, *thinpool, *rbdname, *rbdpool, *zfsroot, *fstype, *fssize;
    bool help;
};

static const struct option_row lxc_create_table[] = {
    OPT_STRING('f', "config", "FILE", struct lxc_create_options, config,
               "the configuration to start from (lxc.default_config)"),
    OPT_STRING('t', "template", "TEMPLATE", struct lxc_create_options, template,
               "download, busybox, local, none, or an executable template"),
    OPT_STRING('B', "bdev", "KIND", struct lxc_create_options, storage,
               "storage of the rootfs: dir, btrfs or best (dir)"),
    OPT_STRING(0, "dir", "DIR", struct lxc_create_options, dir, "put the rootfs into the new folder DIR"),
    OPT_STRING(0, "lvname", "NAME", struct lxc_create_options, lvname, NULL),
    OPT_STRING(0, "vgname", "NAME", struct lxc_create_options, vgname, NULL),
    OPT_STRING(0, "thinpool", "NAME", struct lxc_create_options, thinpool, NULL),
    OPT_STRING(0, "rbdname", "NAME", struct lxc_create_options, rbdname, NULL),
    OPT_STRING(0, "rbdpool", "NAME", struct lxc_create_options, rbdpool, NULL),
    OPT_STRING(0, "zfsroot", "PATH", struct lxc_create_options, zfsroot, NULL),
    OPT_STRING(0, "fstype", "TYPE", struct lxc_create_options, fstype, NULL),
    OPT_STRING(0, "fssize", "SIZE", struct lxc_create_options, fssize, NULL),
    OPT_FLAG('h', NULL, struct lxc_create_options, help, "with -t: print the template's options"),
    OPT_GROUP(container_options_table, struct lxc_create_options, container),
    OPT_END,
};

/* A built-in template: its options stand after "--". */
struct template
{
    const char *name;
    const char *summary;
    const struct option_row *options;
    size_t options_size;
    create_fill *fill; /* its context is the options; NULL: no rootfs */
};

struct busybox_options {
    const char *busybox;
};

static const struct option_row busybox_table[] = {
    OPT_STRING(0, "busybox-path", "FILE", struct busybox_options, busybox,
               "the static busybox to use (the host's)"),
    OPT_END,
};

static int fill_busybox(void *context, struct create_place *place, struct error *err)
{
    const struct busybox_options *o = context;

    return template_busybox(o->busybox, place, err);
}

static const struct option_row no_options[] = {OPT_END};

static const struct template templates[] = {
    {"busybox", "a system made of one static busybox; needs no network", busybox_table,
     sizeof(struct busybox_options), fill_busybox},
    {"none", "no rootfs, only a configuration", no_options, 1, NULL},
};

static const struct template *find_template(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(templates); i++)
        if (strcmp(templates[i].name, name) == 0)
            return &templates[i];
    return NULL;
}

static int print_template_help(const struct template *t, struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;

    if (strbuf_printf(&text, "Template %s: %s.\n\n", t->name, t->summary) < 0 ||
        options_help(t->options, &text) < 0)
        return error_set(err, ENOMEM, "cannot print the help of template %s", t->name);
    fputs(strbuf_text(&text), stdout);
    return 0;
}

/* Options of storage that programs of its own make: refused by name, each with its reason. */
static int refuse_storage_options(const struct lxc_create_options *o, struct error *err)
{
    const struct {
        const char *name, *value;
    } rows[] = {{"lvname", o->lvname},   {"vgname", o->vgname},   {"thinpool", o->thinpool},
                {"rbdname", o->rbdname}, {"rbdpool", o->rbdpool}, {"zfsroot", o->zfsroot},
                {"fstype", o->fstype},   {"fssize", o->fssize}};

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (!rows[i].value)
            continue;
        error_text(err, ENOTSUP, "--%s goes with block storage, which is made by programs of its own",
                   rows[i].name);
        return error_remedy(err, "make and mount it, and name a folder on it with --dir");
    }
    return 0;
}

static int run_builtin(const struct template *t, const struct lxc_create_options *o,
                       const struct container *c, struct invocation *in, struct error *err)
{
    cleanup_free void *options = calloc(1, t->options_size);
    struct create_options create = {t->name, o->config, o->storage, o->dir, t->fill != NULL};
    bool help = false, version = false;
    int operands, r;

    if (!options)
        return error_set(err, ENOMEM, "cannot make container %s", c->name);
    /* argv[0] of what follows "--" is not the program's name: step back over what stood before it. */
    r = options_parse(t->options, false, options, in->argc + 1, in->argv - 1, &operands, &help, &version,
                      err);
    if (r < 0)
        return error_context(err, "template %s", t->name);
    if (help)
        return print_template_help(t, err);
    if (operands) {
        error_text(err, EINVAL, "template %s does not know what to do with \"%s\"", t->name, in->argv[0]);
        return error_remedy(err, "lxc-create -t %s -h lists its options", t->name);
    }
    r = container_create(c, &create, t->fill, options, err);
    options_free(t->options, options);
    return r;
}

static int check_options(const struct lxc_create_options *o, const struct invocation *in, struct error *err)
{
    if (!o->template) {
        error_text(err, EINVAL, "no template named");
        return error_remedy(err, "give -t download, -t busybox, -t local, or -t none for no rootfs");
    }
    if (!o->container.name && (in->argc == 0 || in->argv[0][0] == '-')) {
        error_text(err, EINVAL, "no container named");
        return error_remedy(err, "give its name, or -n NAME");
    }
    return refuse_storage_options(o, err);
}

static int lxc_create_run(struct invocation *in, struct error *err)
{
    const struct lxc_create_options *o = in->options;
    const struct template *t = o->template ? find_template(o->template) : NULL;
    struct container c;
    int r;

    if (o->help && t)
        return print_template_help(t, err);
    if (o->help && o->template)
        return template_run_help(o->template, err);
    r = check_options(o, in, err);
    if (r == 0)
        r = container_select(&o->container, in, &c, err);
    if (r < 0)
        return r;
    if (t)
        return run_builtin(t, o, &c, in, err);
    struct create_options create = {o->template, o->config, o->storage, o->dir, true};
    struct template_run run = {o->template, in->argv};
    return container_create(&c, &create, template_run, &run, err);
}

APPLET(lxc_create, .name = "lxc-create", .summary = "Make a container from a template",
       .usage = "[-n] NAME -t TEMPLATE [OPTION]... [-- TEMPLATE-OPTION...]", .options = lxc_create_table,
       .options_size = sizeof(struct lxc_create_options), .run = lxc_create_run);
