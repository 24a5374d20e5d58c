/* Mount /var from a disk or in memory, and make the containers of the initramfs visible there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "applets/init/init.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/boot/disk.h"
#include "core/boot/system.h"
#include "core/config/container.h"

/* Bind mount the containers in directory `from`, which the mount at /var hides, into INIT_LXCPATH. */
static int containers_bind(int from, struct error *err)
{
    cleanup_dir DIR *dir = fdopendir(from);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        const struct container c = {.name = entry->d_name, .lxcpath = INIT_LXCPATH};
        cleanup_free char *source = format_string("/proc/self/fd/%d/%s", from, c.name);
        cleanup_free char *target = container_path(&c, NULL);
        int r;

        if (c.name[0] == '.')
            continue;
        if (!source || !target)
            return error_set(err, ENOMEM, "cannot mount the containers of the initramfs");
        if (container_is_defined(&c)) {
            init_print("%s is on the disk: the one in the initramfs is not used", c.name);
            continue;
        }
        r = make_directories(target, 0755);
        if (r == 0 && mount(source, target, NULL, MS_BIND, NULL) < 0)
            r = -errno;
        if (r < 0)
            return error_set(err, r, "cannot mount container %s of the initramfs", c.name);
    }
    return 0;
}

int init_mount_data(struct init *i, struct error *err)
{
    const char *data = i->settings.data;
    int from = open(INIT_LXCPATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

    if (data && strcmp(data, "tmpfs") != 0)
        r = disk_mount(data, "/var", err);
    else if (mount("tmpfs", "/var", "tmpfs", MS_NODEV, "mode=0755,size=90%") < 0)
        r = error_set(err, errno, "cannot mount tmpfs at /var");
    if (r == 0 && from >= 0)
        return containers_bind(from, err);
    close_fd(&from);
    return r;
}

void init_unmount_data(void)
{
    cleanup_dir DIR *dir = opendir(INIT_LXCPATH);
    struct dirent *entry;
    int r;

    /* This fails for a directory that is not a mount point, and may. */
    while (dir && (entry = readdir(dir))) {
        cleanup_free char *path = format_string("%s/%s", INIT_LXCPATH, entry->d_name);

        if (path && entry->d_name[0] != '.')
            (void)umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH);
    }
    if (dir)
        closedir(take_ptr(dir));
    r = system_unmount("/var");
    if (r < 0)
        init_print("cannot unmount /var: %s", strerror(-r));
}
