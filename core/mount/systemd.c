#include "core/mount/systemd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "core/base/str.h"

enum systemd_cgroups systemd_cgroups(unsigned version, enum cgroup_layout layout)
{
    if ((version == 256 || version >= 258) && (layout == CGROUP_HYBRID || layout == CGROUP_LEGACY))
        return SYSTEMD_NEEDS_V2;
    return version && version < 232 && layout == CGROUP_UNIFIED ? SYSTEMD_NEEDS_V1 : SYSTEMD_ANY;
}

static bool systemd_is_same(int rootfd, const struct stat *init, const char *path)
{
    cleanup_fd int fd = rootfs_open(rootfd, path, O_PATH, 0);
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == init->st_dev && st.st_ino == init->st_ino;
}

/*
 * The NNN of "libsystemd-shared-NNN.so" or "-NNN.5-1.fc41.so" in a directory, and with `below` in its
 * subdirectories ARCH/systemd.
 */
static unsigned systemd_find_library(int rootfd, const char *path, bool below)
{
    static const char library[] = "libsystemd-shared-";
    int fd = rootfs_open(rootfd, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
    cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    unsigned long version = 0;
    struct dirent *entry;

    if (fd >= 0 && !dir)
        close(fd);
    while (!version && dir && (entry = readdir(dir))) {
        if (below && strstr(entry->d_name, "-linux-")) {
            cleanup_free char *inner = format_string("%s/%s/systemd", path, entry->d_name);
            version = inner ? systemd_find_library(rootfd, inner, false) : 0;
        } else if (!below && starts_with(entry->d_name, library)) {
            version = strtoul(entry->d_name + sizeof(library) - 1, NULL, 10);
        }
    }
    return version < 100000 ? (unsigned)version : 0;
}

unsigned systemd_version(int rootfd, const char *init)
{
    static const char *const places[] = {"usr/lib/systemd", "lib/systemd"};
    cleanup_free char *path = init ? strndup(init, strcspn(init, " \t")) : strdup("/sbin/init");
    cleanup_fd int fd = path ? rootfs_open(rootfd, path, O_PATH, 0) : -1;
    unsigned version = 0;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0 ||
        (!systemd_is_same(rootfd, &st, "usr/lib/systemd/systemd") &&
         !systemd_is_same(rootfd, &st, "lib/systemd/systemd")))
        return 0;
    for (size_t i = 0; !version && i < ARRAY_LENGTH(places); i++)
        version = systemd_find_library(rootfd, places[i], false);
    if (!version)
        version = systemd_find_library(rootfd, "usr/lib", true);
    return version ? version : SYSTEMD_OLD;
}
