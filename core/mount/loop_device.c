#include "core/mount/loop_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

#ifndef LOOP_CONFIGURE /* Linux 5.8 */
#define LOOP_CONFIGURE 0x4c0a
struct loop_config {
    __u32 fd;
    __u32 block_size;
    struct loop_info64 info;
    __u64 reserved[8];
};
#endif

#define TRIES 64 /* other processes allocate free devices too */

void loop_device_release(struct loop_device *l)
{
    close_fd(&l->fd);
}

static int loop_configure(int device, int file, const struct loop_info64 *info)
{
    struct loop_config config = {.fd = (__u32)file, .info = *info};
    int r = file_control(device, LOOP_CONFIGURE, (uintptr_t)&config);

    if (r != -EINVAL && r != -ENOTTY && r != -ENOSYS)
        return r;
    r = file_control(device, LOOP_SET_FD, (uintptr_t)file);
    if (r < 0)
        return r;
    r = file_control(device, LOOP_SET_STATUS64, (uintptr_t)info);
    if (r < 0)
        file_control(device, LOOP_CLR_FD, 0);
    return r;
}

int loop_device_attach(const char *file, bool read_only, struct loop_device *out, struct error *err)
{
    struct loop_info64 info = {.lo_flags = LO_FLAGS_AUTOCLEAR};
    cleanup_loop_device struct loop_device l = LOOP_DEVICE_INIT;
    cleanup_fd int source = read_only ? -1 : open(file, O_RDWR | O_CLOEXEC);
    cleanup_fd int manager = -1;
    int r = -EBUSY;

    l.read_only = source < 0;
    if (source < 0)
        source = open(file, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return error_set(err, errno, "cannot open image %s", file);
    if (l.read_only)
        info.lo_flags |= LO_FLAGS_READ_ONLY;
    snprintf((char *)info.lo_file_name, sizeof(info.lo_file_name), "%s", file);
    manager = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (manager < 0) {
        error_set(err, errno, "cannot open /dev/loop-control");
        return error_remedy(err, "load the kernel module \"loop\", or unpack the image into a directory");
    }
    for (int i = 0; r == -EBUSY && i < TRIES; i++) {
        int number = file_control(manager, LOOP_CTL_GET_FREE, 0);

        if (number < 0)
            return error_set(err, number, "cannot get a loop device for %s", file);
        snprintf(l.path, sizeof(l.path), "/dev/loop%d", number);
        loop_device_release(&l);
        l.fd = open(l.path, (l.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
        if (l.fd < 0)
            return error_set(err, errno, "cannot open loop device %s", l.path);
        r = loop_configure(l.fd, source, &info);
    }
    if (r < 0)
        return error_set(err, r, "cannot attach image %s to loop device %s", file, l.path);
    *out = l;
    l.fd = -1;
    return 0;
}
