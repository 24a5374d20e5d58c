/*
 * Creating a container: its configuration and its rootfs, filled by a template. Source: lxc-create(1).
 *
 * The configuration is composed as by LXC's templates: first the settings of the template (the distribution),
 * then those of the container, with the network last. The latter come from -f FILE, else from
 * lxc.default_config, else they are one interface on a bridge, or a network with only the loopback.
 */
#ifndef LXCBOX_CORE_STORAGE_CREATE_H
#define LXCBOX_CORE_STORAGE_CREATE_H

#include "core/base/str.h"
#include "core/config/config.h"
#include "core/config/container.h"
#include "core/storage/partial.h"

#define TEMPLATE_DIRECTORY "/usr/share/lxc/templates"

struct create_options {
    const char *template_name; /* for the comment at the top */
    const char *config_file;   /* -f; NULL: lxc.default_config */
    const char *storage;       /* -B: "dir", "btrfs", "loop", "best", "overlay"; NULL: dir */
    bool shares;               /* the template can do "overlay": core/storage/image_store.h */
    const char *bridge;        /* for a container without -f and default configuration; NULL: none */
    const char *dir;           /* --dir: path of the rootfs; NULL: LXCPATH/NAME/rootfs */
    bool rootfs;               /* false: the template "none" */
    bool mapped;               /* map ids for root, too, if the configuration does not */
    const char *fstype;        /* -B loop: of the file system; NULL: ext4 */
    uint64_t size_bytes;       /* -B loop; 0: 1 GiB */
};

/* What a template works on. */
struct create_place {
    const struct container *container;
    int fd;                      /* of the directory that will be LXCPATH/NAME */
    const char *path;            /* current path of that directory */
    bool overlay;                /* -B overlay: the template calls image_store_attach() */
    int rootfs_fd;               /* of the rootfs, an empty directory; -1: none */
    char *rootfs;                /* final path of the rootfs */
    char *rootfs_now;            /* its current path */
    struct config *config;       /* the container's own part, parsed: its id maps */
    uint32_t root_uid, root_gid; /* on disk, of the container's root */
    struct strbuf own;           /* the container's own part, without its network */
    struct strbuf network;
    struct strbuf distribution; /* configuration lines; the template writes them */
    struct strbuf written;      /* the whole configuration instead, if the template wrote one */
};

/* Fills the rootfs; runs in a child process. Returns 0, or a negative errno with `err` filled. */
typedef int create_fill(void *context, struct create_place *place, struct error *err);

/*
 * Create the container with partial_make(). `fill` may be NULL for a container without a rootfs. Returns 0,
 * or a negative errno with `err` filled; then nothing is left.
 */
int container_create(const struct container *c, const struct create_options *options, create_fill *fill,
                     void *context, struct error *err);

/* Returns whether there is neither -f nor a default configuration, so that `bridge` is used. */
bool create_without_config(const struct create_options *options);

/* Returns 1 if the container's own part maps ids (lxc.idmap), else 0, or a negative errno with `err` filled.
 */
int create_maps_ids(const struct create_options *options, struct error *err);

/*
 * Append `text` with LXC_NAME, LXC_PATH, LXC_ROOTFS, LXC_TEMPLATE_CONFIG and LXC_HOOK_DIR replaced. 0 or
 * -ENOMEM.
 */
int create_replace(const struct create_place *place, const char *text, struct strbuf *out);

/* Append the configuration as it will be written. Returns 0 or -ENOMEM. */
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
 * Reduce the container's own part for a container that comes with a configuration `image`: remove lines that
 * are in `image`, and unless `whole` all but id maps, includes and the container's name, rootfs and fstab.
 * Returns 0 or -ENOMEM.
 */
int create_merge_own(struct strbuf *own, const char *image, bool whole);

#endif
