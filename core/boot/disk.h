/*
 * The disk that containers live on, found by what its file system says of itself.
 */
#ifndef LXCBOX_CORE_BOOT_DISK_H
#define LXCBOX_CORE_BOOT_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/* So many of a file system's first bytes are looked at. */
#define DISK_HEAD (65536 + 1024)

/* A file system's identity; "" where it has none. */
struct disk_identity {
    const char *type; /* as mount(2) takes it; NULL: not recognised */
    char label[257];
    char uuid[37]; /* as blkid(8) writes it: "....-....", 8 digits for vfat */
};

/* Read it from the first bytes. */
void disk_identify(const uint8_t *head, size_t length, struct disk_identity *out);

/* Give every block device to `each`: its path, its size, and what is on it. */
typedef void disk_fn(void *context, const char *device, uint64_t size_bytes, const struct disk_identity *id);
void disk_each(disk_fn *each, void *context);

/*
 * Mount the disk that `what` names ("LABEL=x", "UUID=x", "/dev/x") at `target`. It is waited for: disks on
 * USB take a while to appear. 0 or a negative errno with `err` filled: also for a file system that cannot
 * hold a root file system, because it knows no owners (vfat) or cannot be written.
 */
int disk_mount(const char *what, const char *target, struct error *err);

#endif
