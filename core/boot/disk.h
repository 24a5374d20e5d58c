/* Finding the disk for containers by the label or UUID of its file system. */
#ifndef LXCBOX_CORE_BOOT_DISK_H
#define LXCBOX_CORE_BOOT_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/* The number of bytes at the beginning of a file system that are read. */
#define DISK_HEAD (65536 + 1024)

/* The identity of a file system; "" if not set. */
struct disk_identity {
    const char *type; /* for mount(2); NULL: not recognised */
    char label[257];
    char uuid[37]; /* as blkid(8) writes it: "....-....", 8 digits for vfat */
};

/* Read it from the first bytes. */
void disk_identify(const uint8_t *head, size_t length, struct disk_identity *out);

/* Call `each` for every block device, with its path, size and identity. */
typedef void disk_fn(void *context, const char *device, uint64_t size_bytes, const struct disk_identity *id);
void disk_each(disk_fn *each, void *context);

/*
 * Mount the disk `what` ("LABEL=x", "UUID=x", "/dev/x") on `target`. The function waits for the disk, because
 * USB disks appear with a delay. 0 or a negative errno with `err` filled, also for a file system that cannot
 * store a root file system because it does not support owners (vfat) or is read-only.
 */
int disk_mount(const char *what, const char *target, struct error *err);

#endif
