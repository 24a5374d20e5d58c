/*
 * Loop devices: a file as a block device. loop(4).
 */
#ifndef LXCBOX_CORE_STORAGE_LOOP_H
#define LXCBOX_CORE_STORAGE_LOOP_H

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

/* Let go of the device: the kernel frees it when no mount uses it any more. */
void loop_release(struct loop *l);

/*
 * Put a file onto a free loop device; read-only where that is asked for, or where the file can only be read.
 * The device is freed by the kernel (LO_FLAGS_AUTOCLEAR) with the last fd and the last mount of it, whatever
 * becomes of this process.
 */
int loop_attach(const char *file, bool read_only, struct loop *out, struct error *err);

#endif
