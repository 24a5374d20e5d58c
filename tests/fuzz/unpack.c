/* Unpacking any bytes: nothing appears outside the directory, and nothing crashes. The first byte chooses
 * options. */
#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "fetch/unpack/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int outer = -1;
static char outer_path[] = "/dev/shm/lxcbox-fuzz-unpack.XXXXXX";

static void remove_outer(void)
{
    remove_tree(AT_FDCWD, outer_path);
}

static void open_outer(void)
{
    if (!mkdtemp(outer_path))
        abort();
    outer = open(outer_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (outer < 0)
        abort();
    atexit(remove_outer);
}

static unsigned count_outer(void)
{
    cleanup_dir DIR *d = fdopendir(openat(outer, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    unsigned count = 0;

    while (readdir(d))
        count++;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct unpack_id_range range = {0, 100000, 65536};
    struct unpack_options o = {.excludes = "dev/*\n", .max_entries = 100, .max_bytes = 1 << 20};
    struct error err = ERROR_INIT;
    struct unpack_result result = {0};

    if (size == 0)
        return 0;
    if (outer < 0)
        open_outer();
    o.keep_ids = (data[0] & 1) || geteuid() != 0;
    if (data[0] & 2) {
        o.uids = o.gids = &range;
        o.uid_count = o.gid_count = 1;
    }
    if (mkdirat(outer, "root", 0755) < 0)
        abort();
    cleanup_fd int root = openat(outer, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int input = memfd_create("input", MFD_CLOEXEC);
    if (write_all(input, data + 1, size - 1) < 0 || lseek(input, 0, SEEK_SET) < 0)
        abort();
    unpack_here(input, root, &o, &result, &err);
    assert(count_outer() == 3); /* ".", "..", "root" */
    if (remove_tree(outer, "root") < 0)
        abort();
    return 0;
}
