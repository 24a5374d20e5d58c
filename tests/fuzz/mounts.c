/* Mount options, lxc.rootfs.path, and the first bytes of an image, each from the same input. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/mount/mounts.h"
#include "core/mount/rootfs.h"
#include "core/mount/filesystem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = calloc(1, size + 1);
    cleanup_mount_options struct mount_options o = {0};
    cleanup_rootfs_source struct rootfs_source s = {0};
    struct error err = ERROR_INIT;

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    (void)filesystem_type(data, size);
    if (mount_options_parse(text, &o, &err) == 0 && (!o.data || strlen(o.data) > size))
        abort();
    if (rootfs_source_parse(text, &s, &err) == 0 && text[0] && !s.path)
        abort();
    return 0;
}
