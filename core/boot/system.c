#include "core/boot/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static const struct {
    const char *type, *target, *options;
    unsigned long flags;
} table[] = {
    {"proc", "/proc", NULL, SAFE},
    {"sysfs", "/sys", NULL, SAFE},
    {"devtmpfs", "/dev", "mode=0755", MS_NOSUID},
    {"devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666", MS_NOSUID | MS_NOEXEC},
    {"tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV},
    {"tmpfs", "/run", "mode=0755", MS_NOSUID | MS_NODEV},
    {"tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV},
};

/* Standard links in /dev. */
static const char *const links[][2] = {{"/proc/self/fd", "/dev/fd"},
                                       {"/proc/self/fd/0", "/dev/stdin"},
                                       {"/proc/self/fd/1", "/dev/stdout"},
                                       {"/proc/self/fd/2", "/dev/stderr"}};

static int system_bind_root(struct error *err)
{
    if (make_directories("/run", 0755) < 0 || mount("/", "/run", NULL, MS_BIND, NULL) < 0 ||
        chdir("/run") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
        return error_set(err, errno, "cannot bind the root directory to itself");
    return 0;
}

static int system_open_console(struct error *err)
{
    int fd;

    if (fcntl(STDERR_FILENO, F_GETFD) >= 0)
        return 0;
    fd = open("/dev/console", O_RDWR | O_NOCTTY);
    if (fd < 0)
        return error_set(err, errno, "cannot open /dev/console");
    for (int i = 0; i <= STDERR_FILENO; i++)
        if (fd != i)
            dup2(fd, i);
    if (fd > STDERR_FILENO)
        close(fd);
    return 0;
}

int system_mount(struct error *err)
{
    int r = system_bind_root(err);

    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(table); i++) {
        r = make_directories(table[i].target, 0755);
        /* EBUSY: already mounted by the kernel (CONFIG_DEVTMPFS_MOUNT). */
        if (r == 0 &&
            mount(table[i].type, table[i].target, table[i].type, table[i].flags, table[i].options) < 0 &&
            errno != EBUSY)
            r = -errno;
        if (r < 0)
            error_set(err, r, "cannot mount %s at %s", table[i].type, table[i].target);
    }
    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(links); i++)
        if (symlink(links[i][0], links[i][1]) < 0 && errno != EEXIST)
            r = error_set(err, errno, "cannot create %s", links[i][1]);
    return r < 0 ? r : system_open_console(err);
}

/* Lines "name hierarchy count enabled" of /proc/cgroups, cgroups(7). */
static int system_mount_v1(struct error *err)
{
    cleanup_free char *list = NULL;
    char *rest, *line;
    int r = file_read(AT_FDCWD, "/proc/cgroups", 1 << 16, &list, NULL);

    if (r < 0)
        return error_set(err, r, "this kernel has no cgroups");
    if (mount("tmpfs", "/sys/fs/cgroup", "tmpfs", SAFE, "mode=0755") < 0)
        return error_set(err, errno, "cannot mount tmpfs at /sys/fs/cgroup");
    for (rest = list; (line = strsep(&rest, "\n"));) {
        char name[64], enabled[16], path[100];

        if (!line_word(line, 0, name, sizeof(name)) || !line_word(line, 3, enabled, sizeof(enabled)) ||
            name[0] == '#' || strcmp(enabled, "0") == 0)
            continue;
        snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", name);
        if (mkdir(path, 0755) < 0)
            return error_set(err, errno, "cannot make %s", path);
        if (mount("cgroup", path, "cgroup", SAFE, name) == 0)
            continue;
        /* EINVAL: the kernel is built without the v1 half of a controller that it lists
         * (CONFIG_CPUSETS_V1, CONFIG_MEMCG_V1; Linux 6.12). */
        if (errno != EINVAL || rmdir(path) < 0)
            return error_set(err, errno, "cannot mount cgroup controller %s", name);
    }
    /*
     * A hierarchy without controllers, for containers with systemd, which requires it and cannot create it.
     */
    if (mkdir("/sys/fs/cgroup/systemd", 0755) < 0 ||
        mount("cgroup", "/sys/fs/cgroup/systemd", "cgroup", SAFE, "none,name=systemd") < 0)
        return error_set(err, errno, "cannot mount systemd's cgroup hierarchy");
    return 0;
}

int system_mount_cgroups(bool v1, struct error *err)
{
    if (!v1 && mount("cgroup2", "/sys/fs/cgroup", "cgroup2", SAFE, NULL) == 0)
        return 0;
    if (!v1 && errno != ENODEV)
        return error_set(err, errno, "cannot mount cgroup2 at /sys/fs/cgroup");
    return system_mount_v1(err);
}

int system_unmount(const char *path)
{
    sync();
    if (umount2(path, 0) == 0 || errno == EINVAL || errno == ENOENT)
        return 0;
    return mount(NULL, path, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0 ? -errno : 0;
}
