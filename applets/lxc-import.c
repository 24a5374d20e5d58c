/* lxc-import: create a container from an archive of lxc-export. See lxc-import.1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "applets/new_network.h"
#include "applets/template_notes.h"
#include "applets/unpack_place.h"
#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/storage/create.h"
#include "core/storage/template_image.h"
#include "fetch/index/bundle.h"

struct lxc_import_options {
    struct container_options container;
    const char *config, *storage, *dir;
    bool keep_mac, trust_config;
};

static const struct option_row lxc_import_table[] = {
    OPT_STRING('f', "config", "FILE", struct lxc_import_options, config,
               "add this configuration; its networks replace those of the archive"),
    OPT_STRING('B', "bdev", "KIND", struct lxc_import_options, storage,
               "storage of the rootfs: dir, btrfs or best (dir)"),
    OPT_STRING(0, "dir", "DIR", struct lxc_import_options, dir, "create the rootfs at DIR"),
    OPT_FLAG('M', "keepmac", struct lxc_import_options, keep_mac, "keep the hardware addresses"),
    OPT_FLAG(0, "trust-config", struct lxc_import_options, trust_config, TRUST_CONFIG_HELP),
    OPT_GROUP(container_options_table, struct lxc_import_options, container),
    OPT_END,
};

struct import {
    const struct lxc_import_options *options;
    const char *file;
    int fd;
};

static int import_fill(void *context, struct create_place *place, struct error *err)
{
    const struct import *i = context;
    cleanup_image_metadata struct image_metadata meta = {0};
    cleanup_string_list struct string_list notes = {0};
    cleanup_free struct unpack_id_range *ranges = calloc(place->config->idmap_count + 1, sizeof(*ranges));
    int r;

    if (!ranges)
        return error_set(err, ENOMEM, "cannot unpack %s", i->file);
    const struct unpack_options unpack = unpack_place(place->config, ranges);
    r = bundle_unpack(i->fd, i->file, place->config->idmap_count ? "user" : "system", &unpack,
                      place->rootfs_fd, &meta, err);
    if (r == 0)
        r = template_archive(
            place, &(struct template_texts){meta.config, meta.fstab, .trusted = i->options->trust_config},
            i->options->config != NULL, i->options->keep_mac, &notes, err);
    if (r == 0)
        notes_print("lxc-import", place, &notes);
    return r;
}

/* Does the new container have an interface other than the loopback? */
static bool container_has_network(const struct container *c)
{
    cleanup_config struct config config;
    cleanup_free char *path = container_path(c, "config");
    bool found = false;

    config_init(&config);
    if (path && config_read_file(&config, path, NULL) == 0)
        for (size_t i = 0; i < config.net_count; i++)
            found = found || config.nets[i].type != NET_EMPTY;
    return found;
}

static int lxc_import_run(struct invocation *in, struct error *err)
{
    const struct lxc_import_options *o = in->options;
    struct create_options create = {.template_name = "archive",
                                    .config_file = o->config,
                                    .storage = o->storage,
                                    .dir = o->dir,
                                    .rootfs = true};
    char bridge[IFNAMSIZ];
    struct import import;
    cleanup_fd int fd = -1;
    struct container c;
    int r;

    r = container_select(&o->container, in, &c, err);
    if (r < 0)
        return r;
    if (!in->argc) {
        error_text(err, EINVAL, "no archive is given");
        return error_remedy(err, "lxc-import NAME FILE");
    }
    fd = open(in->argv[0], O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, errno, "cannot open %s", in->argv[0]);
    import = (struct import){o, in->argv[0], fd};
    r = new_network(&create, bridge, err);
    if (r == 0)
        r = container_create(&c, &create, import_fill, &import, err);
    if (r == 0 && !o->container.quiet && !container_has_network(&c))
        new_network_print(&create, &c);
    return r;
}

APPLET(lxc_import, .name = "lxc-import", .summary = "Create a container from an archive of lxc-export",
       .usage = "[-n] NAME FILE [OPTION]...", .options = lxc_import_table, .operands_max = 1,
       .options_size = sizeof(struct lxc_import_options), .run = lxc_import_run);
