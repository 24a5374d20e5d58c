/* Loop devices: a file as a block device. Source: loop(4). */
#ifndef LXCBOX_CORE_MOUNT_LOOP_H
#define LXCBOX_CORE_MOUNT_LOOP_H

#include <stdbool.h>

#include "core/base/error.h"

struct loop {
    int fd;        /* of the device; -1: none */
    char path[32]; /* "/dev/loop7" */
    bool read_only;
};

#define LOOP_INIT                                                                                            \
    {                                                                                                        \
        .fd = -1                                                                                             \
    }
#define cleanup_loop __attribute__((cleanup(loop_release)))

/* Close the device: the kernel releases it when no mount uses it any more. */
void loop_release(struct loop *l);

/*
 * Attach a file to a free loop device; read-only if requested, or if the file is not writable. The kernel
 * releases the device (LO_FLAGS_AUTOCLEAR) with its last fd and its last mount, also if this process is
 * killed.
 */
int loop_attach(const char *file, bool read_only, struct loop *out, struct error *err);

#endif
