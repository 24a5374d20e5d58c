#include "core/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"

#define MAX_LINKS 40

/*
 * Path resolution for kernels without openat2: each component is opened with O_PATH|O_NOFOLLOW relative to
 * its parent, and symbolic links are expanded with the rootfs as "/". A stack of fds makes ".." safe against
 * concurrent renames.
 */
static int path_walk(int rootfd, const char *path, int flags, mode_t mode)
{
    char rest[PATH_MAX], part[NAME_MAX + 1], target[PATH_MAX];
    int stack[64], depth = 0, links = 0, r = -ELOOP;
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof(rest))
        return length ? -ENAMETOOLONG : -ENOENT;
    memcpy(rest, path, length + 1);
    stack[0] = openat(rootfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (stack[0] < 0)
        return -errno;

    for (;;) {
        char *p = rest + strspn(rest, "/");
        size_t n = strcspn(p, "/");
        struct stat st;
        int fd, is_last;

        if (n == 0) {
            r = openat(stack[depth], ".", flags | O_CLOEXEC, mode);
            r = r < 0 ? -errno : r;
            break;
        }
        if (n > NAME_MAX) {
            r = -ENAMETOOLONG;
            break;
        }
        memcpy(part, p, n);
        part[n] = '\0';
        is_last = p[n + strspn(p + n, "/")] == '\0';
        if (is_last && p[n]) /* a trailing slash requires a directory, also through a link */
            flags = (flags | O_DIRECTORY) & ~O_NOFOLLOW;
        memmove(rest, p + n, strlen(p + n) + 1);

        if (strcmp(part, ".") == 0)
            continue;
        if (strcmp(part, "..") == 0) {
            if (depth > 0)
                close(stack[depth--]);
            continue;
        }
        fd = openat(stack[depth], part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
            if (errno == ENOENT && is_last && (flags & O_CREAT))
                fd = openat(stack[depth], part, flags | O_NOFOLLOW | O_CLOEXEC, mode);
            r = fd < 0 ? -errno : fd;
            break;
        }
        if (fstat(fd, &st) < 0) {
            r = -errno;
            close(fd);
            break;
        }
        if (S_ISLNK(st.st_mode) && !(is_last && (flags & O_NOFOLLOW))) {
            ssize_t got = readlinkat(fd, "", target, sizeof(target) - 1);

            close(fd);
            if (got < 0 || ++links > MAX_LINKS || (size_t)got + strlen(rest) + 1 > sizeof(target)) {
                r = got < 0 ? -errno : -ELOOP;
                break;
            }
            target[got] = '\0';
            if (target[0] == '/')
                while (depth > 0)
                    close(stack[depth--]);
            strcat(target, rest);
            memcpy(rest, target, strlen(target) + 1);
            continue;
        }
        if (is_last && !(flags & O_DIRECTORY && S_ISDIR(st.st_mode) && (flags & O_PATH))) {
            close(fd);
            fd = openat(stack[depth], part, flags | O_NOFOLLOW | O_CLOEXEC, mode);
            r = fd < 0 ? -errno : fd;
            break;
        }
        if (is_last) {
            r = fd;
            break;
        }
        if (!S_ISDIR(st.st_mode) || depth + 1 >= (int)ARRAY_LENGTH(stack)) {
            close(fd);
            r = S_ISDIR(st.st_mode) ? -ENAMETOOLONG : -ENOTDIR;
            break;
        }
        stack[++depth] = fd;
    }
    while (depth >= 0)
        close(stack[depth--]);
    return r;
}

int rootfs_open(int rootfd, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        /* O_LARGEFILE for files of more than 2 GiB on 32 bits: open(2) adds it, openat2(2) does not. */
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_LARGEFILE)),
        .mode = (flags & O_CREAT) ? mode : 0, /* openat2(2) rejects a mode without O_CREAT */
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, rootfd, path, &how, sizeof(how));

    if (fd >= 0)
        return (int)fd;
    if (errno == ENOSYS || errno == EPERM)
        return path_walk(rootfd, path, flags, mode);
    return -errno;
}

