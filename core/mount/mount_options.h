/*
 * The options of a mount: the fourth field of fstab(5) and lxc.rootfs.options. mount(8),
 * "FILESYSTEM-INDEPENDENT MOUNT OPTIONS"; lxc.container.conf(5), "MOUNT POINTS".
 */
#ifndef LXCBOX_CORE_MOUNT_MOUNT_OPTIONS_H
#define LXCBOX_CORE_MOUNT_MOUNT_OPTIONS_H

#include <stdbool.h>

#include "core/base/error.h"

/* MS_NOSYMFOLLOW (Linux 5.10), which older headers lack. */
#define MOUNT_NOSYMFOLLOW 256UL

/* The parsed fourth field of an entry. */
struct mount_options {
    unsigned long flags;       /* MS_BIND, MS_REC, MS_RDONLY, ... */
    unsigned long cleared;     /* flags that are cleared by an option: "rw", "dev", "suid", ... */
    unsigned long propagation; /* MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE, with MS_REC; 0: unchanged */
    bool optional;             /* a failure is ignored */
    bool create_dir, create_file;
    bool relative; /* the source is inside the rootfs */
    char *idmap;   /* idmap=: "container", or the path of a user namespace; NULL: ids as they are on disk */
    char *data;    /* options of the file system, comma-separated; "" if there are none */
};

#define cleanup_mount_options __attribute__((cleanup(mount_options_free)))
void mount_options_free(struct mount_options *o);

/*
 * Words that only mount(8) uses (auto, nofail, user, _netdev, x-..., loop) are ignored.
 *
 * Parse "bind,ro,create=dir,mode=755". `text` may be NULL. The struct is filled and to be freed only on
 * success. 0, -EINVAL or -ENOMEM.
 */
int mount_options_parse(const char *text, struct mount_options *out, struct error *err);

#endif
