#include "core/storage/copy_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/base/walk.h"
#include "core/storage/storage.h"

/* A file with several hard links, and its first name in the copy. */
struct linked {
    struct linked *next;
    dev_t device;
    ino_t inode;
    char path[];
};

#define BUCKETS 1024

struct copying {
    int root;          /* of the copy */
    bool cannot_clone; /* a try has shown that these file systems cannot share blocks */
    struct walk walk;  /* the copy is the twin */
    struct linked *linked[BUCKETS];
    struct error *err;
};

static int tree_error(struct copying *c, int errnum, const char *doing)
{
    if (c->err && c->err->code)
        return c->err->code;
    error_set(c->err, errnum, "cannot %s /%s", doing, strbuf_text(&c->walk.path));
    return c->err ? storage_remedy(c->err) : errnum < 0 ? errnum : -errnum;
}

/* Copy extended attributes, xattr(7). A namespace that the file system does not support is omitted. */
static int copy_xattrs(struct copying *c, int from, int to)
{
    cleanup_free char *names = malloc(XATTR_LIST_MAX), *value = malloc(XATTR_SIZE_MAX);
    ssize_t length;

    if (!names || !value)
        return tree_error(c, ENOMEM, "copy the attributes of");
    length = flistxattr(from, names, XATTR_LIST_MAX);
    for (const char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
        ssize_t n = fgetxattr(from, name, value, XATTR_SIZE_MAX);

        if (n >= 0 && fsetxattr(to, name, value, (size_t)n, 0) < 0 && errno != ENOTSUP && errno != EPERM)
            return tree_error(c, errno, "copy the attributes of");
    }
    return 0;
}

/* Copy the bytes [at, end), in the kernel if possible, else through a buffer. */
static int copy_range(int from, int to, off_t at, off_t end)
{
    bool by_kernel = true;

    while (at < end) {
        char block[65536];
        /* Bounded, because a size_t may be narrower than an off_t. */
        size_t left = (size_t)(end - at < 1 << 30 ? end - at : 1 << 30);
        off_t source = at, target = at;
        ssize_t n = by_kernel ? copy_file_range(from, &source, to, &target, left, 0) : -1;

        if (by_kernel && n < 0 && (errno == ENOSPC || errno == EIO || errno == EDQUOT))
            return -errno;
        if (n <= 0) { /* EXDEV and others: not supported for these files */
            by_kernel = false;
            n = pread(from, block, left < sizeof(block) ? left : sizeof(block), at);
            if (n < 0)
                return -errno;
            for (ssize_t written = 0, w; written < n; written += w) {
                w = pwrite(to, block + written, (size_t)(n - written), at + written);
                if (w < 0)
                    return -errno;
            }
        }
        if (n == 0) /* the file was truncated meanwhile */
            return 0;
        at += n;
    }
    return 0;
}

int copy_file_bytes(int from, int to, off_t size)
{
    off_t hole = 0;
    int r = 0;

    while (r == 0 && hole < size) {
        off_t data = lseek(from, hole, SEEK_DATA);

        if (data < 0 && errno == ENXIO) /* the rest is a hole */
            break;
        if (data < 0) /* the file system does not report holes */
            data = hole;
        hole = lseek(from, data, SEEK_HOLE);
        if (hole < 0 || hole > size)
            hole = size;
        r = copy_range(from, to, data, hole);
    }
    return r == 0 && ftruncate(to, size) < 0 ? -errno : r;
}

