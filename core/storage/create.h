/*
 * Making a container: its configuration and its rootfs, filled by a template. Source: lxc-create(1).
 *
 * The configuration is composed as LXC's templates do it: what the template (the distribution) says first,
 * then what is the container's own, its network last. The container's own part is that of -f FILE, else of
 * lxc.default_config, else one interface on a bridge, or a network with nothing but the loopback.
 */
#ifndef LXCBOX_CORE_STORAGE_CREATE_H
#define LXCBOX_CORE_STORAGE_CREATE_H

#include "core/base/str.h"
#include "core/config/config.h"
#include "core/config/container.h"
#include "core/storage/partial.h"

#define TEMPLATE_FOLDER "/usr/share/lxc/templates"

struct create_options {
    const char *template_name; /* for the comment at the top */
    const char *config_file;   /* -f; NULL: lxc.default_config */
    const char *storage;       /* -B: "dir", "btrfs", "loop", "best"; NULL: dir */
    const char *bridge;        /* for a container without -f and default configuration; NULL: none */
    const char *dir;           /* --dir: the rootfs's place; NULL: LXCPATH/NAME/rootfs */
    bool rootfs;               /* false: the template "none" */
    const char *fstype;        /* -B loop: of the file system; NULL: ext4 */
    uint64_t size_bytes;       /* -B loop; 0: 1 GiB */
};

/* What a template fills. */
struct create_place {
    const struct container *container;
    int fd;                      /* of the folder that will be LXCPATH/NAME */
    const char *path;            /* where that folder is now */
    int rootfs_fd;               /* of the rootfs, an empty directory; -1: there is none */
    char *rootfs;                /* where the rootfs will be in the end */
    char *rootfs_now;            /* where it is now */
    struct config *config;       /* the container's own part, read: its id maps */
    uint32_t root_uid, root_gid; /* on disk, of the container's root */
    struct strbuf own;           /* the container's own part, without its network */
    struct strbuf network;
    struct strbuf distribution; /* for the template to fill: configuration lines */
    struct strbuf written;      /* a whole configuration in place of all these, if the template wrote one */
};

/* Fill the rootfs; in a process of its own. 0 or a negative errno with `err` filled. */
typedef int create_fill(void *context, struct create_place *place, struct error *err);

/*
 * Make the container; all or nothing, as partial_make(). `fill` may be NULL for one without a rootfs. 0 or a
 * negative errno with `err` filled.
 */
int container_create(const struct container *c, const struct create_options *options, create_fill *fill,
                     void *context, struct error *err);

/* Whether there is neither -f nor a default configuration, so that `bridge` counts. */
bool create_without_config(const struct create_options *options);

/* Whether the container's own part maps ids (lxc.idmap): 1 or 0, or a negative errno with `err` filled. */
int create_maps_ids(const struct create_options *options, struct error *err);

/*
 * Append `text` with LXC_NAME, LXC_PATH, LXC_ROOTFS, LXC_TEMPLATE_CONFIG and LXC_HOOK_DIR replaced. 0 or
 * -ENOMEM.
 */
int create_replace(const struct create_place *place, const char *text, struct strbuf *out);

/* The configuration as it will be written. 0 or -ENOMEM. */
int create_compose(const struct create_place *place, const struct create_options *o, struct strbuf *out);

/* Divide a configuration into network lines (lxc.net.*) and others; comments go with the others. 0 or
 * -ENOMEM. */
int create_split(const char *text, struct strbuf *own, struct strbuf *network);

/*
 * Append a configuration without the comments that create_compose() writes around its parts, and without the
 * empty lines that they leave. 0 or -ENOMEM.
 */
int create_strip(const char *text, struct strbuf *out);

/*
 * Leave of the container's own part what a container needs that brings its configuration, `image`, along: the
 * lines that are not in there, and unless `whole` only id maps, includes and the container's name, rootfs and
 * fstab. 0 or -ENOMEM.
 */
int create_merge_own(struct strbuf *own, const char *image, bool whole);

#endif
