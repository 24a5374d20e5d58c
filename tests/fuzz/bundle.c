/* An archive for lxc-import, from an untrusted source: nothing appears outside the directory that it is
 * unpacked into. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "fetch/index/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct unpack_options options = {
        .keep_ids = geteuid() != 0, .max_entries = 100, .max_bytes = 1 << 20};
    char outer[] = "/dev/shm/lxcbox-fuzz-bundle.XXXXXX";
    struct image_metadata meta = {0};
    struct error err = ERROR_INIT;
    cleanup_fd int file = memfd_create("bundle", MFD_CLOEXEC), dir = -1, root = -1;
    bool outside;

    if (file < 0 || write_all(file, data, size) < 0 || lseek(file, 0, SEEK_SET) < 0 || !mkdtemp(outer))
        abort();
    dir = open(outer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || mkdirat(dir, "root", 0755) < 0)
        abort();
    root = openat(dir, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bundle_unpack(file, "it", "system", &options, root, &meta, &err);
    image_metadata_free(&meta);
    if (remove_tree(dir, "root") < 0)
        abort();
    outside = rmdir(outer) < 0; /* something else was there */
    if (outside)
        abort();
    return 0;
}