static int copy_file(struct copying *c, const struct stat *st)
{
    const char *name = c->walk.name;
    cleanup_fd int from = openat(c->walk.fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    cleanup_fd int to =
        openat(c->walk.twin, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    const struct timespec times[] = {st->st_atim, st->st_mtim};
    int r = 0;

    if (from < 0)
        return tree_error(c, errno, "read");
    if (to < 0)
        return tree_error(c, errno, "make");
    if (c->cannot_clone || file_control(to, FICLONE, (uintptr_t)from) < 0) {
        c->cannot_clone = true;
        r = copy_file_bytes(from, to, st->st_size);
        if (r < 0)
            r = tree_error(c, r, "copy");
    }
    if (r == 0 && fchown(to, st->st_uid, st->st_gid) < 0)
        r = tree_error(c, errno, "give an owner to");
    if (r == 0)
        r = copy_xattrs(c, from, to);
    if (r == 0 && (fchmod(to, st->st_mode & 07777) < 0 || futimens(to, times) < 0))
        r = tree_error(c, errno, "give mode and time to");
    return r;
}

static int copy_node(struct copying *c, const struct stat *st)
{
    const char *name = c->walk.name;
    int to_dir = c->walk.twin;
    const struct timespec times[] = {st->st_atim, st->st_mtim};

    if (S_ISLNK(st->st_mode)) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(c->walk.fd, name, target, sizeof(target) - 1);

        if (n < 0)
            return tree_error(c, errno, "read");
        target[n] = '\0';
        if (symlinkat(target, to_dir, name) < 0)
            return tree_error(c, errno, "make");
    } else if (mknodat(to_dir, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev) < 0) {
        return tree_error(c, errno, "make");
    }
    if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
        (!S_ISLNK(st->st_mode) && fchmodat(to_dir, name, st->st_mode & 07777, 0) < 0) ||
        utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return tree_error(c, errno, "give owner, mode and time to");
    return 0;
}

/* The file that a mount covers cannot be read: an empty one takes its place. */
static int copy_mount_point(struct copying *c, const struct stat *st)
{
    cleanup_fd int to =
        openat(c->walk.twin, c->walk.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (to < 0 || fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 0777) < 0)
        return tree_error(c, errno, "make");
    return 0;
}

/* Link this name to another one in the copy, of any length. */
static int copy_link_to(struct copying *c, const char *path)
{
    cleanup_free char *parent = strdup(path);
    char *slash = parent ? strrchr(parent, '/') : NULL;
    cleanup_fd int fd = -1;

    if (!parent)
        return -ENOMEM;
    if (slash) {
        *slash = '\0';
        fd = directory_open_long(c->root, parent, O_PATH);
        if (fd < 0)
            return fd;
    }
    return linkat(slash ? fd : c->root, slash ? slash + 1 : path, c->walk.twin, c->walk.name, 0) < 0 ? -errno
                                                                                                     : 0;
}

/* Returns 1 if the file is in the copy already and this name has been linked to it. */
static int copy_link(struct copying *c, const struct stat *st)
{
    struct linked **bucket = &c->linked[(st->st_ino ^ st->st_dev) % BUCKETS], *l = *bucket;
    int r;

    while (l && (l->inode != st->st_ino || l->device != st->st_dev))
        l = l->next;
    if (l) {
        r = copy_link_to(c, l->path);
        return r < 0 ? tree_error(c, r, "link") : 1;
    }
    l = malloc(sizeof(*l) + c->walk.path.length + 1);
    if (!l)
        return tree_error(c, ENOMEM, "copy");
    *l = (struct linked){*bucket, st->st_dev, st->st_ino};
    memcpy(l->path, c->walk.path.text, c->walk.path.length + 1);
    *bucket = l;
    return 0;
}

/* Give the copy of the current directory its attributes, which later entries in it would change. */
static int copy_directory_end(struct copying *c)
{
    const struct walk *w = &c->walk;
    struct timespec times[2];
    struct stat st;

    if (fstat(w->fd, &st) < 0)
        return tree_error(c, errno, "read");
    times[0] = st.st_atim;
    times[1] = st.st_mtim;
    if (fchown(w->twin, st.st_uid, st.st_gid) < 0)
        return tree_error(c, errno, "give an owner to");
    if (copy_xattrs(c, w->fd, w->twin) < 0)
        return c->err->code;
    if (fchmod(w->twin, st.st_mode & 07777) < 0 || futimens(w->twin, times) < 0)
        return tree_error(c, errno, "give mode and time to");
    return 0;
}

/* The mount point of another mount is copied as an empty directory, with the attributes that it has now. */
static int copy_directory(struct copying *c, const struct stat *st)
{
    struct walk *w = &c->walk;
    int r = mkdirat(w->twin, w->name, 0700) < 0 ? tree_error(c, errno, "make") : walk_enter(w);

    if (r == -EXDEV) {
        if (fchownat(w->twin, w->name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
            fchmodat(w->twin, w->name, st->st_mode & 07777, 0) < 0)
            return tree_error(c, errno, "give owner and mode to");
        return 0;
    }
    return r < 0 ? tree_error(c, r, "read") : 0;
}

static int copy_entry(struct copying *c)
{
    struct stat st;
    int r = 0;

    if (fstatat(c->walk.fd, c->walk.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return tree_error(c, errno, "read");
    if (S_ISDIR(st.st_mode))
        return copy_directory(c, &st);
    r = walk_is_mount(&c->walk);
    if (r != 0)
        return r < 0 ? tree_error(c, r, "read") : copy_mount_point(c, &st);
    if (S_ISSOCK(st.st_mode)) /* a socket without its process is useless */
        return 0;
    if (st.st_nlink > 1)
        r = copy_link(c, &st);
    if (r != 0)
        return r < 0 ? r : 0;
    return S_ISREG(st.st_mode) ? copy_file(c, &st) : copy_node(c, &st);
}

static int copy_all(struct copying *c, int from, int to)
{
    struct walk *w = &c->walk;
    int r = walk_begin(w, from, to);

    if (r < 0)
        return tree_error(c, r, "copy");
    while ((r = walk_next(w)) >= 0) {
        bool ended = r == 0;

        r = ended ? copy_directory_end(c) : copy_entry(c);
        if (r < 0 || (ended && w->depth == 1))
            return r;
        if (ended && (r = walk_leave(w)) < 0)
            break;
    }
    return tree_error(c, r, "read");
}

int copy_tree(int from, int to, struct error *err)
{
    struct copying *c = calloc(1, sizeof(*c));
    struct error own = ERROR_INIT;
    int r;

    if (!c)
        r = error_set(&own, ENOMEM, "cannot copy files");
    else {
        c->root = to;
        c->err = &own;
        c->walk = (struct walk)WALK_INIT;
        r = copy_all(c, from, to);
    }
    for (size_t i = 0; c && i < BUCKETS; i++) {
        while (c->linked[i]) {
            struct linked *next = c->linked[i]->next;
            free(c->linked[i]);
            c->linked[i] = next;
        }
    }
    if (c)
        walk_end(&c->walk);
    free(c);
    if (r < 0 && err)
        *err = own;
    return r;
}
