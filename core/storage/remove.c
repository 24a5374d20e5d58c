#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/base/cleanup.h"
#include "core/storage/storage.h"

#define BTRFS_SUBVOLUME_INODE 256 /* of every subvolume's root */
#define MAX_DEPTH             64

/*
 * One removal. A container's root can nest folders without end, but each level takes an fd: what lies too
 * deep is moved up into `top`, where its turn comes.
 */
struct removal {
    int top;
    unsigned moved;
};

int storage_remedy(struct error *err)
{
    switch (-err->code) {
    case ENOSPC:
    case EDQUOT:
        return error_remedy(err, "make room on that file system, or use another with -P");
    case EROFS:
        return error_remedy(err, "the file system is mounted read-only; use another with -P");
    default:
        return err->code;
    }
}

/* Whether the folder is where something is mounted: statx(2) (5.8), and before it another device. */
static bool is_mount(int fd, dev_t parent_device)
{
    struct statx x;
    struct stat st;

    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x) == 0 &&
        x.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)
        return x.stx_attributes & STATX_ATTR_MOUNT_ROOT;
    return fstat(fd, &st) < 0 || (st.st_dev != parent_device && st.st_ino != BTRFS_SUBVOLUME_INODE);
}

static int remove_entry(struct removal *r, int dirfd, const char *name, unsigned depth);

static int remove_children(struct removal *r, int fd, unsigned depth)
{
    /* Opened anew: a copy of the fd would go on where the last pass ended. */
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_dir DIR *d = again < 0 ? NULL : fdopendir(again);
    struct dirent *e;

    if (!d)
        return -errno;
    while ((errno = 0, e = readdir(d))) {
        int ret;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        ret = remove_entry(r, fd, e->d_name, depth);
        if (ret < 0)
            return ret;
    }
    return -errno;
}

static int move_up(struct removal *r, int dirfd, const char *name)
{
    int ret;

    do {
        char higher[32];
        snprintf(higher, sizeof(higher), ".deep.%u", r->moved++);
        ret = storage_rename(dirfd, name, r->top, higher);
    } while (ret == -EEXIST);
    return ret;
}

static int remove_directory(struct removal *r, int dirfd, int fd, const char *name, unsigned depth)
{
    struct stat parent;
    int ret;

    if (fstat(dirfd, &parent) < 0)
        return -errno;
    if (is_mount(fd, parent.st_dev))
        return -EBUSY;
    if (depth >= MAX_DEPTH)
        return move_up(r, dirfd, name);
    for (;;) {
        ret = remove_children(r, fd, depth + 1);
        if (ret < 0)
            return ret;
        if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return 0;
        /* What was moved up came after readdir had passed. */
        if (errno != ENOTEMPTY || depth > 0)
            return -errno;
    }
}

static int remove_entry(struct removal *r, int dirfd, const char *name, unsigned depth)
{
    cleanup_fd int fd = -1;

    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    /* POSIX says EPERM, Linux says EISDIR, for unlink of a directory. */
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR) /* a file that really cannot be unlinked: immutable */
        return -EPERM;
    if (fd < 0)
        return -errno;
    if (depth == 0)
        r->top = fd;
    return remove_directory(r, dirfd, fd, name, depth);
}

int storage_remove_tree(int dirfd, const char *name, struct error *err)
{
    struct removal removal = {.top = -1};
    const char *slash = strrchr(name, '/');
    cleanup_free char *folder = slash ? strndup(name, (size_t)(slash - name) + 1) : NULL;
    cleanup_fd int parent =
        slash ? openat(dirfd, folder ? folder : "", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    int r;

    /* The last folder is what tells whether something is mounted on it. */
    if (slash && parent < 0)
        r = errno == ENOENT && folder ? 0 : -errno;
    else
        r = remove_entry(&removal, slash ? parent : dirfd, slash ? slash + 1 : name, 0);
    if (r == 0)
        return 0;
    error_set(err, r, "cannot remove %s", name);
    if (r == -EBUSY)
        return error_remedy(err, "unmount what is mounted inside it");
    if (r == -EPERM)
        return error_remedy(err, "become root; files may also be immutable (chattr -i)");
    return r;
}

int storage_rename(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    struct stat st;

    if (syscall(SYS_renameat2, from_dirfd, from, to_dirfd, to, 1 /* RENAME_NOREPLACE */) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    if (fstatat(to_dirfd, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    return renameat(from_dirfd, from, to_dirfd, to) < 0 ? -errno : 0;
}
