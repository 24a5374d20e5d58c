/* Loop devices: a file as a block device. Source: loop(4). */
#ifndef LXCBOX_CORE_MOUNT_LOOP_DEVICE_H
#define LXCBOX_CORE_MOUNT_LOOP_DEVICE_H

#include <stdbool.h>

#include "core/base/error.h"

struct loop_device {
    int fd;        /* of the device; -1: none */
    char path[32]; /* "/dev/loop7" */
    bool read_only;
};

#define LOOP_DEVICE_INIT                                                                                     \
    {                                                                                                        \
        .fd = -1                                                                                             \
    }
#define cleanup_loop_device __attribute__((cleanup(loop_device_release)))

/* Close the device: the kernel releases it when no mount uses it any more. */
void loop_device_release(struct loop_device *l);

/*
 * Attach a file to a free loop device; read-only if requested, or if the file is not writable. The kernel
 * releases the device (LO_FLAGS_AUTOCLEAR) with its last fd and its last mount, also if this process is
 * killed.
 */
int loop_device_attach(const char *file, bool read_only, struct loop_device *out, struct error *err);

#endif
