/*
 * Writing an initramfs by libarchive: a cpio archive of the "newc" format, as the kernel unpacks it into its
 * first root. Source: Documentation/driver-api/early-userspace/buffer-format.rst.
 *
 * Everything belongs to root and has time 0, so that the same files give the same bytes. The directories of a
 * path are written before it.
 */
#ifndef LXCBOX_CORE_BOOT_CPIO_H
#define LXCBOX_CORE_BOOT_CPIO_H

#include <stdio.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/str.h"

struct archive;
struct archive_entry;

/* Zeroed but for `out`; release with cpio_free. */
struct cpio {
    FILE *out; /* not owned */
    struct archive *archive;
    struct archive_entry *entry;
    uint32_t count;
    bool freed;
    struct string_list folders; /* written already */
};

/*
 * Add one thing; `path` has no leading slash. `mode` says its kind and permissions, `device` is that of a
 * node, `bytes` are a file's content or a link's target. 0 or a negative errno.
 */
int cpio_add(struct cpio *c, const char *path, mode_t mode, dev_t device, const void *bytes, size_t length);

/* Add a file, link, device node or a directory with everything in it, from the host. Sockets are left out. 0
 * or a negative errno with `err` filled. */
int cpio_add_from(struct cpio *c, const char *host_path, const char *path, struct error *err);

/* Close the archive. 0 or a negative errno. */
int cpio_end(struct cpio *c);

void cpio_free(struct cpio *c);

#endif
