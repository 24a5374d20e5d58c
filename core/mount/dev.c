#include "core/mount/dev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/config/idmap.h"

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

/* (Re)open the container's /dev, past whatever was mounted on it meanwhile. */
static int open_dev(struct rootfs *r)
{
    close_fd(&r->dev_fd);
    r->dev_fd = rootfs_open(r->fd, "dev", O_PATH | O_DIRECTORY, 0);
    return r->dev_fd < 0 ? r->dev_fd : 0;
}

int dev_mount(struct rootfs *r, const struct config *c, struct error *err)
{
    uint64_t size = c->autodev_tmpfs_size_bytes ? c->autodev_tmpfs_size_bytes : 500000;
    char data[64];
    int ret;

    if (!c->autodev)
        return 0;
    cleanup_fd int place = rootfs_make_directory(r->fd, "dev", 0755);
    if (place < 0)
        return error_set(err, place, "cannot make folder /dev in the container");
    snprintf(data, sizeof(data), "size=%llu,mode=755", (unsigned long long)size);
    ret = mount_on(place, "none", "tmpfs", MS_NOSUID, data);
    if (ret < 0)
        return error_set(err, ret, "cannot mount tmpfs (%s) on /dev in the container", data);
    ret = open_dev(r);
    return ret < 0 ? error_set(err, ret, "cannot open /dev in the container") : 0;
}

static int make_node(int dev_fd, const char *name, dev_t device)
{
    if (mknodat(dev_fd, name, S_IFCHR | 0666, device) < 0)
        return errno == EEXIST ? 0 : -errno;
    return fchmodat(dev_fd, name, 0666, 0) < 0 ? -errno : 0; /* whatever the umask is */
}

static int bind_node(int dev_fd, const char *name)
{
    char path[32];
    int ret;

    snprintf(path, sizeof(path), "/dev/%s", name);
    cleanup_fd int source = open(path, O_PATH | O_CLOEXEC);
    if (source < 0)
        return -errno;
    cleanup_fd int target = rootfs_make_file(dev_fd, name, 0);
    if (target < 0)
        return target;
    ret = mount_bind(source, target, false);
    return ret;
}

/*
 * Nodes on a file system that was mounted in a user namespace can be made (kernel 4.18 on) but not opened:
 * opening gives EACCES there. Anything else, also a refusal by device rules, says nothing against the node.
 */
