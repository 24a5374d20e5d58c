#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/base/walk.h"

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

int file_read_fd(int fd, size_t max, char **out, size_t *length)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT;
    char chunk[4096];

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

int file_lock(int fd, int operation)
{
    while (flock(fd, operation) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int file_read(int dirfd, const char *path, size_t max, char **out, size_t *length)
{
    cleanup_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? -errno : file_read_fd(fd, max, out, length);
}

int file_prepare(int dirfd, const char *path, const void *bytes, size_t length, mode_t mode, char **out)
{
    cleanup_free char *temporary = format_string("%s.%d.new", path, getpid());
    cleanup_fd int fd = -1;
    int r;

    if (!temporary)
        return -ENOMEM;
    /*
     * The directory may belong to a container: whatever has the name already, a FIFO or a link among others,
     * is not opened. A process that was killed may have left it.
     */
    if (unlinkat(dirfd, temporary, 0) < 0 && errno != ENOENT)
        return -errno;
    fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    r = write_all(fd, bytes, length);
    if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
        r = -errno;
    if (r < 0)
        unlinkat(dirfd, temporary, 0);
    else
        *out = take_ptr(temporary);
    return r;
}

int file_replace(int dirfd, const char *path, const void *bytes, size_t length, mode_t mode)
{
    cleanup_free char *temporary = NULL;
    int r = file_prepare(dirfd, path, bytes, length, mode, &temporary);

    if (r == 0 && renameat(dirfd, temporary, dirfd, path) < 0) {
        r = -errno;
        unlinkat(dirfd, temporary, 0);
    }
    return r;
}

/* close_range(2), Linux 5.9. */
void close_from(int first)
{
    if (syscall(SYS_close_range, first, ~0U, 0) == 0)
        return;
    for (int fd = first, end = getdtablesize(); fd < end; fd++)
        close(fd);
}

static void close_range_fds(int first, int end)
{
    if (first < end && syscall(SYS_close_range, first, end - 1, 0) < 0)
        for (int fd = first; fd < end; fd++)
            close(fd);
}

void close_others(const int *kept, size_t count)
{
    int next = STDERR_FILENO + 1;

    for (;;) {
        int first = -1;

        for (size_t i = 0; i < count; i++)
            if (kept[i] >= next && (first < 0 || kept[i] < first))
                first = kept[i];
        if (first < 0)
            break;
        close_range_fds(next, first);
        next = first + 1;
    }
    close_from(next);
}

int file_write_value(int dirfd, const char *path, const char *value)
{
    cleanup_fd int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

int file_control(int fd, unsigned long request, uintptr_t argument)
{
    int r = (int)syscall(SYS_ioctl, fd, (unsigned)request, argument);

    return r < 0 ? -errno : r;
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

/* Returns 0, or -ENOTEMPTY for a directory that is not empty. A mount point gives -EBUSY. */
static int remove_entry(int dirfd, const char *name)
{
    struct stat st;

    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    /* unlink of a directory fails with EPERM in POSIX and with EISDIR on Linux. */
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    /* A file that cannot be unlinked is immutable. */
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
        return -EPERM;
    if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    return errno == EEXIST ? -ENOTEMPTY : -errno;
}

static int remove_contents(int dirfd, const char *name)
{
    cleanup_fd int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_walk struct walk w = WALK_INIT;
    int r = fd < 0 ? -errno : walk_begin(&w, fd, -1);

    while (r == 0 && (r = walk_next(&w)) >= 0) {
        if (r == 0 && w.depth == 1)
            return 0;
        if (r == 0) {
            r = walk_leave(&w);
            r = r == 0 ? remove_entry(w.fd, w.name) : r;
        } else {
            r = remove_entry(w.fd, w.name);
            r = r == -ENOTEMPTY ? walk_enter(&w) : r;
        }
    }
    return r == -EXDEV ? -EBUSY : r;
}

int remove_tree(int dirfd, const char *name)
{
    int r = remove_entry(dirfd, name);

    if (r == -ENOTEMPTY)
        r = remove_contents(dirfd, name);
    else
        return r;
    return r == 0 ? remove_entry(dirfd, name) : r;
}
