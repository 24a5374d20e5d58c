/*
 * Writing an initramfs with libarchive: a cpio archive in the "newc" format, which the kernel unpacks into
 * its initial root. Source: Documentation/driver-api/early-userspace/buffer-format.rst.
 *
 * All entries belong to root and have time 0, so that the same files result in the same bytes. Parent
 * directories are written first.
 */
#ifndef LXCBOX_CORE_BOOT_CPIO_H
#define LXCBOX_CORE_BOOT_CPIO_H

#include <stdio.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/str.h"

struct archive;
struct archive_entry;

/* Initialize with zero except `out`; free with cpio_free(). */
struct cpio {
    FILE *out; /* not owned */
    struct archive *archive;
    struct archive_entry *entry;
    uint32_t count;
    bool freed;
    struct string_list directories; /* already written */
};

/*
 * Add one entry; `path` has no leading slash. `mode` has its type and permissions, `device` is the number of
 * a device node, `bytes` are the content of a file or the target of a link. 0 or a negative errno.
 */
int cpio_add(struct cpio *c, const char *path, mode_t mode, dev_t device, const void *bytes, size_t length);

/*
 * Add a file, link, device node or a whole directory of the host. Sockets are ignored. 0 or a negative errno
 * with `err` filled.
 */
int cpio_add_from(struct cpio *c, const char *host_path, const char *path, struct error *err);

/* Close the archive. 0 or a negative errno. */
int cpio_end(struct cpio *c);

void cpio_free(struct cpio *c);

#endif