static bool nodes_work(int dev_fd)
{
    cleanup_fd int fd = openat(dev_fd, "null", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    return fd >= 0 || errno != EACCES;
}

int dev_fill(struct rootfs *r, const struct config *c, struct error *err)
{
    bool bind = false;
    int ret;

    if (!c->autodev)
        return 0;
    ret = open_dev(r);
    if (ret < 0)
        return error_set(err, ret, "cannot open /dev in the container");
    for (size_t i = 0; i < ARRAY_LENGTH(nodes); i++) {
        ret = bind ? 0 : make_node(r->dev_fd, nodes[i].name, makedev(nodes[i].major, nodes[i].minor));
        if (i == 0 && (ret == -EPERM || (ret == 0 && !nodes_work(r->dev_fd)))) {
            bind = true;
            ret = 0;
        }
        if (ret == 0 && bind)
            ret = bind_node(r->dev_fd, nodes[i].name);
        if (ret < 0)
            return error_set(err, ret, "cannot make /dev/%s in the container", nodes[i].name);
    }
    return 0;
}

/* /dev/ptmx is the instance's own: a bind mount, since AppArmor profiles and some programs refuse a link. */
static int place_ptmx(struct rootfs *r)
{
    struct stat st;

    cleanup_fd int source = openat(r->pts_fd, "ptmx", O_PATH | O_CLOEXEC);
    if (source < 0)
        return -errno;
    if (fstatat(r->dev_fd, "ptmx", &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISCHR(st.st_mode) &&
        unlinkat(r->dev_fd, "ptmx", 0) < 0)
        return -errno;
    cleanup_fd int target = rootfs_make_file(r->dev_fd, "ptmx", 0666);
    return target < 0 ? target : mount_bind(source, target, false);
}

int dev_pts(struct rootfs *r, const struct config *c, struct error *err)
{
    uint32_t max = (c->pty_max ? c->pty_max : 1024) + c->tty_max, gid;
    bool has_tty_group = !c->idmap_count || idmap_to_host(c, true, 5, &gid) == 0;
    char data[96];
    int ret = open_dev(r);

    if (ret == -ENOENT)
        return 0;
    if (ret < 0)
        return error_set(err, ret, "cannot open /dev in the container");
    cleanup_fd int place = rootfs_make_directory(r->dev_fd, "pts", 0755);
    if (place < 0)
        return error_set(err, place, "cannot make folder /dev/pts in the container");
    snprintf(data, sizeof(data), "newinstance,ptmxmode=0666,mode=0620,max=%u%s", max,
             has_tty_group ? ",gid=5" : "");
    ret = mount_on(place, "devpts", "devpts", MS_NOSUID | MS_NOEXEC, data);
    if (ret < 0)
        return error_set(err, ret, "cannot mount devpts (%s) on /dev/pts in the container", data);
    r->pts_fd = rootfs_open(r->dev_fd, "pts", O_PATH | O_DIRECTORY, 0);
    if (r->pts_fd < 0)
        return error_set(err, r->pts_fd, "cannot open /dev/pts in the container");
    ret = place_ptmx(r);
    return ret < 0 ? error_set(err, ret, "cannot make /dev/ptmx in the container") : 0;
}

/* Bind `source` on NAME below /dev. */
static int place_terminal(const struct rootfs *r, int source, const char *name)
{
    cleanup_fd int target = rootfs_make_file(r->dev_fd, name, 0620);

    return target < 0 ? target : mount_bind(source, target, false);
}

int dev_terminal(const struct rootfs *r, const struct config *c, const char *name, int *ptmx, int *pts,
                 struct error *err)
{
    char number[16];
    unsigned n;
    int unlock = 0, ret;

    if (r->pts_fd < 0)
        return error_text(err, ENOENT, "there is no /dev/pts in the container to make /dev/%s from", name);
    cleanup_fd int master = openat(r->pts_fd, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || file_control(master, TIOCSPTLCK, (uintptr_t)&unlock) < 0 ||
        file_control(master, TIOCGPTN, (uintptr_t)&n) < 0) {
        ret = errno;
        error_set(err, ret, "cannot open a pty for /dev/%s", name);
        return ret == ENOSPC ? error_remedy(err, "raise lxc.pty.max") : err ? err->code : -ret;
    }
    snprintf(number, sizeof(number), "%u", n);
    cleanup_fd int slave = openat(r->pts_fd, number, O_RDWR | O_NOCTTY | O_CLOEXEC);
    cleanup_fd int source = openat(r->pts_fd, number, O_PATH | O_CLOEXEC);
    if (slave < 0 || source < 0)
        return error_set(err, errno, "cannot open a pty for /dev/%s", name);

    if (c->tty_dir && c->tty_dir[0]) {
        cleanup_free char *below = format_string("%s/%s", c->tty_dir, name);
        ret = below ? place_terminal(r, source, below) : -ENOMEM;
        if (ret < 0)
            return error_set(err, ret, "cannot place a pty on /dev/%s/%s in the container", c->tty_dir, name);
    }
    ret = place_terminal(r, source, name);
    if (ret < 0)
        return error_set(err, ret, "cannot place a pty on /dev/%s in the container", name);
    if (ptmx)
        *ptmx = take_fd(&master);
    if (pts)
        *pts = take_fd(&slave);
    return 0;
}

int dev_links(const struct rootfs *r, struct error *err)
{
    if (r->dev_fd < 0)
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(links); i++) {
        /* A read-only /dev of the image's own keeps what it has. */
        if (symlinkat(links[i].target, r->dev_fd, links[i].name) < 0 && errno != EEXIST && errno != EROFS)
            return error_set(err, errno, "cannot make link /dev/%s in the container", links[i].name);
    }
    return 0;
}
