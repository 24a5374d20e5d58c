#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

int write_all(int fd, const void *bytes, size_t length)
{
    const char *p = bytes;

    while (length) {
        ssize_t n = write(fd, p, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        p += n;
        length -= (size_t)n;
    }
    return 0;
}

ssize_t read_all(int fd, void *bytes, size_t length)
{
    size_t got = 0;

    while (got < length) {
        ssize_t n = read(fd, (char *)bytes + got, length - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

int file_read(int dirfd, const char *path, size_t max, char **out, size_t *length)
{
    cleanup_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    cleanup_strbuf struct strbuf b = STRBUF_INIT;
    char chunk[4096];

    if (fd < 0)
        return -errno;
    for (;;) {
        ssize_t n = read_all(fd, chunk, sizeof(chunk));
        if (n < 0)
            return (int)n;
        if (b.length + (size_t)n > max)
            return -EFBIG;
        if (strbuf_add(&b, chunk, (size_t)n) < 0)
            return -ENOMEM;
        if ((size_t)n < sizeof(chunk))
            break;
    }
    if (length)
        *length = b.length;
    *out = strbuf_take(&b);
    return *out ? 0 : -ENOMEM;
}

int file_replace(int dirfd, const char *path, const void *bytes, size_t length, mode_t mode)
{
    cleanup_free char *temporary = format_string("%s.%d.new", path, getpid());
    cleanup_fd int fd = -1;
    int r;

    if (!temporary)
        return -ENOMEM;
    fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    r = write_all(fd, bytes, length);
    if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0 || renameat(dirfd, temporary, dirfd, path) < 0))
        r = -errno;
    if (r < 0)
        unlinkat(dirfd, temporary, 0);
    return r;
}

int file_write_value(int dirfd, const char *path, const char *value)
{
    cleanup_fd int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

int make_directories(const char *path, mode_t mode)
{
    char part[PATH_MAX];
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof(part))
        return length ? -ENAMETOOLONG : -ENOENT;
    memcpy(part, path, length + 1);
    for (char *p = part + 1;; p++) {
        if (*p && *p != '/')
            continue;
        char kept = *p;
        *p = '\0';
        if (mkdir(part, mode) < 0 && errno != EEXIST)
            return -errno;
        if (!kept)
            break;
        *p = kept;
    }
    struct stat st;
    if (stat(path, &st) < 0)
        return -errno;
    return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int remove_children(int fd, dev_t device);

static int remove_entry(int dirfd, const char *name, dev_t device)
{
    struct stat st;
    cleanup_fd int fd = -1;
    int r;

    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    /* POSIX says EPERM, Linux says EISDIR, for unlink of a directory. */
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (device && st.st_dev != device)
        return -EBUSY;
    r = remove_children(fd, st.st_dev);
    if (r < 0)
        return r;
    return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

static int remove_children(int fd, dev_t device)
{
    cleanup_dir DIR *d = fdopendir(dup(fd));
    struct dirent *e;

    if (!d)
        return -errno;
    while ((errno = 0, e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        int r = remove_entry(fd, e->d_name, device);
        if (r < 0)
            return r;
    }
    return -errno;
}

int remove_tree(int dirfd, const char *name)
{
    return remove_entry(dirfd, name, 0);
}
