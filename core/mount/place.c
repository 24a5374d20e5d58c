#include "core/mount/place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "core/base/cleanup.h"
#include "core/base/mountinfo.h"
#include "core/base/path.h"
#include "core/base/procfs.h"
#include "core/base/walk.h"
#include "core/mount/tree.h"

int mount_on(int target_fd, const char *source, const char *type, unsigned long flags, const char *data)
{
    char name[PROCFS_FD_SIZE];
    const char *target = procfs_fd_path(target_fd, name);

    if (!target)
        return -EBUSY;
    return mount(source, target, type, flags, data) < 0 ? -errno : 0;
}

static int mount_from(int source_fd, int target_fd, unsigned long flags)
{
    char name[PROCFS_FD_SIZE];
    const char *source = procfs_fd_path(source_fd, name);

    return source ? mount_on(target_fd, source, NULL, flags, NULL) : -EBUSY;
}

int mount_move(int source_fd, int target_fd)
{
    return mount_from(source_fd, target_fd, MS_MOVE);
}

int mount_set_flags(int fd, unsigned long flags)
{
    return mount_on(fd, NULL, NULL, flags | MS_REMOUNT | MS_BIND, NULL);
}

/*
 * The name is looked up again, and what it leads to must be the newest mount on the mount of the place: the
 * table is in the order of mounting.
 */
int place_open(const struct place *p)
{
    cleanup_mountinfo struct mountinfo table = {0};
    cleanup_fd int fd = rootfs_open(p->root, p->inside, O_PATH, 0);
    uint64_t below, id;
    int r = fd < 0 ? fd : mount_id_at(p->fd, "", &below);

    if (r == 0)
        r = mount_id_at(fd, "", &id);
    if (r == 0)
        r = mountinfo_read(AT_FDCWD, "/proc/self/mountinfo", &table);
    if (r < 0)
        return r;
    for (size_t i = table.count; i > 0; i--)
        if (table.items[i - 1].parent == below)
            return table.items[i - 1].id == id ? take_fd(&fd) : -EBUSY;
    return -EBUSY;
}

/* Whether a call of the newer interface does not exist, or a filter or a security module does not know it. */
static bool tree_is_missing(int r)
{
    return r == -ENOSYS || r == -EPERM || r == -EACCES;
}

int place_mount(const struct place *p, const char *type, const char *source, unsigned long flags,
                const char *data)
{
    cleanup_fd int tree = tree_new(type, source, flags, data);
    int r = tree < 0 ? tree : tree_attach(tree, p->fd);

    if (r == 0)
        return take_fd(&tree);
    if (!tree_is_missing(r))
        return r;
    r = mount_on(p->fd, source, type, flags, data);
    return r < 0 ? r : place_open(p);
}

int place_bind(const struct place *p, int source, bool recursive)
{
    cleanup_fd int tree = tree_clone_fd(source, recursive);
    int r = tree < 0 ? tree : tree_attach(tree, p->fd);

    if (r == 0)
        return take_fd(&tree);
    if (!tree_is_missing(r))
        return r;
    r = mount_from(source, p->fd, MS_BIND | (recursive ? MS_REC : 0));
    return r < 0 ? r : place_open(p);
}
