#include "core/mount/dev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/pty.h"
#include "core/base/path.h"
#include "core/config/idmap.h"
#include "core/mount/place.h"

#define DEVPTS_MAGIC 0x1cd1 /* linux/magic.h: DEVPTS_SUPER_MAGIC */

/* Numbers: Documentation/admin-guide/devices.txt. */
static const struct {
    const char *name;
    unsigned minor, major;
} nodes[] = {
    {"null", 3, 1}, {"zero", 5, 1}, {"full", 7, 1}, {"random", 8, 1}, {"urandom", 9, 1}, {"tty", 0, 5},
};

static const struct {
    const char *name, *target;
} links[] = {
    {"fd", "/proc/self/fd"},
    {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
};

/* /dev and its parts are never reached through a link of the rootfs, which could lead to any other place in
 * it. */
static int dev_refuse_link(const char *path, struct error *err)
{
    error_text(err, ENOTDIR, "%s in the container is a link, or not a directory", path);
    return error_remedy(err, "put a directory there in the rootfs");
}

/* (Re)open the container's /dev, which may have been mounted over. -ENOENT without an error if there is none.
 */
static int dev_open(struct rootfs *rootfs, struct error *err)
{
    close_fd(&rootfs->dev_fd);
    rootfs->dev_fd = openat(rootfs->fd, "dev", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (rootfs->dev_fd >= 0 || errno == ENOENT)
        return rootfs->dev_fd < 0 ? -ENOENT : 0;
    return errno == ENOTDIR || errno == ELOOP ? dev_refuse_link("/dev", err)
                                              : error_set(err, errno, "cannot open /dev in the container");
}

int dev_mount(struct rootfs *rootfs, const struct config *c, struct error *err)
{
    uint64_t size = c->autodev_tmpfs_size_bytes ? c->autodev_tmpfs_size_bytes : 500000;
    char data[64];
    int r;

    if (!c->autodev)
        return 0;
    cleanup_fd int target = rootfs_make_directory_nofollow(rootfs->fd, "dev", 0755);
    if (target == -ENOTDIR)
        return dev_refuse_link("/dev", err);
    if (target < 0)
        return error_set(err, target, "cannot create directory /dev in the container");
    snprintf(data, sizeof(data), "size=%llu,mode=755", (unsigned long long)size);
    r = place_mount(&(struct place){target, rootfs->fd, "dev"}, "tmpfs", "none", MS_NOSUID, data);
    if (r < 0)
        return error_set(err, r, "cannot mount tmpfs (%s) on /dev in the container", data);
    rootfs->dev_fd = r;
    return 0;
}

static int dev_make_node(int dev_fd, const char *name, dev_t device)
{
    struct stat st;
    mode_t mask = umask(0); /* fchmodat(2) would follow a link that has taken the name meanwhile */
    int r = mknodat(dev_fd, name, S_IFCHR | 0666, device) < 0 ? -errno : 0;

    umask(mask);
    if (r < 0 && r != -EEXIST)
        return r;
    if (fstatat(dev_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    return S_ISCHR(st.st_mode) ? 0 : -ENODEV;
}

static int dev_bind_node(int dev_fd, const char *name, dev_t device)
{
    struct stat st;
    char path[32];

    snprintf(path, sizeof(path), "/dev/%s", name);
    cleanup_fd int source = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (source < 0 || fstat(source, &st) < 0)
        return -errno;
    if (!S_ISCHR(st.st_mode) || st.st_rdev != device)
        return -ENODEV;
    cleanup_fd int target = rootfs_make_file_nofollow(dev_fd, name, 0);
    if (target < 0)
        return target;
    cleanup_fd int mounted = place_bind(&(struct place){target, dev_fd, name}, source, false);
    return mounted < 0 ? mounted : 0;
}

/*
 * Device nodes on a file system mounted in a user namespace can be created (since kernel 4.18) but not
 * opened: open fails with EACCES. Any other error, also of device rules, does not mean that nodes do not
 * work.
 */
static bool dev_nodes_work(int dev_fd)
{
    cleanup_fd int fd = openat(dev_fd, "null", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    return fd >= 0 || errno != EACCES;
}

int dev_fill(struct rootfs *rootfs, const struct config *c, struct error *err)
{
    bool bind = false;
    int r;

    if (!c->autodev)
        return 0;
    r = dev_open(rootfs, err);
    if (r < 0)
        return r == -ENOENT ? error_set(err, r, "cannot open /dev in the container") : r;
    for (size_t i = 0; i < ARRAY_LENGTH(nodes); i++) {
        dev_t device = makedev(nodes[i].major, nodes[i].minor);

        r = bind ? 0 : dev_make_node(rootfs->dev_fd, nodes[i].name, device);
        if (i == 0 && (r == -EPERM || (r == 0 && !dev_nodes_work(rootfs->dev_fd)))) {
            bind = true;
            r = 0;
        }
        if (r == 0 && bind)
            r = dev_bind_node(rootfs->dev_fd, nodes[i].name, device);
        if (r < 0)
            return error_set(err, r, "cannot make /dev/%s in the container", nodes[i].name);
    }
    return 0;
}

/* Bind `source` on NAME below /dev; a link of the image in its place is removed. */
static int dev_bind(const struct rootfs *rootfs, int source, const char *name, mode_t mode)
{
    cleanup_fd int target = rootfs_make_file_nofollow(rootfs->dev_fd, name, mode);
    const struct place place = {target, rootfs->dev_fd, name};
    cleanup_fd int mounted = target < 0 ? target : place_bind(&place, source, false);

    return mounted < 0 ? mounted : 0;
}

/*
 * /dev/ptmx is that of the new instance: a bind mount, because AppArmor profiles and some programs reject a
 * link.
 */
static int dev_bind_ptmx(struct rootfs *rootfs)
{
    struct stat st;

    cleanup_fd int source = openat(rootfs->pts_fd, "ptmx", O_PATH | O_CLOEXEC);
    if (source < 0)
        return -errno;
    if (fstatat(rootfs->dev_fd, "ptmx", &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISCHR(st.st_mode) &&
        unlinkat(rootfs->dev_fd, "ptmx", 0) < 0)
        return -errno;
    return dev_bind(rootfs, source, "ptmx", 0666);
}

int dev_pts(struct rootfs *rootfs, const struct config *c, struct error *err)
{
    uint32_t max = (c->pty_max ? c->pty_max : 1024) + c->tty_max, gid;
    bool has_tty_group = !c->idmap_count || idmap_to_host(c, true, 5, &gid) == 0;
    struct statfs fs;
    char data[96];
    int r = dev_open(rootfs, err);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    cleanup_fd int target = rootfs_make_directory_nofollow(rootfs->dev_fd, "pts", 0755);
    if (target == -ENOTDIR)
        return dev_refuse_link("/dev/pts", err);
    if (target < 0)
        return error_set(err, target, "cannot create directory /dev/pts in the container");
    snprintf(data, sizeof(data), "newinstance,ptmxmode=0666,mode=0620,max=%u%s", max,
             has_tty_group ? ",gid=5" : "");
    r = place_mount(&(struct place){target, rootfs->dev_fd, "pts"}, "devpts", "devpts", MS_NOSUID | MS_NOEXEC,
                    data);
    if (r < 0)
        return error_set(err, r, "cannot mount devpts (%s) on /dev/pts in the container", data);
    rootfs->pts_fd = r;
    /* Names in a devpts are the kernel's; in another directory they could be links to anything. */
    if (fstatfs(rootfs->pts_fd, &fs) < 0 || fs.f_type != DEVPTS_MAGIC)
        return error_text(err, EBUSY, "/dev/pts in the container was replaced while it was mounted");
    r = dev_bind_ptmx(rootfs);
    return r < 0 ? error_set(err, r, "cannot make /dev/ptmx in the container") : 0;
}

int dev_terminal(const struct rootfs *rootfs, const struct config *c, const char *name, int *ptmx, int *pts,
                 struct error *err)
{
    char number[16];
    unsigned n;
    int r;

    if (rootfs->pts_fd < 0)
        return error_text(err, ENOENT, "cannot create /dev/%s: there is no /dev/pts in the container", name);
    cleanup_fd int master = pty_open_master(rootfs->pts_fd, "ptmx", 0);
    r = master < 0 ? master : file_control(master, TIOCGPTN, (uintptr_t)&n);
    if (r < 0) {
        error_set(err, r, "cannot open a pty for /dev/%s", name);
        return r == -ENOSPC ? error_remedy(err, "raise lxc.pty.max") : r;
    }
    snprintf(number, sizeof(number), "%u", n);
    cleanup_fd int slave = openat(rootfs->pts_fd, number, O_RDWR | O_NOCTTY | O_CLOEXEC);
    cleanup_fd int source = openat(rootfs->pts_fd, number, O_PATH | O_CLOEXEC);
    if (slave < 0 || source < 0)
        return error_set(err, errno, "cannot open a pty for /dev/%s", name);

    if (c->tty_dir && c->tty_dir[0]) {
        cleanup_free char *below = format_string("%s/%s", c->tty_dir, name);
        r = below ? dev_bind(rootfs, source, below, 0620) : -ENOMEM;
        if (r < 0)
            return error_set(err, r, "cannot place a pty on /dev/%s/%s in the container", c->tty_dir, name);
    }
    r = dev_bind(rootfs, source, name, 0620);
    if (r < 0)
        return error_set(err, r, "cannot place a pty on /dev/%s in the container", name);
    if (ptmx)
        *ptmx = take_fd(&master);
    if (pts)
        *pts = take_fd(&slave);
    return 0;
}

int dev_links(const struct rootfs *rootfs, struct error *err)
{
    if (rootfs->dev_fd < 0)
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(links); i++) {
        /* A read-only /dev of the image is not changed. */
        if (symlinkat(links[i].target, rootfs->dev_fd, links[i].name) < 0 && errno != EEXIST &&
            errno != EROFS)
            return error_set(err, errno, "cannot make link /dev/%s in the container", links[i].name);
    }
    return 0;
}
