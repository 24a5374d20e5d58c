/* What is kept below /var: on a disk or in memory, with the containers that the initramfs brings. */
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

/* Show those of `from`, which the mount at /var hides, where a container is looked for. */
static int bind_containers(int from, struct error *err)
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
            return error_set(err, ENOMEM, "cannot show the containers of the initramfs");
        if (container_is_defined(&c)) {
            init_say("%s is on the disk: the one in the initramfs is not used", c.name);
            continue;
        }
        r = make_directories(target, 0755);
        if (r == 0 && mount(source, target, NULL, MS_BIND, NULL) < 0)
            r = -errno;
        if (r < 0)
            return error_set(err, r, "cannot show container %s of the initramfs", c.name);
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
        return bind_containers(from, err);
    close_fd(&from);
    return r;
}

void init_unmount_data(void)
{
    cleanup_dir DIR *dir = opendir(INIT_LXCPATH);
    struct dirent *entry;
    int r;

    /* Of a directory that nothing is mounted on this fails, as it may. */
    while (dir && (entry = readdir(dir))) {
        cleanup_free char *path = format_string("%s/%s", INIT_LXCPATH, entry->d_name);

        if (path && entry->d_name[0] != '.')
            (void)umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH);
    }
    if (dir)
        closedir(take_ptr(dir));
    r = system_unmount("/var");
    if (r < 0)
        init_say("cannot unmount /var: %s", strerror(-r));
}