/* Split "a/b/c" into the fd of its parent directory and its last component. */
static int path_open_parent(int rootfd, const char *path, mode_t mode, char name[NAME_MAX + 1])
{
    char parent[PATH_MAX];
    size_t length = strlen(path);
    char *slash;

    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length >= sizeof(parent))
        return -ENAMETOOLONG;
    memcpy(parent, path, length);
    parent[length] = '\0';
    slash = strrchr(parent, '/');
    if (strlen(slash ? slash + 1 : parent) > NAME_MAX)
        return -ENAMETOOLONG;
    strcpy(name, slash ? slash + 1 : parent);
    if (!slash)
        return rootfs_open(rootfd, ".", O_PATH | O_DIRECTORY, 0);
    *slash = '\0';
    return rootfs_make_directory(rootfd, parent, mode);
}

int rootfs_make_directory(int rootfd, const char *path, mode_t mode)
{
    char name[NAME_MAX + 1];
    int fd = rootfs_open(rootfd, path[0] ? path : ".", O_PATH | O_DIRECTORY, 0);

    if (fd != -ENOENT)
        return fd;
    cleanup_fd int parent = path_open_parent(rootfd, path, mode, name);
    if (parent < 0)
        return parent;
    if (mkdirat(parent, name, mode) < 0 && errno != EEXIST)
        return -errno;
    return rootfs_open(rootfd, path, O_PATH | O_DIRECTORY, 0);
}

int rootfs_make_file(int rootfd, const char *path, mode_t mode)
{
    char name[NAME_MAX + 1];
    int fd = rootfs_open(rootfd, path, O_PATH, 0);

    if (fd != -ENOENT)
        return fd;
    cleanup_fd int parent = path_open_parent(rootfd, path, 0755, name);
    if (parent < 0)
        return parent;
    cleanup_fd int made = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (made < 0 && errno != EEXIST)
        return -errno;
    return rootfs_open(rootfd, path, O_PATH, 0);
}

/*
 * Open, and make if needed, the directories of `path` one by one; with `name`, all but the last component,
 * which is copied there.
 */
static int path_descend_nofollow(int rootfd, const char *path, mode_t mode, char *name)
{
    cleanup_fd int fd = openat(rootfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    char part[NAME_MAX + 1];

    for (const char *p = path + strspn(path, "/"); fd >= 0 && *p;) {
        size_t length = strcspn(p, "/");
        int next;

        if (length > NAME_MAX)
            return -ENAMETOOLONG;
        memcpy(part, p, length);
        part[length] = '\0';
        p += length;
        p += strspn(p, "/");
        if (strcmp(part, "..") == 0)
            return -EINVAL;
        if (name && !*p) {
            memcpy(name, part, length + 1);
            return take_fd(&fd);
        }
        next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0 && errno == ENOENT) {
            if (mkdirat(fd, part, mode) < 0 && errno != EEXIST)
                return -errno;
            next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        if (next < 0)
            return errno == ELOOP ? -ENOTDIR : -errno;
        close_fd(&fd);
        fd = next;
    }
    return fd < 0 ? -errno : name ? -EINVAL : take_fd(&fd);
}

int rootfs_make_directory_nofollow(int rootfd, const char *path, mode_t mode)
{
    return path_descend_nofollow(rootfd, path, mode, NULL);
}

int rootfs_make_file_nofollow(int rootfd, const char *path, mode_t mode)
{
    char name[NAME_MAX + 1];
    cleanup_fd int parent = path_descend_nofollow(rootfd, path, 0755, name);

    if (parent < 0)
        return parent;
    /* Whoever may change the directory can put a link there again: then the start fails. */
    for (int attempt = 0; attempt < 3; attempt++) {
        cleanup_fd int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;

        if (fd >= 0 && fstat(fd, &st) < 0)
            return -errno;
        if (fd >= 0 && !S_ISLNK(st.st_mode))
            return take_fd(&fd);
        if (fd < 0 && errno != ENOENT)
            return -errno;
        if (fd >= 0 && unlinkat(parent, name, 0) < 0 && errno != ENOENT)
            return -errno;
        cleanup_fd int made =
            openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (made < 0 && errno != EEXIST)
            return -errno;
    }
    return -ELOOP;
}

int path_barrier(const char *path, char *out, size_t size)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(out, size, "%.*s", (int)(slash - path) + 1, path);
        if (access(out, X_OK) == 0 || errno != EACCES)
            continue;
        if (slash > path)
            out[slash - path] = '\0';
        return 1;
    }
    return 0;
}
